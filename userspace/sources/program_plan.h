// SPDX-License-Identifier: MIT
// The programs of the kernel side: where each one hangs, what it needs, what is lost without it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sources/kernel_btf.h"

namespace tcptwin::sources {

struct PlannedProgram {
  std::string_view name;    // as in bpf/*.bpf.c
  std::string_view kind;    // "tp_btf", "raw_tp" or "iter"
  std::string_view target;  // a tracepoint, "inet_sock_set_state", or what is iterated, "tcp"
  unsigned arguments;       // at least as many must the tracepoint have
  bool required;
  bool evidence;                 // verdicts rest on what it shows
  std::string_view degrades;     // what is lost without it
  std::string_view helper = {};  // a BPF helper that it needs beyond those of 5.8
  std::string_view helper_since = {};

  bool is_iterator() const { return kind == "iter"; }
};

inline constexpr std::array<PlannedProgram, 14> kPlannedPrograms = {{
    {"state_changes", "tp_btf", "inet_sock_set_state", 3, true, true, "everything"},
    {"state_changes_nested", "tp_btf", "inet_sock_set_state", 3, false, false,
     "state changes in a softirq that interrupts state_changes are lost (counted)"},
    {"resets_received", "tp_btf", "tcp_receive_reset", 1, false, true,
     "a reset from the peer is told from other ends by sk_err alone"},
    {"resets_sent", "raw_tp", "tcp_send_reset", 2, false, true,
     "aborts are told apart by the socket's fields alone"},
    {"error_reports", "tp_btf", "inet_sk_error_report", 1, false, true,
     "a disconnected listener and a failed listen() look alike"},
    {"sockets_destroyed", "tp_btf", "tcp_destroy_sock", 1, false, true,
     "closes are judged by time-out, up to 20 ms later"},
    {"retransmits", "tp_btf", "tcp_retransmit_skb", 2, false, false,
     "retransmissions are not shown"},
    {"synack_retransmits", "tp_btf", "tcp_retransmit_synack", 2, false, false,
     "SYN+ACK retransmissions are not shown"},
    {"minisocket_segments", "tp_btf", "kfree_skb", 4, false, false,
     "what ends a TIME_WAIT early (RST, data, ss -K) looks alike, and a FIN after close() shows "
     "late"},
    {"timers_started", "tp_btf", "timer_start", 1, false, true,
     "TIME_WAIT and half-open connections are not seen"},
    {"timers_cancelled", "tp_btf", "timer_cancel", 1, false, true,
     "the ends of TIME_WAIT and half-open connections are not seen"},
    {"timers_expired", "tp_btf", "timer_expire_entry", 1, false, true,
     "expired and killed TIME_WAIT look alike"},
    {"existing_sockets", "iter", "tcp", 0, false, false,
     "sockets older than the start are not listed"},
    {"socket_holders", "iter", "task_file", 0, false, false,
     "the processes that hold a socket are not listed", "bpf_sock_from_file", "5.11"},
}};

// Why this program cannot run on this kernel; "" if nothing speaks against it.
std::string obstacle(const PlannedProgram& program, const KernelBtf& kernel);

}  // namespace tcptwin::sources
