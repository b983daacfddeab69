// SPDX-License-Identifier: MIT
// What `snapshot` was asked for.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/live_options.h"
#include "sinks/socket_row.h"

namespace tcptwin::commands {

struct SnapshotOptions {
  LiveRunOptions run;
  sinks::FindingConditions conditions;
  std::string filter_words;
  LookOptions look;
  sinks::SocketKey sort = sinks::SocketKey::State;
};

Result<SnapshotOptions> snapshot_options(const Arguments& arguments);

}  // namespace tcptwin::commands
