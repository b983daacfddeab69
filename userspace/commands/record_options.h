// SPDX-License-Identifier: MIT
// What `record` was asked for.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/live_options.h"

namespace tcptwin::commands {

struct RecordOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  bool strict = false;
};

Result<RecordOptions> record_options(const Arguments& arguments);

// The one FILE that `record` and `replay` take.
Result<std::string> file_operand(const Arguments& arguments, std::string_view command);

}  // namespace tcptwin::commands
