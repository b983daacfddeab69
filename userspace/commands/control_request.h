// SPDX-License-Identifier: MIT
// What a command asks a running service over its control socket: one line of words. The answer is
// frames (sinks/finding_bytes.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "commands/connection_name.h"
#include "sinks/finding_history.h"

namespace tcptwin::commands {

enum class Ask : std::uint8_t {
  Table,     // every twin of the mirror
  Stuck,     // what is stuck now
  Findings,  // what was found lately, or is found from now on
};
inline constexpr std::size_t kAskCount = 3;
std::string_view label(Ask ask);  // "table", "stuck", "findings"

struct ControlRequest {
  Ask ask = Ask::Table;
  bool census = false;                       // Table: compare with the kernel first
  bool past = false;                         // Findings: from the history's beginning
  bool follow = false;                       // Findings: go on until the client ends it
  sinks::KindSet kinds = 0;                  // Findings
  std::optional<ConnectionName> connection;  // Table: this one's twins only
};

// A line that is longer was not written by us.
inline constexpr std::size_t kRequestLimit = 512;

// With a newline.
std::string request_line(const ControlRequest& request);
// `line` without its newline. An Error says what is wrong, for the client to print.
Result<ControlRequest> parse_request(std::string_view line);

// Where clients look for a service, unless TCPTWIN_CONTROL_SOCKET says otherwise.
inline constexpr std::string_view kDefaultControlSocket = "/run/tcptwin/control.sock";

}  // namespace tcptwin::commands
