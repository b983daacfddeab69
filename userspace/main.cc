// SPDX-License-Identifier: MIT
#include "commands/command.h"

int main(int count, char** words) {
  return tcptwin::commands::run(count, words);
}
