// SPDX-License-Identifier: MIT
// `tcptwin replay`: `trace`, of a recording.
#include "commands/command.h"
#include "commands/record_options.h"

namespace tcptwin::commands {

int run_replay(const Arguments& arguments) {
  auto file = file_operand(arguments, "replay");
  if (!file) return report(file.error());
  Arguments of_trace = arguments;
  of_trace.add("from", {std::move(file.value())});
  return run_trace(of_trace);
}

}  // namespace tcptwin::commands
