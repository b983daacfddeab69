// SPDX-License-Identifier: MIT
// What `serve` was asked for.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "commands/control.h"
#include "commands/kept_rights.h"
#include "commands/live_options.h"
#include "sinks/metrics.h"
#include "system/listen_address.h"

namespace tcptwin::commands {

struct ServeOptions {
  LiveRunOptions run;
  std::vector<system::ListenAddress> listen;  // at least one
  std::string web_config;                     // "": no TLS, no passwords
  KeptRights keep_rights = KeptRights::None;
  std::size_t owners = sinks::kDefaultOwners;
  ControlOptions control;
  std::string dump_file;  // for SIGUSR1; "": there is none
};

Result<ServeOptions> serve_options(const Arguments& arguments);

}  // namespace tcptwin::commands
