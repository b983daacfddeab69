// SPDX-License-Identifier: MIT
// Judges, for `doctor --watch`, whether the kernel's counters moved as our steps say, while both
// move on. It reads nothing itself: figures and times come in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/time.h"
#include "sources/kernel_counters.h"
#include "tracker/counter_ledger.h"

namespace tcptwin::commands {

enum class CounterVerdict : std::uint8_t {
  Agrees,      // as predicted, exactly
  Holds,       // inside the bounds that the steps allow
  Settling,    // out of bounds, but not long enough to say so
  Differs,     // out of bounds at several looks in a row
  CannotTell,  // steps are missing: events were lost
  Absent,      // this kernel has no such counter, or means something else by it
};
// "agrees", "holds", "settling", "differs", "cannot_tell", "absent"
std::string_view label(CounterVerdict verdict);

struct JudgedCounter {
  std::int64_t kernel = 0;  // since the namespace's page was opened
  tracker::Expected expected;
  std::int64_t difference = 0;  // how far the kernel's figure is out of bounds
  CounterVerdict verdict = CounterVerdict::Agrees;
  int looks_out_of_bounds = 0;  // in a row; negative: below
};

// One network namespace.
struct WatchedNamespace {
  bool is_own = false;
  KernelTime since{};          // when its page was opened
  std::uint32_t restarts = 0;  // pages thrown away because events were lost
  std::uint64_t steps = 0;     // at the last look
  sources::KernelCounters at_start;
  sources::KernelCounters before;  // the first of a look's two readings
  std::uint64_t steps_before = 0;
  std::array<JudgedCounter, tracker::kCounterRows> counters{};
  tracker::Unproven unproven = tracker::Unproven::No;  // at the last look

  bool differs() const;
  bool is_settling() const;
};

class CounterWatch {
 public:
  // A reading of the kernel's figures, taken between two moments.
  struct Reading {
    std::uint32_t netns = 0;
    bool is_own = false;
    KernelTime from{};
    KernelTime to{};
    sources::KernelCounters counters;
  };

  // What the namespace's counters start from.
  void open(const Reading& reading);

  // A look has two readings, so far apart that all that had happened by the first is in the ledger
  // at the second. What is in the ledger then had happened by the second. So the truth lies
  // between, also while connections come and go.
  void first_reading(const Reading& reading);
  void second_reading(const Reading& reading);

  tracker::CounterLedger& ledger() { return ledger_; }
  const tracker::CounterLedger& ledger() const { return ledger_; }
  const std::map<std::uint32_t, WatchedNamespace>& namespaces() const { return namespaces_; }
  // The namespace is gone, or cannot be read.
  void forget(std::uint32_t netns);
  std::uint64_t forgotten() const { return forgotten_; }
  std::uint64_t forgotten_differing() const { return forgotten_differing_; }

  // Differs at this many looks in a row is no moment's lag of the kernel.
  static constexpr int kLooks = 3;
  // A counter follows its tracepoint within microseconds, a preempted task within milliseconds.
  static constexpr Duration kLag = std::chrono::milliseconds{5};

 private:
  void meet(const Reading& reading);

  tracker::CounterLedger ledger_;
  std::map<std::uint32_t, WatchedNamespace> namespaces_;
  std::uint64_t forgotten_ = 0;
  std::uint64_t forgotten_differing_ = 0;
};

}  // namespace tcptwin::commands
