// SPDX-License-Identifier: MIT
#include "commands/demo_run.h"

#include <chrono>
#include <memory>

#include "commands/live_run.h"
#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// How long the kernel's records of what has been played may take to come.
constexpr Duration kPatience = std::chrono::seconds{5};
// Later than all that waits for evidence: a close waits 20 ms.
constexpr Duration kSettled = std::chrono::milliseconds{60};

std::size_t expected_steps(const DemoScenario& scenario) {
  const ExpectedSteps expected = scenario.expected();
  return expected.client.size() + expected.server.size() + expected.listener.size();
}

// Everything that the kernel has done up to now is judged, and nothing that it must still do is
// missing for want of patience.
Status settle(LiveRun& run, const DemoFindings& findings, std::size_t expected) {
  const KernelTime deadline = monotonic_now() + kPatience;
  while (findings.steps().size() < expected && monotonic_now() < deadline && !run.is_over()) {
    const Status turned = run.turn();
    if (!turned) return turned;
  }
  const KernelTime settled = monotonic_now() + kSettled;
  while (run.stream().time < settled && !run.is_over()) {
    const Status turned = run.turn();
    if (!turned) return turned;
  }
  return Done{};
}

LiveRunOptions live_options(const DemoStage& stage, const std::string& record) {
  LiveRunOptions options;
  options.live.filter.netns = stage.netns();
  options.live.namespace_descriptors = {stage.netns_descriptor()};
  options.live.segments = true;
  options.reconcile.reset();
  options.record.path = record;
  return options;
}

Status play(const DemoScenario& scenario, DemoStage& stage) {
  const auto visit = stage.enter();
  if (!visit) return visit.error();
  scenario.play(stage);
  return stage.outcome();
}

bool shows_minisocket_segments(const LiveRun& run) {
  return run.live() == nullptr || run.live()->shows_minisocket_segments();
}

}  // namespace

Result<DemoRun> play_live(const DemoScenario& scenario, const std::string& record,
                          tracker::FindingHandler& next, sinks::Output& diagnostics) {
  std::unique_ptr<LiveRun> run;
  auto opened_stage = DemoStage::open([&run] { return run->is_over(); });
  if (!opened_stage) return opened_stage.error();
  DemoStage& stage = *opened_stage.value();
  auto opened = LiveRun::open(live_options(stage, record), diagnostics);
  if (!opened) return opened.error();
  run = std::move(opened.value());
  DemoFindings findings{next};
  Status ran = run->begin(findings);
  const Status played = ran ? play(scenario, stage) : ran;
  if (ran) ran = settle(*run, findings, expected_steps(scenario));
  const bool was_interrupted = run->is_over();
  const Status finished = run->finish();
  if (!ran) return ran.error();
  if (!finished) return finished.error();
  DemoRun result{judge(scenario, findings, shows_minisocket_segments(*run)), findings.steps(),
                 was_interrupted};
  if (!played) {
    result.judgement.outcome = DemoOutcome::Failed;
    result.judgement.reason = played.error().what;
  }
  return result;
}

Result<DemoRun> play_recorded(const DemoScenario& scenario, const std::string& file,
                              tracker::FindingHandler& next, sinks::Output& diagnostics) {
  LiveRunOptions options;
  options.from = {file};
  const auto opened = LiveRun::open(options, diagnostics);
  if (!opened) return opened.error();
  LiveRun& run = *opened.value();
  DemoFindings findings{next};
  const Status ran = run.run_through(findings, [] { return false; });
  if (!ran) return ran.error();
  return DemoRun{judge(scenario, findings, shows_minisocket_segments(run)), findings.steps(),
                 false};
}

}  // namespace tcptwin::commands
