// SPDX-License-Identifier: MIT
// What `serve` was asked for.
#pragma once

#include <vector>

#include "base/result.h"
#include "commands/live_options.h"
#include "system/listen_address.h"

namespace tcptwin::commands {

struct ServeOptions {
  LiveRunOptions run;
  std::vector<system::ListenAddress> listen;  // at least one
};

Result<ServeOptions> serve_options(const Arguments& arguments);

}  // namespace tcptwin::commands
