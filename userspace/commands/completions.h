// SPDX-License-Identifier: MIT
// What the shells complete after `tcptwin`, made from the table of commands and the words of its
// options.
#pragma once

#include <string>

namespace tcptwin::commands {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace tcptwin::commands
