// SPDX-License-Identifier: MIT
// What `trace` was asked for: the arguments, checked and split into what the kernel side filters,
// what user space filters, and how it shall look.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "commands/command.h"
#include "commands/option_values.h"
#include "sinks/finding_filter.h"
#include "sinks/terminal.h"
#include "sources/live_bpf.h"

namespace tcptwin::commands {

enum class Format { Table, Csv, JsonLines };

struct TraceOptions {
  sources::LiveOptions live;
  sinks::FindingConditions conditions;
  std::string filter_words;  // the filters as given: "--comm curl --state TIME_WAIT"; "" if none
  Format format = Format::Table;
  sinks::TimeColumns times = sinks::TimeColumns::WallClock;
  ColourChoice colour = ColourChoice::Auto;
  bool header = true;
  bool wide_addresses = false;
  bool evidence = false;
  bool call_paths = false;
  std::optional<Duration> duration;
  bool exit_code_on_divergence = false;
  bool strict = false;
};

Result<TraceOptions> trace_options(const Arguments& arguments);

}  // namespace tcptwin::commands
