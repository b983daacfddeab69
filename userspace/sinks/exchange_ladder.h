// SPDX-License-Identifier: MIT
// An exchange of a real connection as a ladder: steps, arrows, and what is not known said below it.
#pragma once

#include "sinks/exchange.h"
#include "sinks/ladder_text.h"

namespace tcptwin::sinks {

Ladder ladder_of(const Exchange& exchange);

}  // namespace tcptwin::sinks
