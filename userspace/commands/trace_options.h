// SPDX-License-Identifier: MIT
// What `trace` was asked for: the arguments, checked and split into what the kernel side filters,
// what user space filters, and how it shall look.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/live_options.h"

namespace tcptwin::commands {

struct TraceOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;  // the filters as given: "--comm curl --state TIME_WAIT"; "" if none
  LookOptions look;
  bool call_paths = false;
  std::string pcapng;  // a file instead of the output; -: stdout; "": none
  bool exit_code_on_divergence = false;
  bool strict = false;
};

Result<TraceOptions> trace_options(const Arguments& arguments);

}  // namespace tcptwin::commands
