// SPDX-License-Identifier: MIT
// What a command finds around it: clocks, the terminal, the environment. Read here so that the
// layers below get values.
#pragma once

#include "base/time.h"
#include "commands/option_values.h"
#include "sinks/clock_mapping.h"

namespace tcptwin::commands {

KernelTime monotonic_now();
// Where the user's wall clock stands now, relative to the kernel's monotonic clock.
sinks::ClockMapping clock_mapping(KernelTime start);
// Auto: only a terminal, unless NO_COLOR is set or the terminal is dumb.
bool wants_colour(ColourChoice choice, int descriptor);
// The kernel shows its symbols to this user (kptr_restrict, CAP_SYSLOG).
bool kallsyms_are_readable();

}  // namespace tcptwin::commands
