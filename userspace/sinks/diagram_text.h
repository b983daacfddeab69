// SPDX-License-Identifier: MIT
// The state diagram for a terminal: boxes and arrows in 80 columns, and below it the ways that the
// figure has no arrow for.
#pragma once

#include <string>

#include "sinks/diagram.h"
#include "sinks/terminal.h"
#include "system/character_grid.h"

namespace tcptwin::sinks {

// `counts` null: the machine as the table has it, nothing counted.
std::string diagram_text(const DiagramCounts* counts, system::Repertoire repertoire, Colour colour);

}  // namespace tcptwin::sinks
