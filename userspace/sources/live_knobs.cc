// SPDX-License-Identifier: MIT
#include "sources/live_knobs.h"

#include <time.h>

#include "sources/call_path_symbols.h"
#include "sources/helper_probe.h"

namespace tcptwin::sources {

namespace {

std::uint8_t call_path_choice(CallPaths choice) {
  switch (choice) {
    case CallPaths::Never:
      return TCPTWIN_CALL_PATHS_NEVER;
    case CallPaths::Suspicious:
      return TCPTWIN_CALL_PATHS_SUSPICIOUS;
    case CallPaths::All:
      return TCPTWIN_CALL_PATHS_ALL;
  }
  return TCPTWIN_CALL_PATHS_NEVER;
}

std::uint8_t arguments_before_result(const KernelBtf& kernel, const std::string& function) {
  if (!kernel.function_returns(function)) return 0;
  return static_cast<std::uint8_t>(kernel.function_arguments(function).value_or(0));
}

// What differs between kernels in the functions that bpf/exact.bpf.c hooks.
void tell_about_functions(tcptwin_knobs& knobs, const KernelBtf& kernel) {
  knobs.hashdance_schedules = kernel.function_type("inet_twsk_hashdance_schedule").has_value();
  knobs.hash_add_arguments = arguments_before_result(kernel, "inet_csk_reqsk_queue_hash_add");
  knobs.accept_arguments = arguments_before_result(kernel, "inet_csk_accept");
  knobs.timewait_arguments = arguments_before_result(kernel, "tcp_timewait_state_process");
}

}  // namespace

std::uint8_t port_lists(const KernelFilter& filter) {
  unsigned lists = 0;
  if (!filter.local_ports.empty()) lists |= TCPTWIN_PORT_LOCAL;
  if (!filter.remote_ports.empty()) lists |= TCPTWIN_PORT_REMOTE;
  if (!filter.either_ports.empty()) lists |= TCPTWIN_PORT_EITHER;
  return static_cast<std::uint8_t>(lists);
}

// The coarse clock advances with the jiffies, so its resolution is one of them. No reading of
// kernel configurations, no measuring.
std::uint64_t ns_per_jiffy() {
  constexpr long kShortest = 900'000;    // 1000 Hz
  constexpr long kLongest = 10'100'000;  // 100 Hz
  timespec resolution{};
  if (::clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_sec != 0) return 0;
  const bool is_jiffy = resolution.tv_nsec >= kShortest && resolution.tv_nsec <= kLongest;
  return is_jiffy ? static_cast<std::uint64_t>(resolution.tv_nsec) : 0;
}

tcptwin_knobs knobs_for(const LiveOptions& options, const KernelBtf& kernel,
                        const KernelSymbols& symbols, const TierPlan& plan) {
  constexpr std::uint16_t kInet = 2;
  constexpr std::uint16_t kInet6 = 10;
  const KernelFilter& filter = options.filter;
  tcptwin_knobs knobs{};
  knobs.time_wait_handler = symbols.time_wait_handler;
  knobs.request_handler = symbols.request_handler;
  knobs.softirq_begin = symbols.softirq_begin;
  knobs.softirq_end = symbols.softirq_end;
  knobs.ns_per_jiffy = ns_per_jiffy();
  knobs.filter_cgroup = filter.cgroup.value_or(0);
  knobs.filter_pid = filter.pid.value_or(0);
  knobs.filter_netns = filter.netns.value_or(0);
  if (filter.family) knobs.filter_family = *filter.family == Family::Inet ? kInet : kInet6;
  knobs.filter_ports = port_lists(filter);
  knobs.have_cookie = can_read_socket_cookie(kernel);
  if (!options.traces) return knobs;  // the rest costs time, and no iterator looks at it
  knobs.every_segment = options.every_segment;
  knobs.call_paths = call_path_choice(options.call_paths);
  knobs.name_frames = options.name_frames_in_kernel || !CallPathSymbols::can_symbolise();
  knobs.have_snprintf = can_name_symbols();
  knobs.have_reason = kernel.tracepoint_arguments("tcp_send_reset").value_or(0) >= 3;
  tell_about_functions(knobs, kernel);
  const bool both = options.tiers == TierChoice::Both;
  knobs.minisocket_timers = both || !plan.is_exact(Part::Minisockets);
  knobs.request_timers = both || !plan.is_exact(Part::Requests);
  return knobs;
}

std::map<std::uint32_t, std::uint32_t> listed_ports(const KernelFilter& filter) {
  std::map<std::uint32_t, std::uint32_t> ports;
  for (const std::uint16_t port : filter.local_ports) ports[port] |= TCPTWIN_PORT_LOCAL;
  for (const std::uint16_t port : filter.remote_ports) ports[port] |= TCPTWIN_PORT_REMOTE;
  for (const std::uint16_t port : filter.either_ports) ports[port] |= TCPTWIN_PORT_EITHER;
  return ports;
}

}  // namespace tcptwin::sources
