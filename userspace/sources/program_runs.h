// SPDX-License-Identifier: MIT
// What the kernel knows of a BPF program's runs, for the metrics of the service.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace tcptwin::sources {

struct ProgramRuns {
  std::uint64_t runs = 0;  // counted, like their time, only while kernel.bpf_stats_enabled is on
  Duration time{};
  std::uint64_t recursion_misses = 0;  // counted always
};

// Zero where the kernel does not tell. Needs no rights beyond the descriptor.
ProgramRuns read_program_runs(int program_descriptor);

// The kernel counts runs and their time (kernel.bpf_stats_enabled).
bool bpf_statistics_are_on();

}  // namespace tcptwin::sources
