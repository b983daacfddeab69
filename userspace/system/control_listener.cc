// SPDX-License-Identifier: MIT
#include "system/control_listener.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "system/listen_address.h"

namespace tcptwin::system {
namespace {

constexpr std::size_t kNameRoom = 16 * 1024;  // a group's members are read along

// Files that are made while this lives are their owner's alone: nobody gets in before the group is
// set.
class OwnerOnly {
 public:
  OwnerOnly() : former_(::umask(0177)) {}
  OwnerOnly(const OwnerOnly&) = delete;
  OwnerOnly& operator=(const OwnerOnly&) = delete;
  ~OwnerOnly() { ::umask(former_); }

 private:
  mode_t former_;
};

}  // namespace

std::optional<gid_t> find_group(const std::string& name) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size()) return number;
  group found{};
  group* result = nullptr;
  std::array<char, kNameRoom> room{};
  ::getgrnam_r(name.c_str(), &found, room.data(), room.size(), &result);
  if (result == nullptr) return std::nullopt;
  return result->gr_gid;
}

std::string group_name(gid_t number) {
  group found{};
  group* result = nullptr;
  std::array<char, kNameRoom> room{};
  ::getgrgid_r(number, &found, room.data(), room.size(), &result);
  return result == nullptr ? std::to_string(number) : std::string{result->gr_name};
}

Result<UniqueFd> listen_for_group(const std::string& path, std::optional<gid_t> group) {
  auto listener = [&] {
    const OwnerOnly guard;
    return listen_on({"", "", path});
  }();
  if (!listener || !group) return listener;
  constexpr mode_t kMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;
  if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 ||
      ::chmod(path.c_str(), kMode) != 0) {
    return Error{
        ErrorCode::Failed,
        "cannot give " + path + " to the group " + group_name(*group) + ": " + std::strerror(errno),
        "the service must be of this group itself; --control-group names another"};
  }
  return listener;
}

std::optional<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  Peer peer{credentials.pid, credentials.uid, {credentials.gid}};
  std::array<gid_t, 1024> groups{};
  size = sizeof groups;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
    peer.groups.insert(peer.groups.end(), groups.data(), groups.data() + size / sizeof(gid_t));
  }
  return peer;
}

UniqueFd connect_to(const std::string& path, int& error) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  error = ENAMETOOLONG;
  if (path.size() >= sizeof at.sun_path) return {};
  std::memcpy(at.sun_path, path.data(), path.size());
  UniqueFd connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  error = 0;
  if (connection.is_open() &&
      ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) {
    return connection;
  }
  error = errno;
  return {};
}

}  // namespace tcptwin::system
