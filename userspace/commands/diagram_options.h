// SPDX-License-Identifier: MIT
// What `diagram` was asked for.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "commands/live_options.h"

namespace tcptwin::commands {

enum class DiagramFormat : std::uint8_t { Text, Svg, Dot };

struct DiagramOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  DiagramFormat format = DiagramFormat::Text;
  ColourChoice colour = ColourChoice::Auto;
  bool counts = false;  // something runs: --live or --from
  bool ascii = false;
  bool strict = false;
};

Result<DiagramOptions> diagram_options(const Arguments& arguments);

}  // namespace tcptwin::commands
