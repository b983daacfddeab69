// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <iterator>

#include "commands/completions.h"
#include "commands/option_vocabulary.h"

namespace tcptwin::commands {
namespace {

std::string quoted(std::string_view text) {
  std::string safe = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') safe += '\\';
    safe += character;
  }
  return safe + "'";
}

// The flags of `complete` for a value: -x takes no files, -r takes them.
std::string values(const Vocabulary& vocabulary) {
  switch (vocabulary.shape) {
    case ValueShape::Free:
      return " -x";
    case ValueShape::Word:
      return fmt::format(" -x -a '{}'", fmt::join(vocabulary.words, " "));
    case ValueShape::Words:
      return fmt::format(" -x -a '(__fish_append , {})'", fmt::join(vocabulary.words, " "));
    case ValueShape::File:
      return " -r -F";
    case ValueShape::NetworkNamespace:
      return " -x -a '(path basename /run/netns/* /dev/null | string match -v null)'";
    case ValueShape::Process:
      return " -x -a '(__fish_complete_pids)'";
  }
  return " -x";
}

std::string option_line(const CommandRow& command, const OptionRow& option) {
  const std::string letter = option.letter == 0 ? "" : fmt::format(" -s {}", option.letter);
  const std::string value = option.value.empty() ? "" : values(vocabulary_of(command.name, option));
  return fmt::format("complete -c tcptwin -n '__tcptwin_is {}'{} -l {}{} -d {}\n", command.name,
                     letter, option.name, value, quoted(option.text));
}

}  // namespace

std::string fish_completion() {
  std::string text =
      "# What fish completes after `tcptwin`; made from the program's table of commands.\n"
      "function __tcptwin_is -d 'the command is this one; with none: it is not given yet'\n"
      "    set -l words (commandline -opc)\n"
      "    test \"$words[2]\" = \"$argv[1]\"\n"
      "end\n\n"
      "complete -c tcptwin -f\n"
      "complete -c tcptwin -n __tcptwin_is -s h -l help -d 'list the commands'\n"
      "complete -c tcptwin -n __tcptwin_is -s V -l version -d 'version, revision and libbpf'\n"
      "complete -c tcptwin -n __tcptwin_is -a help -d 'describe a command'\n";
  for (const CommandRow& command : command_table()) {
    for (const std::string_view condition : {"__tcptwin_is", "'__tcptwin_is help'"}) {
      fmt::format_to(std::back_inserter(text), "complete -c tcptwin -n {} -a {} -d {}\n", condition,
                     command.name, quoted(command.summary));
    }
  }
  for (const CommandRow& command : command_table()) {
    text += "\n";
    const Vocabulary operands = operands_of(command);
    if (operands.shape != ValueShape::Free) {
      const std::string_view flag = operands.shape == ValueShape::File ? " -F" : "";
      fmt::format_to(std::back_inserter(text), "complete -c tcptwin -n '__tcptwin_is {}'{}",
                     command.name, flag);
      if (operands.shape == ValueShape::Word) {
        fmt::format_to(std::back_inserter(text), " -a '{}'", fmt::join(operands.words, " "));
      }
      text += "\n";
    }
    for (const OptionRow& option : command.options) {
      if (option.visibility == Visibility::Hidden) continue;
      text += option_line(command, option);
    }
    fmt::format_to(std::back_inserter(text),
                   "complete -c tcptwin -n '__tcptwin_is {}' -s h -l help -d 'describe the "
                   "command'\n",
                   command.name);
  }
  return text;
}

}  // namespace tcptwin::commands
