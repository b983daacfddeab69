// SPDX-License-Identifier: MIT
// The programs of the kernel side: where each one hangs, what it needs, what is lost without it,
// and which of them run where two tiers can show the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "sources/kernel_btf.h"

namespace tcptwin::sources {

// Which tier shows what both can show: T0 by tracepoints, T2 by hooks on the kernel's functions.
enum class TierChoice : std::uint8_t {
  Best,             // T2 where the kernel permits it, else T0
  TracepointsOnly,  // T0
  Both,             // side by side, every event twice: for tests that compare them
};

// What a program shows, as far as two tiers can.
enum class Part : std::uint8_t {
  None,         // no other tier shows it
  Timers,       // T0: what Minisockets and Requests show at T2
  Minisockets,  // T2: TIME_WAIT and the orphan's FIN_WAIT2
  Requests,     // T2: half-open connections
  Segments,     // what reaches a minisocket: a tracepoint, or at T2 where that does not tell
  Accepts,      // T2: accept(), which T0 only bounds
  Wire,         // segments at network devices, where they are asked for
};
inline constexpr std::array<Part, 4> kExactParts = {Part::Minisockets, Part::Requests,
                                                    Part::Segments, Part::Accepts};
std::string_view label(Part part);     // "request sockets"
std::string_view degrades(Part part);  // what is lost where T2 does not show it

inline constexpr std::string_view kSegmentsUnseen =
    "what ends a TIME_WAIT early (RST, data, ss -K) looks alike, and a FIN after close() shows "
    "late";

struct PlannedProgram {
  std::string_view name;    // as in bpf/*.bpf.c
  std::string_view kind;    // "tp_btf", "raw_tp", "iter", "fentry" or "fexit"
  std::string_view target;  // a tracepoint, "inet_sock_set_state", a function, or what is iterated
  unsigned arguments;       // at least as many must the tracepoint or function have
  bool required;
  bool evidence;                 // verdicts rest on what it shows
  std::string_view degrades;     // what is lost without it
  std::string_view helper = {};  // a BPF helper that it needs beyond those of 5.8
  std::string_view helper_since = {};
  Part part = Part::None;
  std::string_view only_with = {};  // of use only where the kernel has this function

  bool is_iterator() const { return kind == "iter"; }
  bool is_exact() const { return kind == "fentry" || kind == "fexit"; }  // tier T2
};

constexpr PlannedProgram timers(std::string_view name, std::string_view tracepoint,
                                std::string_view degrades) {
  return {name, "tp_btf", tracepoint, 1, false, true, degrades, {}, {}, Part::Timers};
}

constexpr PlannedProgram hook(Part part, std::string_view kind, std::string_view function,
                              std::string_view name, unsigned arguments,
                              std::string_view only_with = {}) {
  const bool evidence = part == Part::Minisockets || part == Part::Requests;
  return {name, kind, function, arguments, false, evidence, "", {}, {}, part, only_with};
}

inline constexpr std::array<PlannedProgram, 27> kPlannedPrograms = {{
    {"state_changes_nested", "tp_btf", "inet_sock_set_state", 3, false, false,
     "state changes that interrupt state_changes are lost (counted)"},
    {"state_changes", "tp_btf", "inet_sock_set_state", 3, true, true, "everything"},
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
    {"minisocket_segments", "tp_btf", "kfree_skb", 4, false, false, kSegmentsUnseen, "", "",
     Part::Segments},
    {"segments_sent", "tp_btf", "net_dev_queue", 1, false, false,
     "--segments shows nothing that was sent", "", "", Part::Wire},
    {"segments_received", "tp_btf", "netif_receive_skb", 1, false, false,
     "--segments shows nothing that was received", "", "", Part::Wire},
    timers("timers_started", "timer_start", "TIME_WAIT and half-open connections are not seen"),
    timers("timers_cancelled", "timer_cancel",
           "the ends of TIME_WAIT and half-open connections are not seen"),
    timers("timers_expired", "timer_expire_entry", "expired and killed TIME_WAIT look alike"),
    hook(Part::Minisockets, "fentry", "inet_twsk_hashdance_schedule", "minisockets_started", 1,
         "inet_twsk_hashdance_schedule"),
    hook(Part::Minisockets, "fentry", "__inet_twsk_schedule", "minisockets_scheduled", 3),
    hook(Part::Minisockets, "fentry", "tw_timer_handler", "minisockets_expired", 1),
    hook(Part::Minisockets, "fentry", "inet_twsk_kill", "minisockets_killed", 1),
    hook(Part::Requests, "fexit", "inet_csk_reqsk_queue_hash_add", "requests_added", 2),
    hook(Part::Requests, "fentry", "reqsk_timer_handler", "requests_expired", 1),
    hook(Part::Requests, "fexit", "reqsk_timer_handler", "requests_kept", 1),
    hook(Part::Requests, "fentry", "inet_ehash_insert", "requests_migrated", 2,
         "reuseport_migrate_sock"),
    hook(Part::Requests, "fentry", "__inet_csk_reqsk_queue_drop", "requests_dropped", 2),
    hook(Part::Segments, "fexit", "tcp_timewait_state_process", "segments_at_minisockets", 2),
    hook(Part::Accepts, "fexit", "inet_csk_accept", "accepted", 2),
    {"existing_sockets", "iter", "tcp", 0, false, false,
     "sockets older than the start are not listed"},
    {"socket_holders", "iter", "task_file", 0, false, false,
     "the processes that hold a socket are not listed", "bpf_sock_from_file", "5.11"},
}};

// Why this program cannot run on this kernel; "" if nothing speaks against it.
std::string obstacle(const PlannedProgram& program, const KernelBtf& kernel);
// This kernel has what the program is there for.
bool is_of_use(const PlannedProgram& program, const KernelBtf& kernel);

// What is known of the programs on this kernel, by name.
struct ProgramFacts {
  std::map<std::string, std::string, std::less<>> obstacles;  // what speaks against it
  std::set<std::string, std::less<>> useless;
};

// Which programs run.
struct TierPlan {
  std::set<std::string, std::less<>> chosen;
  std::map<std::string, std::string, std::less<>> missing;  // wanted: why they do not run
  std::map<Part, std::string> inexact;  // parts that T2 could show: why it does not

  bool runs(std::string_view program) const { return chosen.contains(program); }
  bool is_exact(Part part) const { return !inexact.contains(part); }
};
// A part is exact altogether or not at all, and where it is, nothing else shows it (unless Both).
TierPlan plan_tiers(const ProgramFacts& facts, TierChoice choice);

}  // namespace tcptwin::sources
