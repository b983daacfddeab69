// SPDX-License-Identifier: MIT
#include "system/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tcptwin::system {
namespace {

using Sets = std::array<__user_cap_data_struct, 2>;  // of capabilities 0 to 31 and 32 to 63

Error failed(const char* what) {
  return {ErrorCode::Failed, std::string{"cannot "} + what + ": " + std::strerror(errno), ""};
}

bool is_kept(std::span<const Right> keep, unsigned capability) {
  return std::ranges::any_of(
      keep, [&](Right right) { return static_cast<unsigned>(right) == capability; });
}

}  // namespace

Status give_up_capabilities(std::span<const Right> keep) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Sets sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return failed("read the capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("set no_new_privs");
  // Fails without CAP_SETPCAP; no_new_privs keeps programs from getting anything back all the same.
  for (unsigned capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (!is_kept(keep, capability)) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (unsigned capability = 0; capability < 64; ++capability) {
    if (is_kept(keep, capability)) continue;
    const std::uint32_t mask = ~(std::uint32_t{1} << (capability % 32));
    sets[capability / 32].effective &= mask;
    sets[capability / 32].permitted &= mask;
    sets[capability / 32].inheritable &= mask;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return failed("give up capabilities");
  return Done{};
}

}  // namespace tcptwin::system
