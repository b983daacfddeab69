// SPDX-License-Identifier: MIT
// Sockets as `ss -tanp` would list them, for `snapshot`: a table, or comma-separated values.
#pragma once

#include <span>
#include <string>

#include "sinks/cgroup_directory.h"
#include "sinks/output.h"
#include "sinks/socket_row.h"
#include "sinks/terminal.h"

namespace tcptwin::sinks {

struct SocketTableOptions {
  bool header = true;
  bool extended = false;  // -x: a second line
  Colour colour = Colour::Never;
};

// Columns are as wide as their content; the network namespace is shown where there are several.
std::string socket_table(std::span<const SocketRow> rows, const SocketTableOptions& options,
                         CgroupDirectory* cgroups);
std::string socket_csv(std::span<const SocketRow> rows, const SocketTableOptions& options,
                       const ClockMapping& clock, CgroupDirectory* cgroups);

// "on 180ms/2", "timewait 42.1s", "synack 1.2s/3" (time left, retries), else ""
std::string timer_text(const SocketRow& row);
// The best answer to "whose is it": `users:(("nginx",pid=812,fd=6))` as `ss` writes it, or
// "orphan", or "nginx/812 (listener)".
std::string process_text(const SocketRow& row);

}  // namespace tcptwin::sinks
