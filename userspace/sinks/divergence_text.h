// SPDX-License-Identifier: MIT
// A divergence as a block of text, written like a compiler error: what was seen, what the
// reference allows, the evidence, what it usually means.
#pragma once

#include <string>

#include "sinks/clock_mapping.h"
#include "sinks/words.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

struct DivergenceStyle {
  std::string_view strong;  // terminal sequences around the first line; empty without colour
  std::string_view normal;
};

std::string divergence_text(const tracker::Divergence& divergence, const ClockMapping& clock,
                            const CallPaths& paths, const DivergenceStyle& style);

}  // namespace tcptwin::sinks
