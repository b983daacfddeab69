// SPDX-License-Identifier: MIT
// `tcptwin doctor --watch`: our labels held against the kernel's own counters, live.
#pragma once

#include "commands/command.h"

namespace tcptwin::commands {

int watch_counters(const Arguments& arguments);  // the exit code

}  // namespace tcptwin::commands
