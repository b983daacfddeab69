// SPDX-License-Identifier: MIT
// What a command finds around it: clocks, the terminal, the environment. Read here so that the
// layers below get values.
#pragma once

#include <cstddef>

#include "base/time.h"
#include "commands/option_values.h"
#include "sinks/clock_mapping.h"

namespace tcptwin::commands {

KernelTime monotonic_now();
// Where the user's wall clock stands now, relative to the kernel's monotonic clock.
sinks::ClockMapping clock_mapping(KernelTime start);
// Auto: only a terminal, unless NO_COLOR is set or the terminal is dumb.
bool wants_colour(ColourChoice choice, int descriptor);
// Columns of a terminal; 0 if it is none, or does not say.
std::size_t terminal_columns(int descriptor);
// The kernel shows its symbols to this user (kptr_restrict, CAP_SYSLOG).
bool kallsyms_are_readable();

}  // namespace tcptwin::commands
