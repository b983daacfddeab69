// SPDX-License-Identifier: MIT
// From the words of the command line to a command and its arguments, and the texts of --help.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "commands/command.h"

namespace tcptwin::commands {

enum class Request { Run, Help, Version };

struct CommandLine {
  Request request = Request::Help;
  const CommandRow* command = nullptr;  // null: the program itself
  Arguments arguments;
};

// `words` without the program's name. Anything unknown is a Usage error that names the nearest
// right word.
Result<CommandLine> parse_command_line(std::span<const std::string> words);

struct ExitCode {
  int code;
  std::string_view text;
};
std::span<const ExitCode> exit_codes();

// What the program is, in one sentence.
std::string_view program_description();

// `command` null: the help of the whole program.
std::string help_text(const CommandRow* command);

// The line that -h is a short way to; used as a hint by usage errors.
std::string usage_hint(const CommandRow* command);

}  // namespace tcptwin::commands
