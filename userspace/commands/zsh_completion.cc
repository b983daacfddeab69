// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <iterator>

#include "commands/completions.h"
#include "commands/option_vocabulary.h"

namespace tcptwin::commands {
namespace {

// Between single quotes, in the places where _arguments and _describe read ':' and brackets.
std::string quoted(std::string_view text) {
  std::string safe;
  for (const char character : text) {
    if (character == '\'') {
      safe += "'\\''";
      continue;
    }
    if (character == ':' || character == '[' || character == ']' || character == '\\') safe += '\\';
    safe += character;
  }
  return safe;
}

// What _arguments does for a value.
std::string action(const Vocabulary& vocabulary) {
  switch (vocabulary.shape) {
    case ValueShape::Free:
      return " ";
    case ValueShape::Word:
      return fmt::format("({})", fmt::join(vocabulary.words, " "));
    case ValueShape::Words:
      return fmt::format("_sequence compadd - {}", fmt::join(vocabulary.words, " "));
    case ValueShape::File:
      return "_files";
    case ValueShape::NetworkNamespace:
      return "_files -W /run/netns";
    case ValueShape::Process:
      return "_pids";
  }
  return " ";
}

std::string option_line(const CommandRow& command, const OptionRow& option) {
  const bool is_flag = option.value.empty();
  const std::string value = is_flag ? ""
                                    : fmt::format(":{}:{}", quoted(option.value),
                                                  action(vocabulary_of(command.name, option)));
  // A value may be given again; --option=value is right, too.
  const std::string described = fmt::format("[{}]{}", quoted(option.text), value);
  const std::string_view glued = is_flag ? "" : "=";
  if (option.letter == 0) {
    return fmt::format("        '{}--{}{}{}'", is_flag ? "" : "*", option.name, glued, described);
  }
  const std::string before =
      is_flag ? fmt::format("(-{0} --{1})", option.letter, option.name) : "*";
  return fmt::format("        '{0}'{{-{1}{2},--{3}{4}}}'{5}'", before, option.letter,
                     is_flag ? "" : "+", option.name, glued, described);
}

std::string command_case(const CommandRow& command) {
  std::string text = fmt::format("    {})\n      _arguments -s", command.name);
  for (const OptionRow& option : command.options) {
    if (option.visibility == Visibility::Hidden) continue;
    text += " \\\n" + option_line(command, option);
  }
  text += " \\\n        '(-h --help)'{-h,--help}'[describe the command]'";
  if (!command.operands.empty()) {
    fmt::format_to(std::back_inserter(text), " \\\n        '*:{}:{}'", quoted(command.operands),
                   action(operands_of(command)));
  }
  return text + "\n      ;;\n";
}

}  // namespace

std::string zsh_completion() {
  std::string text =
      "#compdef tcptwin\n"
      "# What zsh completes after `tcptwin`; made from the program's table of commands.\n"
      "_tcptwin() {\n"
      "  local context state state_descr line\n"
      "  typeset -A opt_args\n"
      "  local -a commands=(\n";
  for (const CommandRow& command : command_table()) {
    fmt::format_to(std::back_inserter(text), "    '{}:{}'\n", command.name,
                   quoted(command.summary));
  }
  text +=
      "  )\n"
      "  _arguments -C '(- *)'{-h,--help}'[list the commands]' \\\n"
      "    '(- *)'{-V,--version}'[version, revision and libbpf]' \\\n"
      "    '1:command:->command' '*::argument:->argument' && return\n"
      "  if [[ $state == command ]]; then\n"
      "    _describe -t commands command commands\n"
      "    return\n"
      "  fi\n"
      "  case $words[1] in\n"
      "    help) _describe -t commands command commands ;;\n";
  for (const CommandRow& command : command_table()) text += command_case(command);
  return text + "  esac\n}\n\n_tcptwin \"$@\"\n";
}

}  // namespace tcptwin::commands
