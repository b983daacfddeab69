// SPDX-License-Identifier: MIT
// What this process is allowed to do, as far as BPF cares.
#pragma once

#include <cstdint>
#include <string_view>

namespace tcptwin::system {

// Numbers of linux/capability.h. BPF and PERFMON are of Linux 5.8.
enum class Right : std::uint8_t {
  NetAdmin = 12,
  SysPtrace = 19,
  SysAdmin = 21,
  SysResource = 24,
  Syslog = 34,
  Perfmon = 38,
  Bpf = 39,
};
std::string_view label(Right right);  // "CAP_BPF"

class Privileges {
 public:
  // The effective set of this thread; empty if /proc cannot tell.
  static Privileges read();
  constexpr explicit Privileges(std::uint64_t effective, bool root)
      : effective_(effective), root_(root) {}

  // CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON (capabilities(7)).
  bool has(Right right) const;
  bool is_root() const { return root_; }
  bool has_any() const { return effective_ != 0; }

 private:
  std::uint64_t effective_;
  bool root_;  // effective user id 0
};

}  // namespace tcptwin::system
