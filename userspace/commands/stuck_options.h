// SPDX-License-Identifier: MIT
// What `stuck` was asked for.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/live_options.h"

namespace tcptwin::commands {

struct StuckOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  LookOptions look;
  bool once = false;  // end when everything that is stuck now must have shown
  bool exit_code_on_stuck = false;
  bool strict = false;
};

// The options that are thresholds; `serve` has them, too.
void read_thresholds(OptionReader& reader, tracker::StuckThresholds& thresholds);
Result<StuckOptions> stuck_options(const Arguments& arguments);

// How long it takes until everything that is stuck now has shown: the longest threshold in use.
Duration longest(const tracker::StuckThresholds& thresholds);

}  // namespace tcptwin::commands
