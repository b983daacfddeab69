// SPDX-License-Identifier: MIT
// `tcptwin explain CONNECTION`: one connection's story so far, from a service or a recording.
#pragma once

#include "commands/command.h"

namespace tcptwin::commands {

int run_explain_connection(const Arguments& arguments);

}  // namespace tcptwin::commands
