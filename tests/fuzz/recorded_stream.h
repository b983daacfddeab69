// SPDX-License-Identifier: MIT
// Cuts a run of bytes into wire records, the way a recording would be read, and checks what every
// run through the tracker must keep, whatever the bytes were.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <span>

#include "tcptwin/wire.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin::fuzz {

// Aborts with the reason: a fuzzer's way to say that the program is wrong.
inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "broken: " << what << '\n';
  std::abort();
}

// The next record of `bytes`, as long as its header says; the rest where the header is nonsense.
inline std::span<const std::byte> next_record(std::span<const std::byte> bytes) {
  tcptwin_header header{};
  if (bytes.size() < sizeof(header)) return bytes;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.size < sizeof(header) || header.size > bytes.size()) return bytes;
  return bytes.first(header.size);
}

// Small, so that eviction and early settling happen within one input.
inline constexpr tracker::TrackerOptions kTightLimits = [] {
  tracker::TrackerOptions limits;
  limits.twins = 6;
  limits.pending_steps = 4;
  return limits;
}();

class CountingFindings final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step& step) override {
    ++steps_;
    demand(!step.dwell || *step.dwell >= Duration::zero(), "a dwell time is not negative");
    demand(!(step.dwell && step.dwell_at_least), "a dwell time is known or bounded, not both");
    demand(step.verdict != model::Verdict::Deviation || step.dialect != model::DialectId::None,
           "a deviation names its dialect row");
    demand(step.verdict != model::Verdict::Conformant || !step.rule.empty(),
           "a conformant step names its rule");
  }
  void on_divergence(const tracker::Divergence& divergence) override {
    demand(divergence.history_length <= tracker::kHistoryLength, "a history is bounded");
  }
  void on_loss(const tracker::Loss& loss) override {
    demand(loss.lost > 0, "a loss has lost something");
  }
  void on_call_path(const tracker::CallPath& call_path) override {
    demand(call_path.frames <= tracker::kCallPathFrames, "a call path is bounded");
  }

  // To be asked after finish().
  void check(tracker::Tracker& tracker) {
    const std::uint64_t steps_at_end = steps_;
    tracker.advance(KernelTime::max(), *this);
    // Living twins may still have their hour (stuck states), but nothing is left to be judged.
    demand(steps_ == steps_at_end, "no step waits after the end");
    const tracker::TrackerCounts counts = tracker.counts();
    std::uint64_t judged = 0;
    for (const std::uint64_t verdicts : counts.verdicts) judged += verdicts;
    demand(judged == counts.steps, "every step has one verdict");
    demand(steps_ == counts.steps, "every step is reported");
    demand(counts.twins <= kTightLimits.twins, "the table is bounded");
    check_states(tracker, counts);
  }

 private:
  static void check_states(const tracker::Tracker& tracker, const tracker::TrackerCounts& counts) {
    std::array<std::size_t, model::kLabelledStateCount> seen{};
    tracker.visit(
        [&](const tracker::TwinView& twin) { ++seen[model::labelled_index(twin.state)]; });
    demand(seen == counts.states, "the counts of the states are those of a walk");
    for (std::size_t i = 0; i < seen.size(); ++i) {
      demand(counts.stuck_now[i] <= counts.states[i], "what is stuck is there");
    }
  }

  std::uint64_t steps_ = 0;
};

}  // namespace tcptwin::fuzz
