// SPDX-License-Identifier: MIT
// What must be there before any BPF program is loaded, with words for the user if it is not.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace tcptwin::sources {

struct KernelRelease {
  std::string text;  // uname -r
  int major = 0;
  int minor = 0;

  bool is_at_least(int wanted_major, int wanted_minor) const {
    return major != wanted_major ? major > wanted_major : minor >= wanted_minor;
  }
};
KernelRelease running_kernel();
KernelRelease parse_release(const std::string& text);

bool has_btf();
// Lockdown's confidentiality mode refuses programs that read kernel memory.
bool is_locked_down();

// NotPermitted, if this kernel or our rights cannot do; nullopt if nothing speaks against it.
std::optional<Error> missing_prerequisite();
// For a load that the kernel refused all the same.
Error load_refused(int error, const std::string& log);

}  // namespace tcptwin::sources
