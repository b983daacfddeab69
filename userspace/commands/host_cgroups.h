// SPDX-License-Identifier: MIT
// The names of cgroups, for sinks that ask for them: of this host, or from a recording.
#pragma once

#include <functional>
#include <utility>

#include "sinks/cgroup_directory.h"
#include "system/cgroup_names.h"

namespace tcptwin::commands {

class HostCgroups final : public sinks::CgroupDirectory {
 public:
  const sinks::CgroupName* find(std::uint64_t id) override { return names_.find(id); }

 private:
  system::CgroupNames names_ = system::CgroupNames::of_host();
};

// What a recording knows of them: while it is made, and when it is replayed.
class RecordedCgroups final : public sinks::CgroupDirectory {
 public:
  using Find = std::function<const sinks::CgroupName*(std::uint64_t id)>;
  explicit RecordedCgroups(Find find) : find_(std::move(find)) {}
  const sinks::CgroupName* find(std::uint64_t id) override { return find_(id); }

 private:
  Find find_;
};

}  // namespace tcptwin::commands
