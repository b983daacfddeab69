// SPDX-License-Identifier: MIT
// One scenario of `demo` from the stage, or from its recording, through pipeline and tracker: what
// was found, and how it was judged.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/demo_check.h"
#include "commands/demo_scenarios.h"
#include "sinks/output.h"
#include "tracker/finding.h"

namespace tcptwin::commands {

struct DemoRun {
  DemoJudgement judgement;
  std::vector<tracker::Step> steps;
  bool was_interrupted = false;
};

// Plays it on the running kernel, and stores it in this file unless that is "". An Error if this
// kernel or our rights do not allow it; what goes wrong in the play is in the judgement. What it
// finds goes to `findings` as well.
Result<DemoRun> play_live(const DemoScenario& scenario, const std::string& record,
                          tracker::FindingHandler& findings, sinks::Output& diagnostics);

// What a file tells of it.
Result<DemoRun> play_recorded(const DemoScenario& scenario, const std::string& file,
                              tracker::FindingHandler& findings, sinks::Output& diagnostics);

}  // namespace tcptwin::commands
