// SPDX-License-Identifier: MIT
#include "commands/watched_run.h"

namespace tcptwin::commands {

Status WatchedRun::run_until(const std::function<bool()>& is_over_for_caller) {
  while (!is_over_for_caller() && !is_over()) {
    const Status turned = turn();
    if (!turned) return turned.error();
  }
  return Done{};
}

Status WatchedRun::run_through(tracker::FindingHandler& findings,
                               const std::function<bool()>& is_over_for_caller) {
  Status ran = begin(findings);
  if (ran) ran = run_until(is_over_for_caller);
  const Status finished = finish();
  return ran ? finished : ran;
}

}  // namespace tcptwin::commands
