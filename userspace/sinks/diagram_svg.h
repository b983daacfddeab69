// SPDX-License-Identifier: MIT
// The state diagram as SVG, for documents and web pages: the terminal's geometry with round
// corners; readable on light and dark grounds, without scripts and without anything from outside.
#pragma once

#include <string>

#include "sinks/diagram.h"

namespace tcptwin::sinks {

// `counts` null: the figure alone, as the table has it.
std::string diagram_svg(const DiagramCounts* counts);

}  // namespace tcptwin::sinks
