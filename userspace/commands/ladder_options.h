// SPDX-License-Identifier: MIT
// What `ladder` was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "commands/connection_name.h"
#include "commands/live_options.h"

namespace tcptwin::commands {

struct LadderOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  std::optional<ConnectionName> name;
  std::string svg;          // a file; "": none
  std::size_t columns = 0;  // 0: as the terminal has
  std::optional<std::uint64_t> count;
  ColourChoice colour = ColourChoice::Auto;
  bool json = false;
  bool ascii = false;
  bool strict = false;
  bool exit_code_on_divergence = false;
};

Result<LadderOptions> ladder_options(const Arguments& arguments);

}  // namespace tcptwin::commands
