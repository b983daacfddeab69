// SPDX-License-Identifier: MIT
// Ladders as one SVG, for documents. Palette and fonts are those of diagram_svg.
#pragma once

#include <string>
#include <vector>

#include "sinks/ladder_text.h"

namespace tcptwin::sinks {

struct LadderPicture {
  std::string heading;
  Ladder ladder;
};

// Below each other.
std::string ladder_svg(const std::vector<LadderPicture>& pictures);

}  // namespace tcptwin::sinks
