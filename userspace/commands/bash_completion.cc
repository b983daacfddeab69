// SPDX-License-Identifier: MIT
// Needs nothing but bash itself; the package bash-completion loads it on demand.
#include <fmt/format.h>

#include <iterator>

#include "commands/completions.h"
#include "commands/option_vocabulary.h"

namespace tcptwin::commands {
namespace {

// `--option=value` comes as three words: '=' separates words for readline.
constexpr std::string_view kFunctions = R"(
# Those of the words that go on from what is typed.
_tcptwin_offer() {
  COMPREPLY+=($(compgen -W "$1" -- "$2"))
}

# The same behind the last comma of a list.
_tcptwin_offer_list() {
  local before=
  [[ $2 != *,* ]] || before=${2%,*},
  compopt -o nospace 2>/dev/null
  COMPREPLY+=($(compgen -P "$before" -W "$1" -- "${2##*,}"))
}

_tcptwin_offer_files() {
  compopt -o filenames 2>/dev/null
  local path
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$1")
}

# Numbers of processes, and names of network namespaces.
_tcptwin_offer_names() {
  local path
  for path in $1; do
    [[ -e $path ]] && _tcptwin_offer "${path##*/}" "$2"
  done
}

_tcptwin() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $word == '=' ]]; then
    word=
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)); then
    _tcptwin_offer "$_tcptwin_commands help -h --help -V --version" "$word"
  elif [[ $command == help ]]; then
    ((COMP_CWORD > 2)) || _tcptwin_offer "$_tcptwin_commands" "$word"
  elif ! _tcptwin_value "$command" "$before" "$word"; then
    if [[ $word == -* ]]; then
      _tcptwin_options "$command" "$word"
    else
      _tcptwin_operand "$command" "$word"
    fi
  fi
}

complete -F _tcptwin tcptwin
)";

// The command that offers these; what is typed is in $`word`.
std::string offer(const Vocabulary& vocabulary, int word) {
  switch (vocabulary.shape) {
    case ValueShape::Free:
      return ":";
    case ValueShape::Word:
      return fmt::format("_tcptwin_offer '{}' \"${}\"", fmt::join(vocabulary.words, " "), word);
    case ValueShape::Words:
      return fmt::format("_tcptwin_offer_list '{}' \"${}\"", fmt::join(vocabulary.words, " "),
                         word);
    case ValueShape::File:
      return fmt::format("_tcptwin_offer_files \"${}\"", word);
    case ValueShape::NetworkNamespace:
      return fmt::format("_tcptwin_offer_names '/run/netns/*' \"${}\"", word);
    case ValueShape::Process:
      return fmt::format("_tcptwin_offer_names '/proc/[0-9]*' \"${}\"", word);
  }
  return ":";
}

std::string commands_line() {
  std::string names;
  for (const CommandRow& command : command_table()) {
    names += (names.empty() ? "" : " ") + std::string{command.name};
  }
  return fmt::format("_tcptwin_commands='{}'\n", names);
}

std::string options_function() {
  std::string text = "\n# COMMAND WORD: its options.\n_tcptwin_options() {\n  case $1 in\n";
  for (const CommandRow& command : command_table()) {
    std::string names = "-h --help";
    for (const OptionRow& option : command.options) {
      if (option.visibility == Visibility::Hidden) continue;
      if (option.letter != 0) names += fmt::format(" -{}", option.letter);
      names += fmt::format(" --{}", option.name);
    }
    fmt::format_to(std::back_inserter(text), "    {}) _tcptwin_offer '{}' \"$2\" ;;\n",
                   command.name, names);
  }
  return text + "  esac\n}\n";
}

std::string value_function() {
  std::string text =
      "\n# COMMAND OPTION WORD: the values of an option; 1 if it takes none.\n"
      "_tcptwin_value() {\n  case \"$1 $2\" in\n";
  for (const CommandRow& command : command_table()) {
    for (const OptionRow& option : command.options) {
      if (option.value.empty() || option.visibility == Visibility::Hidden) continue;
      std::string pattern = fmt::format("'{} --{}'", command.name, option.name);
      if (option.letter != 0) pattern += fmt::format(" | '{} -{}'", command.name, option.letter);
      fmt::format_to(std::back_inserter(text), "    {}) {} ;;\n", pattern,
                     offer(vocabulary_of(command.name, option), 3));
    }
  }
  return text + "    *) return 1 ;;\n  esac\n  return 0\n}\n";
}

std::string operand_function() {
  std::string text =
      "\n# COMMAND WORD: what it takes beside options.\n_tcptwin_operand() {\n  case $1 in\n";
  for (const CommandRow& command : command_table()) {
    if (command.operands.empty()) continue;
    fmt::format_to(std::back_inserter(text), "    {}) {} ;;\n", command.name,
                   offer(operands_of(command), 2));
  }
  return text + "  esac\n}\n";
}

}  // namespace

std::string bash_completion() {
  return "# What bash completes after `tcptwin`; made from the program's table of commands.\n" +
         commands_line() + options_function() + value_function() + operand_function() +
         std::string{kFunctions};
}

}  // namespace tcptwin::commands
