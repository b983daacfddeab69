// SPDX-License-Identifier: MIT
// The counters behind TCPTWIN_STATUS: the kernel side's, summed over the CPUs, and our own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {

class StreamCounters {
 public:
  StreamCounters();

  // Descriptors are borrowed.
  void watch_counters(int map_descriptor) { map_descriptor_ = map_descriptor; }
  // A run that the recursion guard refuses loses something only if the program has a task of its
  // own: the side program runs for nothing most of the time.
  void watch_program(int program_descriptor, bool refusal_loses);

  void add_received(std::size_t records) { received_ += records; }
  // `busy`: records came since the last status. Refused runs are read only every 10 ms then, but
  // always once the stream falls silent; the status promises nothing beyond what it has read.
  tcptwin_status status(KernelTime complete_until, KernelTime now, bool busy);

 private:
  void read_map(tcptwin_status& status);
  void read_recursion_misses(KernelTime now, bool busy);

  int map_descriptor_ = -1;
  std::vector<int> program_descriptors_;
  std::vector<std::uint64_t> per_cpu_;  // TCPTWIN_COUNTERS values a CPU
  std::uint64_t received_ = 0;
  std::uint64_t recursion_misses_ = 0;
  bool misses_outdated_ = true;
  KernelTime misses_read_{};
  KernelTime misses_known_until_{};
};

}  // namespace tcptwin::sources
