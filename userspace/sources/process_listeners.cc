// SPDX-License-Identifier: MIT
#include "sources/process_listeners.h"

#include <sys/stat.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace tcptwin::sources {

namespace {

namespace fs = std::filesystem;

// The inodes of the sockets among a process' descriptors ("socket:[12345]").
std::set<std::uint64_t> socket_inodes(const fs::path& process) {
  constexpr std::string_view kPrefix = "socket:[";
  std::set<std::uint64_t> inodes;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{process / "fd", ignored}) {
    const std::string target = fs::read_symlink(entry.path(), ignored).string();
    if (!target.starts_with(kPrefix)) continue;
    std::uint64_t inode = 0;
    std::from_chars(target.data() + kPrefix.size(), target.data() + target.size(), inode);
    inodes.insert(inode);
  }
  return inodes;
}

}  // namespace

std::set<std::uint16_t> listening_ports(std::istream& table,
                                        const std::set<std::uint64_t>& inodes) {
  constexpr std::string_view kListen = "0A";
  std::set<std::uint16_t> ports;
  std::string line;
  std::getline(table, line);  // the headings
  while (std::getline(table, line)) {
    std::istringstream fields{line};
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout;
    std::uint64_t inode = 0;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (!fields || state != kListen || colon == std::string::npos) continue;
    if (!inodes.contains(inode)) continue;
    ports.insert(static_cast<std::uint16_t>(std::strtoul(local.c_str() + colon + 1, nullptr, 16)));
  }
  return ports;
}

std::vector<ListeningPlace> listening_places(std::uint32_t pid) {
  const fs::path process = fs::path{"/proc"} / std::to_string(pid);
  struct stat netns {};
  if (::stat((process / "ns/net").c_str(), &netns) != 0) return {};
  const std::set<std::uint64_t> inodes = socket_inodes(process);
  std::set<std::uint16_t> ports;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    std::ifstream file{process / table};
    ports.merge(listening_ports(file, inodes));
  }
  std::vector<ListeningPlace> places;
  for (const std::uint16_t port : ports) {
    places.push_back({static_cast<std::uint32_t>(netns.st_ino), port});
  }
  return places;
}

}  // namespace tcptwin::sources
