// SPDX-License-Identifier: MIT
// An exchange of a real connection as a ladder: steps, arrows, and what is not known said below it.
#pragma once

#include <string>

#include "sinks/clock_mapping.h"
#include "sinks/exchange.h"
#include "sinks/ladder_text.h"

namespace tcptwin::sinks {

Ladder ladder_of(const Exchange& exchange);

// "14:03:59.250: closed by this host (local_close), 145ms": when it began, how it ended.
std::string heading_of(const Exchange& exchange, const ClockMapping& clock);

}  // namespace tcptwin::sinks
