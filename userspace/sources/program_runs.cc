// SPDX-License-Identifier: MIT
#include "sources/program_runs.h"

#include <bpf/bpf.h>

#include <fstream>

namespace tcptwin::sources {

ProgramRuns read_program_runs(int program_descriptor) {
  bpf_prog_info facts{};
  std::uint32_t length = sizeof facts;
  if (bpf_obj_get_info_by_fd(program_descriptor, &facts, &length) != 0) return {};
  return {facts.run_cnt, Duration{static_cast<std::int64_t>(facts.run_time_ns)},
          facts.recursion_misses};
}

bool bpf_statistics_are_on() {
  std::ifstream file{"/proc/sys/kernel/bpf_stats_enabled"};
  int value = 0;
  return (file >> value) && value != 0;
}

}  // namespace tcptwin::sources
