// SPDX-License-Identifier: MIT
// A connection as a person names it: "10.0.0.1:80-10.0.0.9:4711", "[::1]:80-[::1]:4711", or the id
// of JSON lines, "0x1f.1" or "0x1f". For `explain`, and for what it asks a service.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/connection_id.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "tracker/finding.h"

namespace tcptwin::commands {

struct ConnectionName {
  std::optional<ConnectionId> id;  // generation 0: any
  Endpoint local;                  // without an id
  Endpoint remote;
};

// Whether it could be meant as one, right or wrong.
bool looks_like_connection(std::string_view text);
// A Usage error that says what would be right.
Result<ConnectionName> parse_connection(std::string_view text);
std::string text(const ConnectionName& name);

enum class NameMatch { No, OtherEnd, Exact };
NameMatch match(const ConnectionName& name, const tracker::ConnectionIdentity& connection);

}  // namespace tcptwin::commands
