// SPDX-License-Identifier: MIT
// A unix socket for people of this host: made with its mode and group, and who is at the other end.
// For the service's control socket and for what asks it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

// "tcptwin", or a number. nullopt if there is no such group.
std::optional<gid_t> find_group(const std::string& name);
// "tcptwin", or the number where it has no name.
std::string group_name(gid_t group);

// Listens at `path` with mode 0660 for its owner and `group`; nullopt: for the owner alone. What a
// former process left is replaced.
Result<UniqueFd> listen_for_group(const std::string& path, std::optional<gid_t> group);

struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  std::vector<gid_t> groups;  // all of them
};
// As the kernel noted it at connect().
std::optional<Peer> peer_of(int socket);

// errno of the failure in `error` if it did not work.
UniqueFd connect_to(const std::string& path, int& error);

}  // namespace tcptwin::system
