// SPDX-License-Identifier: MIT
// What a service says in the journal: divergences, stuck connections and losses, each kind under a
// fixed MESSAGE_ID and never more than a few lines at a time; what was held back is counted and
// said.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sinks/clock_mapping.h"
#include "sinks/words.h"
#include "system/journal.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

enum class LogKind : std::uint8_t {
  Divergence,
  Stuck,
  Loss,
  HeldBack,
  Ready,
  RightsDropped,
  Reloaded,
  ReloadRefused,
  TableWritten,
  Ended,
};
inline constexpr std::size_t kLogKindCount = static_cast<std::size_t>(LogKind::Ended) + 1;

struct LogKindRow {
  LogKind kind;
  std::string_view label;       // field TCPTWIN_EVENT
  std::string_view message_id;  // fixed for ever
  system::Priority priority;
  std::string_view means;  // for docs/service.md, which a test compares
};
std::span<const LogKindRow> log_kinds();

// A line of this kind, to be filled in.
system::JournalLine log_line(LogKind kind, std::string message);

// Lets pass so many of a kind in a while.
class LogGate {
 public:
  static constexpr std::uint64_t kMost = 10;
  static constexpr Duration kWindow = std::chrono::seconds{10};

  bool admits(LogKind kind, KernelTime now);
  // What was held back of this kind in a window that is over; 0 if nothing was.
  std::uint64_t take_held_back(LogKind kind, KernelTime now);

 private:
  struct Window {
    std::optional<KernelTime> began;
    std::uint64_t admitted = 0;
    std::uint64_t held_back = 0;
  };
  std::array<Window, kLogKindCount> windows_;
};

class FindingLog final : public tracker::FindingHandler {
 public:
  using Write = std::function<void(const system::JournalLine&)>;
  FindingLog(ClockMapping clock, Write write) : clock_(clock), write_(std::move(write)) {}

  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& path) override { paths_.add(path); }
  void on_stuck(const tracker::Stuck& stuck) override;

  // Time goes on: says what was held back. To be called often, and before the first finding.
  void advance(KernelTime now);
  // Nothing comes any more: says what was held back so far.
  void finish();

 private:
  void write(LogKind kind, const std::function<system::JournalLine()>& make);
  void say_held_back(const LogKindRow& kind, std::uint64_t lines);

  ClockMapping clock_;
  Write write_;
  CallPaths paths_;
  LogGate gate_;
  KernelTime now_;
};

}  // namespace tcptwin::sinks
