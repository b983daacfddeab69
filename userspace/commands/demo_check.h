// SPDX-License-Identifier: MIT
// What was seen of a scenario of `demo`, and whether it is what the reference expects. A run whose
// evidence is incomplete proves nothing, and is never called right or wrong.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "commands/demo_scenarios.h"
#include "tracker/finding.h"

namespace tcptwin::commands {

enum class DemoOutcome {
  AsExpected,
  Differs,     // the evidence is complete, and the steps are others
  Incomplete,  // part of the evidence was not seen
  Failed,      // it could not be played
};
// "as_expected", "differs", "incomplete", "failed"
std::string_view label(DemoOutcome outcome);

// The state changes of one end, as texts (see Steps).
struct DemoEnd {
  std::string_view name;  // "client", "server", "listener"
  std::vector<std::string> expected;
  std::vector<std::string> seen;
};

// Collects what a run finds; hands everything on.
class DemoFindings final : public tracker::FindingHandler {
 public:
  explicit DemoFindings(tracker::FindingHandler& next) : next_(next) {}

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& path) override { next_.on_call_path(path); }
  void on_segment(const tracker::SegmentFound& segment) override { next_.on_segment(segment); }
  void on_life(const tracker::Life& life) override { next_.on_life(life); }
  void on_reconciliation(const tracker::Reconciliation& found) override {
    next_.on_reconciliation(found);
  }

  const std::vector<tracker::Step>& steps() const { return steps_; }
  bool has_divergence() const { return divergences_ != 0; }
  bool has_loss() const { return losses_ != 0; }

 private:
  tracker::FindingHandler& next_;
  std::vector<tracker::Step> steps_;
  std::size_t divergences_ = 0;
  std::size_t losses_ = 0;
};

// How a scenario went.
struct DemoJudgement {
  DemoOutcome outcome = DemoOutcome::AsExpected;
  std::string reason;  // why it is not AsExpected
  std::array<DemoEnd, 3> ends;
};

// `shows_minisocket_segments`: see sources::LiveBpf.
DemoJudgement judge(const DemoScenario& scenario, const DemoFindings& findings,
                    bool shows_minisocket_segments);

// "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"
std::string step_text(const tracker::Step& step);

}  // namespace tcptwin::commands
