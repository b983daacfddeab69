// SPDX-License-Identifier: MIT
// `tcptwin replay`: `trace`, of a recording.
#include <algorithm>

#include "commands/command.h"

namespace tcptwin::commands {

int run_replay(const Arguments& arguments) {
  const std::vector<std::string>& files = arguments.operands();
  if (files.empty() || std::ranges::count(files, "") != 0) {
    return report(
        {ErrorCode::Usage, "replay wants the name of a file", "see tcptwin replay --help"});
  }
  Arguments of_trace = arguments;
  of_trace.add("from", files);
  return run_trace(of_trace);
}

}  // namespace tcptwin::commands
