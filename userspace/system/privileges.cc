// SPDX-License-Identifier: MIT
#include "system/privileges.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace tcptwin::system {

std::string_view label(Right right) {
  switch (right) {
    case Right::NetAdmin:
      return "CAP_NET_ADMIN";
    case Right::SysPtrace:
      return "CAP_SYS_PTRACE";
    case Right::SysAdmin:
      return "CAP_SYS_ADMIN";
    case Right::SysResource:
      return "CAP_SYS_RESOURCE";
    case Right::Syslog:
      return "CAP_SYSLOG";
    case Right::Perfmon:
      return "CAP_PERFMON";
    case Right::Bpf:
      return "CAP_BPF";
  }
  return "";
}

Privileges Privileges::read() {
  const bool root = ::geteuid() == 0;
  std::ifstream status{"/proc/thread-self/status"};
  const std::string key = "CapEff:";
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    return Privileges{std::strtoull(line.c_str() + key.size(), nullptr, 16), root};
  }
  return Privileges{0, root};
}

bool Privileges::has(Right right) const {
  const auto bit = [this](Right wanted) {
    return ((effective_ >> static_cast<unsigned>(wanted)) & 1u) != 0;
  };
  if (bit(right)) return true;
  return (right == Right::Bpf || right == Right::Perfmon) && bit(Right::SysAdmin);
}

}  // namespace tcptwin::system
