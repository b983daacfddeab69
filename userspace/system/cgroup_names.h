// SPDX-License-Identifier: MIT
// What a cgroup id stands for: systemd unit, slice, container. Ids come from the kernel's sockets,
// names from the cgroup2 file system, where the inode number of a directory is its id.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace tcptwin::system {

// What a cgroup's path says; "" where it says nothing.
struct CgroupName {
  std::string path;       // "/system.slice/ssh.service"
  std::string unit;       // "ssh.service", "session-3.scope"
  std::string slice;      // "system.slice", "user-1000.slice"
  std::string container;  // id, or the name of an LXC container or a machine
  std::string runtime;    // "docker", "podman", "containerd", "cri-o", "kubernetes" (which one is
                          // not known), "lxc", "nspawn", "qemu"

  friend bool operator==(const CgroupName&, const CgroupName&) = default;
};
CgroupName parse_cgroup_path(std::string_view path);

// Where the text of a mountinfo file says that cgroup2 is mounted.
std::optional<std::string> cgroup2_mount(std::string_view mountinfo);

// Bounded; walks the tree at the first question and again where an id is not known, at most once in
// `pause`. Names of cgroups that are gone are kept: their connections end after them.
class CgroupNames {
 public:
  // Of this host. Without cgroup2 nothing is ever found.
  static CgroupNames of_host();
  explicit CgroupNames(std::string root, std::chrono::milliseconds pause = std::chrono::seconds{1})
      : root_(std::move(root)), pause_(pause) {}

  // Null if there is no such cgroup. The answer lives until the next call.
  const CgroupName* find(std::uint64_t id);
  std::size_t size() const { return names_.size(); }

 private:
  void walk();
  void add_children_of(const std::string& directory, std::string_view path, int depth);

  std::string root_;  // the mount point; "" if there is none
  std::chrono::milliseconds pause_;
  std::optional<std::chrono::steady_clock::time_point> walked_;
  std::unordered_map<std::uint64_t, CgroupName> names_;
};

}  // namespace tcptwin::system
