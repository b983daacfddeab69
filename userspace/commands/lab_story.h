// SPDX-License-Identifier: MIT
// A counterexample of the lab, told as a ladder with a sentence for each step.
#pragma once

#include "lab/explorer.h"
#include "sinks/ladder_text.h"

namespace tcptwin::commands {

// `table` is the one that the counterexample was found with: its rows give the reasons.
sinks::Ladder ladder_of(const lab::Counterexample& counterexample, const lab::Bounds& bounds,
                        const model::Table& table);

}  // namespace tcptwin::commands
