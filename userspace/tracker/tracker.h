// SPDX-License-Identifier: MIT
// The twin of the kernel's socket table: every connection gets a reference state machine that is
// driven by evidence, and each step the kernel takes is compared with what the reference predicts.
// Pure: no clock, no I/O, no threads. Time comes in with the observations, deadlines go out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "model/cause.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/verdict.h"
#include "tracker/finding.h"
#include "tracker/observation.h"
#include "tracker/snapshot.h"

namespace tcptwin::tracker {

// How long a connection may stay in a state before it is reported as stuck; zero: for ever.
struct StuckThresholds {
  Duration syn_sent = std::chrono::seconds{10};   // three SYNs unanswered
  Duration half_open = std::chrono::seconds{10};  // three SYN+ACKs unanswered
  Duration close_wait = std::chrono::seconds{60};
  Duration fin_wait1 = std::chrono::seconds{30};   // without progress; LAST_ACK, CLOSING likewise
  Duration fin_wait2 = std::chrono::seconds{120};  // of a socket a process still holds
  Duration other_end_gone = std::chrono::seconds{10};

  friend bool operator==(const StuckThresholds&, const StuckThresholds&) = default;
};

// Bounds, and what the source of the observations can show.
struct TrackerOptions {
  // Twins kept at once; at the bound the one that acted least recently goes (counted as a Loss).
  std::size_t twins = 1u << 20;
  // Steps that may wait for later evidence at once; at the bound the oldest is judged without it.
  std::size_t pending_steps = 1u << 18;
  // Connects whose local port is not known yet, kept at once; 0 keeps all. For a kernel-side filter
  // on local ports: it cannot tell yet whose they are, and drops what follows of the others.
  std::size_t unnamed_connects = 0;
  // False where a part of the evidence cannot be seen on this kernel: then nothing is accused, and
  // nothing proved, on the ground of what did not show.
  bool shows_all_evidence = true;
  // False where a RST or data that reaches a minisocket leaves no trace (before 6.11).
  bool shows_minisocket_segments = true;
  // The kernel side filters by peer or family. Before 6.18 a child's peer is not known at birth: it
  // passes, and what follows of the others is dropped.
  bool filters_by_peer = false;
  // True only where it is known that no program run is refused without being counted (a kernel
  // without policies of its own): then a socket that only one side knows of, or an impossible pair
  // of states, that two censuses confirm is a divergence. Else it is unseen loss.
  bool nothing_is_hidden = false;
  StuckThresholds stuck;
};

// Counts since the start; what the summary and the metrics show.
struct TrackerCounts {
  std::uint64_t observations = 0;
  std::uint64_t steps = 0;
  std::uint64_t connections = 0;  // generations begun, listeners not counted
  std::array<std::uint64_t, model::kVerdictCount> verdicts{};
  std::array<std::uint64_t, model::kDivergenceKindCount> divergences{};
  std::array<std::uint64_t, model::kDialectCount + 1> deviations{};  // by L-number
  std::array<std::uint64_t, model::kCauseCount> causes{};
  std::uint64_t adopted = 0;
  std::uint64_t gaps = 0;
  std::uint64_t healed = 0;    // gaps whose twin was seen right again
  std::uint64_t repeated = 0;  // recorded twice by the kernel side, judged once
  std::uint64_t evicted = 0;
  std::uint64_t settled_early = 0;  // pending_steps was reached
  std::size_t twins = 0;            // now
  std::size_t capacity = 0;         // the most there can be
  std::size_t half_open = 0;        // now
  std::size_t time_wait = 0;        // now
  // Now, by model::labelled_index(); CLOSE does not count as a connection.
  std::array<std::size_t, model::kLabelledStateCount> states{};
  std::array<std::size_t, model::kLabelledStateCount> stuck_now{};  // longer than is healthy
  std::uint64_t lives = 0;                             // connections whose end was reported
  std::array<std::uint64_t, kStuckKindCount> stuck{};  // findings, repeated ones not counted
  std::uint64_t missing = 0;                           // by reconciliation, since the start
  std::uint64_t ghosts = 0;                            // by reconciliation
  std::uint64_t mismatches = 0;                        // by reconciliation
  std::uint64_t censuses = 0;
  std::uint64_t segments = 0;           // reported
  std::uint64_t segments_crossing = 0;  // seen again at another device
  std::uint64_t segments_passing = 0;   // received, and nothing of this host took note
};

class Tracker {
 public:
  explicit Tracker(TrackerOptions options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  // Takes one fact. Findings come out in the order the kernel reported them, up to 20 ms (a
  // divergence: until the next StreamStatus after that) late, because part of the evidence of a
  // close arrives after it.
  void observe(const Observation& observation, FindingHandler& findings);

  // Judges what has waited long enough by `now`. Needless calls are no-ops.
  void advance(KernelTime now, FindingHandler& findings);

  // When advance() next has something to do; nullopt while nothing waits.
  std::optional<KernelTime> next_deadline() const;

  // Judges everything that still waits: the stream has ended.
  void finish(FindingHandler& findings);

  TrackerCounts counts() const;

  HalfOpenByPort half_open_by_port() const;

  // Every twin of the mirror, in no particular order.
  void visit(const TwinVisitor& visitor) const;

  // What is stuck now by what was reported already; not told again, just listed.
  void list_stuck(KernelTime now, const std::function<void(const Stuck&)>& take) const;

  // From now on: what has been reported already is looked at again when it would have been.
  void set_stuck_thresholds(const StuckThresholds& thresholds);

  // A census would help now: something was lost since the last one, or it left suspects.
  bool wants_census() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tcptwin::tracker
