// SPDX-License-Identifier: MIT
// What `top` was asked for.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "commands/live_options.h"
#include "sinks/top_choice.h"
#include "system/character_grid.h"

namespace tcptwin::commands {

struct TopOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  sinks::TopChoice choice;
  ColourChoice colour = ColourChoice::Auto;
  std::optional<std::uint64_t> batch;  // so many screens as plain text, and no terminal
  system::GridSize batch_size{120, 40};
};

Result<TopOptions> top_options(const Arguments& arguments);

}  // namespace tcptwin::commands
