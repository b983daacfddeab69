// SPDX-License-Identifier: MIT
// Where a server listens: ":9293", "127.0.0.1:9293", "[::1]:9293" or "unix:/run/tcptwin/http".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

struct ListenAddress {
  std::string host;  // a number, without brackets; "": every address of the host
  std::string port;  // "" of a unix socket
  std::string path;  // of a unix socket; else ""

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
std::string text(const ListenAddress& address);

// A Usage error that says what would be right.
Result<ListenAddress> parse_listen_address(std::string_view text);

// A socket that listens there, non-blocking. A unix socket that a former process left is replaced;
// one that is in use is not.
Result<UniqueFd> listen_on(const ListenAddress& address);

}  // namespace tcptwin::system
