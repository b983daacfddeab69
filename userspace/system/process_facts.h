// SPDX-License-Identifier: MIT
// What this process uses, as the process_* metrics of Prometheus' own clients tell it.
#pragma once

#include <cstdint>

namespace tcptwin::system {

struct ProcessFacts {
  double cpu_seconds = 0;  // user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
  double start_seconds = 0;  // since 1970
};

// Zero where /proc cannot tell.
ProcessFacts read_process_facts();

}  // namespace tcptwin::system
