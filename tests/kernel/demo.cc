// SPDX-License-Identifier: MIT
// The scenarios of `tcptwin demo` on the running kernel: each goes as the reference says. What the
// program prints of them, and that it leaves nothing behind, is tested by demo_live_test.py.
#include <gtest/gtest.h>

#include <fmt/ranges.h>
#include <algorithm>

#include "commands/demo_run.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

using commands::DemoJudgement;
using commands::DemoOutcome;

class NoFindings final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
};

std::string report_of(const DemoJudgement& judgement) {
  std::string text = judgement.reason + "\n";
  for (const commands::DemoEnd& end : judgement.ends) {
    text += fmt::format("{}\n  expected:\n    {}\n  seen:\n    {}\n", end.name,
                        fmt::join(end.expected, "\n    "), fmt::join(end.seen, "\n    "));
  }
  return text;
}

class DemoScenarios : public ::testing::TestWithParam<commands::DemoScenario> {};

TEST_P(DemoScenarios, goes_as_the_reference_says) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  const int attempts = nothing_is_hidden() ? 1 : 3;
  std::string reports;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    NoFindings findings;
    sinks::Output diagnostics{STDERR_FILENO};
    const auto run = commands::play_live(GetParam(), "", findings, diagnostics);
    ASSERT_TRUE(run) << run.error().what;
    const DemoJudgement& judgement = run.value().judgement;
    if (judgement.outcome == DemoOutcome::AsExpected) return;
    reports += report_of(judgement);
    if (judgement.outcome != DemoOutcome::Incomplete) break;
  }
  FAIL() << reports;
}

std::string test_name(const ::testing::TestParamInfo<commands::DemoScenario>& tested) {
  std::string name{tested.param.name};
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, DemoScenarios,
                         ::testing::ValuesIn(commands::demo_scenarios().begin(),
                                             commands::demo_scenarios().end()),
                         test_name);

}  // namespace
}  // namespace tcptwin::testing
