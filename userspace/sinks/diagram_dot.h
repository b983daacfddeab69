// SPDX-License-Identifier: MIT
// The state diagram for Graphviz: every way of the table, those of the Linux dialect dashed, and
// where something ran how often each was taken.
#pragma once

#include <string>

#include "sinks/diagram.h"

namespace tcptwin::sinks {

// `counts` null: the machine as the table has it.
std::string diagram_dot(const DiagramCounts* counts);

}  // namespace tcptwin::sinks
