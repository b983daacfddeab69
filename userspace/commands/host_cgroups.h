// SPDX-License-Identifier: MIT
// The names of this host's cgroups, for sinks that ask for them.
#pragma once

#include "sinks/cgroup_directory.h"
#include "system/cgroup_names.h"

namespace tcptwin::commands {

class HostCgroups final : public sinks::CgroupDirectory {
 public:
  const sinks::CgroupName* find(std::uint64_t id) override { return names_.find(id); }

 private:
  system::CgroupNames names_ = system::CgroupNames::of_host();
};

}  // namespace tcptwin::commands
