// SPDX-License-Identifier: MIT
#include "sources/stream_counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>

namespace tcptwin::sources {

StreamCounters::StreamCounters()
    : per_cpu_(static_cast<std::size_t>(std::max(libbpf_num_possible_cpus(), 1)) *
               TCPTWIN_COUNTERS) {}

void StreamCounters::watch_program(int program_descriptor, bool refusal_loses) {
  if (refusal_loses) program_descriptors_.push_back(program_descriptor);
}

void StreamCounters::read_map(tcptwin_status& status) {
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(map_descriptor_, &zero, per_cpu_.data()) != 0) return;
  for (std::size_t i = 0; i < per_cpu_.size(); ++i) {
    status.counters[i % TCPTWIN_COUNTERS] += per_cpu_[i];
  }
}

void StreamCounters::read_recursion_misses(KernelTime now, bool busy) {
  constexpr Duration kInterval = std::chrono::milliseconds{10};
  misses_outdated_ = misses_outdated_ || busy;
  if (misses_outdated_ && busy && now - misses_read_ < kInterval) return;
  misses_known_until_ = now;
  if (!misses_outdated_) return;
  recursion_misses_ = 0;
  for (const int descriptor : program_descriptors_) {
    bpf_prog_info facts{};
    std::uint32_t length = sizeof facts;
    if (bpf_obj_get_info_by_fd(descriptor, &facts, &length) == 0) {
      recursion_misses_ += facts.recursion_misses;
    }
  }
  misses_read_ = now;
  misses_outdated_ = busy;
}

tcptwin_status StreamCounters::status(KernelTime complete_until, KernelTime now, bool busy) {
  tcptwin_status status{};
  status.header.kind = TCPTWIN_STATUS;
  status.header.size = sizeof status;
  status.header.version = TCPTWIN_WIRE_VERSION;
  read_map(status);
  read_recursion_misses(now, busy);
  const KernelTime known_until = std::min(complete_until, misses_known_until_);
  status.header.time_ns = static_cast<std::uint64_t>(to_ns(known_until));
  status.counters[TCPTWIN_RECURSION_MISSES] = recursion_misses_;
  status.counters[TCPTWIN_RECEIVED] = received_;
  return status;
}

}  // namespace tcptwin::sources
