// SPDX-License-Identifier: MIT
// What may stand for the value of an option, for the man pages and the completions of the shells.
// The words of a closed list are those that its parser knows; a test holds the two together.
#pragma once

#include <string_view>
#include <vector>

#include "commands/command.h"

namespace tcptwin::commands {

enum class ValueShape {
  Free,              // a number, a time: nothing to offer
  Word,              // one of `words`
  Words,             // some of `words`, comma separated
  File,              // a path
  NetworkNamespace,  // a name in /run/netns, among others
  Process            // a process id
};

struct Vocabulary {
  ValueShape shape = ValueShape::Free;
  std::vector<std::string_view> words = {};
};

Vocabulary vocabulary_of(std::string_view command, const OptionRow& option);
// What a command takes beside its options.
Vocabulary operands_of(const CommandRow& command);

// How a value of this name ("PORTS") is written; "" if there is nothing to say.
std::string_view syntax_of(std::string_view value_name);

}  // namespace tcptwin::commands
