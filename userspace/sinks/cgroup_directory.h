// SPDX-License-Identifier: MIT
// Where a sink asks what a cgroup id stands for. The command hands in what reads /sys/fs/cgroup; a
// test, a table of its own.
#pragma once

#include <cstdint>
#include <string>

#include "system/cgroup_names.h"

namespace tcptwin::sinks {

using CgroupName = system::CgroupName;

class CgroupDirectory {
 public:
  virtual ~CgroupDirectory() = default;
  // Null if the id is not known (any more). The answer lives until the next call.
  virtual const CgroupName* find(std::uint64_t id) = 0;
};

// "unit=ssh.service container=docker:0123456789ab"; "" if nothing is known.
std::string cgroup_words(const CgroupName& name);

}  // namespace tcptwin::sinks
