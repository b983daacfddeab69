// SPDX-License-Identifier: MIT
// The texts of --help, made from the table of commands.
#include <fmt/format.h>

#include <array>
#include <iterator>

#include "commands/command_line.h"

namespace tcptwin::commands {
namespace {

constexpr std::array kExitCodes = {
    ExitCode{kExitOk, "ok"},
    ExitCode{kExitFailed, "run-time error"},
    ExitCode{kExitUsage, "usage"},
    ExitCode{kExitDivergence, "divergence found (--exit-code)"},
    ExitCode{kExitLost, "events lost (--strict)"},
    ExitCode{kExitNotPermitted, "not permitted, or the kernel lacks what is needed"},
};

constexpr std::string_view kDescription =
    "tcptwin gives every TCP connection of this host a twin: a second state machine (RFC 9293)\n"
    "that predicts what the kernel's socket must do, names the cause of every state change, and\n"
    "tells when the kernel does something else.\n";

std::string exit_code_lines() {
  std::string text = "Exit codes:\n";
  for (const ExitCode& row : kExitCodes) {
    const bool ends_line = row.code == kExitDivergence || row.code == kExitNotPermitted;
    const bool begins_line = row.code == kExitOk || row.code == kExitLost;
    fmt::format_to(std::back_inserter(text), "{}{} {}{}", begins_line ? "  " : "", row.code,
                   row.text, ends_line ? "\n" : "   ");
  }
  return text;
}

std::string program_help() {
  std::string text = std::string{kDescription} +
                     "\nUsage: tcptwin COMMAND [OPTIONS]\n\n"
                     "Commands:\n";
  for (const CommandRow& command : command_table()) {
    fmt::format_to(std::back_inserter(text), "  {:<9} {}\n", command.name, command.summary);
  }
  text +=
      "\nOptions:\n"
      "  -h, --help      this text; `tcptwin COMMAND --help` describes a command\n"
      "  -V, --version   version, revision and libbpf's version\n\n";
  return text + exit_code_lines();
}

std::string option_line(const OptionRow& option) {
  const std::string letter = option.letter == 0 ? "    " : fmt::format("-{}, ", option.letter);
  const std::string value = option.value.empty() ? "" : fmt::format(" {}", option.value);
  return fmt::format("  {:<26} {}\n", fmt::format("{}--{}{}", letter, option.name, value),
                     option.text);
}

std::string command_help(const CommandRow& command) {
  const std::string_view gap = command.operands.empty() ? "" : " ";
  std::string text =
      fmt::format("tcptwin {}: {}\n\nUsage: tcptwin {} [OPTIONS]{}{}\n\n{}\n", command.name,
                  command.summary, command.name, gap, command.operands, command.description);
  std::string_view group;
  for (const OptionRow& option : command.options) {
    if (option.visibility == Visibility::Hidden) continue;
    if (option.group != group) {
      group = option.group;
      fmt::format_to(std::back_inserter(text), "\n{}:\n", group);
    }
    text += option_line(option);
  }
  fmt::format_to(std::back_inserter(text), "\nExamples:\n{}", command.examples);
  return text;
}

}  // namespace

std::span<const ExitCode> exit_codes() {
  return kExitCodes;
}

std::string_view program_description() {
  return kDescription;
}

std::string help_text(const CommandRow* command) {
  return command == nullptr ? program_help() : command_help(*command);
}

std::string usage_hint(const CommandRow* command) {
  return command == nullptr ? "see tcptwin --help"
                            : fmt::format("see tcptwin {} --help", command->name);
}

}  // namespace tcptwin::commands
