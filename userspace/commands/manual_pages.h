// SPDX-License-Identifier: MIT
// The man pages, made from the tables that --help and the service's settings are made from.
#pragma once

#include <string>
#include <string_view>

#include "commands/command.h"

namespace tcptwin::commands {

// tcptwin(1) and tcptwin-trace(1) ...; `date` as 2026-01-31.
std::string program_page(std::string_view date);
std::string command_page(const CommandRow& command, std::string_view date);
// As in the table of commands: a command and what it is for.
std::string_view program_examples();
// tcptwin.yaml(5).
std::string settings_page(std::string_view date);

}  // namespace tcptwin::commands
