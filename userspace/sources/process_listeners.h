// SPDX-License-Identifier: MIT
// Where a process is listening already, so that the children its listeners will have can be
// selected although the listen() calls were never seen.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <set>
#include <string>
#include <vector>

namespace tcptwin::sources {

struct ListeningPlace {
  std::uint32_t netns = 0;  // inode number
  std::uint16_t port = 0;

  friend bool operator==(const ListeningPlace&, const ListeningPlace&) = default;
};

// Best effort: a process that ends or hides its descriptors has none.
std::vector<ListeningPlace> listening_places(std::uint32_t pid);

// Ports of the listening sockets in a /proc/net/tcp table whose inode is among `inodes`.
std::set<std::uint16_t> listening_ports(std::istream& table, const std::set<std::uint64_t>& inodes);

}  // namespace tcptwin::sources
