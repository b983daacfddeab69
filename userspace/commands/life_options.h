// SPDX-License-Identifier: MIT
// What `life` was asked for.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "commands/live_options.h"
#include "sinks/life_sorter.h"

namespace tcptwin::commands {

struct LifeOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  LookOptions look;
  std::optional<sinks::LifeKey> sort;
  bool open = false;             // show what is still open at the end
  bool past = false;             // only what a service has seen end already
  bool both_ends_apart = false;  // two lines for a connection within this host
  bool exit_code_on_divergence = false;
  bool strict = false;
};

Result<LifeOptions> life_options(const Arguments& arguments);

}  // namespace tcptwin::commands
