// SPDX-License-Identifier: MIT
#include "sinks/metric_catalogue.h"

#include <fmt/format.h>

#include <iterator>

namespace tcptwin::sinks {
namespace {

using enum Metric;
using G = MetricGroup;
using K = MetricKind;

constexpr std::string_view kStates =
    "`state`: kernel names as node_exporter has them; half-open connections are `new_syn_recv`";

// clang-format off
constexpr std::array<MetricRow, kMetricCount> kRows = {{
    {Sockets, G::Connections, K::Gauge, "tcptwin_sockets", "TCP sockets in each state now, in every network namespace, TIME_WAIT and half-open connections included", {"state"}, kStates},
    {StuckSockets, G::Connections, K::Gauge, "tcptwin_stuck_sockets", "Sockets that are in their state for longer than is healthy", {"state"}, "as `tcptwin stuck` finds them"},
    {Opened, G::Connections, K::Counter, "tcptwin_connections_opened_total", "Connections whose first SYN was sent or received", {"role"}, "`role`: `active` (connect), `passive` (accept)"},
    {Transitions, G::Connections, K::Counter, "tcptwin_transitions_total", "State changes, by what caused them", {"from", "to", "cause"}, "each change that RFC 9293 or the Linux dialect knows; any other gets its series when it occurs, 256 at most, then `other`"},
    {StateDuration, G::Connections, K::Histogram, "tcptwin_state_duration_seconds", "How long a state was held, where its beginning was seen", {"state"}, kStates},
    {HandshakeDuration, G::Connections, K::Histogram, "tcptwin_handshake_duration_seconds", "Time from the SYN to ESTABLISHED; passive: from the SYN to the third ACK", {"role"}, "`role`: `active`, `passive`"},
    {HandshakeFailures, G::Connections, K::Counter, "tcptwin_handshake_failures_total", "Connections that ended before they were established", {"role", "reason"}, "`reason`: how they ended: `refused`, `timeout`, `unreachable`, `rst_received` ..."},
    {Closed, G::Connections, K::Counter, "tcptwin_connections_closed_total", "Connections that ended: by whom, how and why", {"closed_by", "how", "why"}, "the words of `tcptwin life`; any other combination gets its series when it occurs, 64 at most, then `other`"},
    {StuckFound, G::Connections, K::Counter, "tcptwin_stuck_found_total", "Findings of `tcptwin stuck`, repeated ones not counted", {"kind"}, ""},

    {UnitOpened, G::Owners, K::Counter, "tcptwin_unit_connections_opened_total", "Connections of the unit whose first SYN was sent or received", {"unit", "container", "role"}, "`unit`: the systemd unit, or the cgroup's path; `container`: its short id; `role`: `active`, `passive`"},
    {UnitClosed, G::Owners, K::Counter, "tcptwin_unit_connections_closed_total", "Connections of the unit that ended, by how", {"unit", "container", "how"}, "the words of `tcptwin life`"},
    {UnitStuck, G::Owners, K::Counter, "tcptwin_unit_stuck_found_total", "Connections of the unit that were found stuck", {"unit", "container"}, ""},
    {PortRequests, G::Owners, K::Counter, "tcptwin_listener_requests_total", "SYNs that a listener on the port took, in any network namespace", {"port"}, ""},
    {PortHandshakes, G::Owners, K::Counter, "tcptwin_listener_handshakes_total", "Handshakes at the port that were finished", {"port"}, ""},
    {PortFailures, G::Owners, K::Counter, "tcptwin_listener_failures_total", "Half-open connections at the port that came to nothing", {"port", "cause"}, "`request_timeout`, `request_dropped`, `request_reset_bad_syn`, `accept_overflow_reset`, `other`"},
    {PortHalfOpen, G::Owners, K::Gauge, "tcptwin_half_open", "Half-open connections at the port now, in any network namespace: a SYN came, the third ACK did not yet", {"port"}, "what `ss` shows as SYN-RECV"},

    {Verdicts, G::Judgement, K::Counter, "tcptwin_verdicts_total", "State changes by verdict", {"verdict"}, "`conformant`, `deviation`, `divergence`, `unverified`, `gap`"},
    {Divergences, G::Judgement, K::Counter, "tcptwin_divergences_total", "What neither RFC 9293 nor the Linux dialect explains", {"kind"}, "[the kinds](causes-and-divergences.md)"},
    {Deviations, G::Judgement, K::Counter, "tcptwin_deviations_total", "State changes that a documented habit of Linux explains", {"id"}, "`L01` ... `L56`"},

    {RecordsEmitted, G::Sight, K::Counter, "tcptwin_records_emitted_total", "Records that the kernel side took down, those that found no room included", {}, ""},
    {RecordsReceived, G::Sight, K::Counter, "tcptwin_records_received_total", "Records that arrived: emitted = received + lost in the ring buffer", {}, ""},
    {Lost, G::Sight, K::Counter, "tcptwin_events_lost_total", "Events that are known to be lost, by the stage that lost them", {"stage"}, "[docs/loss.md](loss.md)"},
    {MptcpSkipped, G::Sight, K::Counter, "tcptwin_mptcp_skipped_total", "Events of MPTCP master sockets, which are left out", {}, ""},
    {GapsHealed, G::Sight, K::Counter, "tcptwin_gaps_healed_total", "Connections that were seen right again after a gap", {}, "gaps: `tcptwin_verdicts_total{verdict=\"gap\"}`"},
    {SettledEarly, G::Sight, K::Counter, "tcptwin_settled_early_total", "State changes that were judged before all their evidence could come: too many waited", {}, ""},
    {TableEntries, G::Sight, K::Gauge, "tcptwin_table_entries", "Connections and listeners in the table", {}, ""},
    {TableCapacity, G::Sight, K::Gauge, "tcptwin_table_capacity", "What the table can hold", {}, ""},
    {TableEvictions, G::Sight, K::Counter, "tcptwin_table_evictions_total", "Connections that had to make room in the full table", {}, ""},
    {Reconciliations, G::Sight, K::Counter, "tcptwin_reconcile_runs_total", "Comparisons with the kernel's own socket table", {}, ""},
    {ReconcileDifferences, G::Sight, K::Counter, "tcptwin_reconcile_differences_total", "Differences that were found and healed", {"kind"}, "`missing`, `ghost`, `mismatch`"},
    {ReconcileAdopted, G::Sight, K::Counter, "tcptwin_reconcile_adopted_total", "Connections older than the service that were taken over", {}, ""},
    {ReconcileSockets, G::Sight, K::Gauge, "tcptwin_reconcile_sockets", "Sockets that the kernel showed at the latest comparison", {}, ""},
    {ReconcileNamespaces, G::Sight, K::Gauge, "tcptwin_reconcile_namespaces", "Network namespaces at the latest comparison", {"result"}, "`listed`, `refused`"},
    {ReconcileComplete, G::Sight, K::Gauge, "tcptwin_reconcile_complete", "1 if the latest comparison could see everything", {}, ""},
    {ReconcileTime, G::Sight, K::Gauge, "tcptwin_reconcile_last_timestamp_seconds", "When the latest comparison was made; 0 before the first", {}, ""},

    {VerdictDelay, G::Service, K::Histogram, "tcptwin_verdict_delay_seconds", "From the kernel's state change to its verdict; a change into CLOSE waits up to 20 ms for its evidence", {}, ""},
    {RingBytes, G::Service, K::Gauge, "tcptwin_ring_buffer_bytes", "Size of the ring buffer between kernel and service", {}, ""},
    {Tier, G::Service, K::Gauge, "tcptwin_tier_info", "1 for each tier that is in use", {"tier"}, "`t0`, `t1`, `t2`: see `tcptwin doctor`"},
    {ProgramAttached, G::Service, K::Gauge, "tcptwin_bpf_program_attached", "1 if the program runs, 0 if the kernel or our rights do not allow it", {"program"}, ""},
    {ProgramRuns, G::Service, K::Counter, "tcptwin_bpf_program_runs_total", "Runs of the program, while the kernel counts them", {"program"}, "see `tcptwin_bpf_statistics_enabled`"},
    {ProgramSeconds, G::Service, K::Counter, "tcptwin_bpf_program_run_seconds_total", "Time the program took, while the kernel counts it", {"program"}, ""},
    {ProgramMisses, G::Service, K::Counter, "tcptwin_bpf_program_recursion_misses_total", "Runs that the kernel refused because the program was running on that CPU", {"program"}, ""},
    {BpfStatistics, G::Service, K::Gauge, "tcptwin_bpf_statistics_enabled", "1 while the kernel counts runs and run time (kernel.bpf_stats_enabled)", {}, ""},
    {ConfigReloaded, G::Service, K::Gauge, "tcptwin_config_last_reload_successful", "1 if the configuration was good when it was last read, 0 if it was refused and the former one holds", {}, ""},
    {ConfigReloadTime, G::Service, K::Gauge, "tcptwin_config_last_reload_success_timestamp_seconds", "When a good configuration was last read", {}, ""},
    {ControlClients, G::Service, K::Gauge, "tcptwin_control_clients", "Commands that are connected to the control socket", {}, ""},
    {ControlRequests, G::Service, K::Counter, "tcptwin_control_requests_total", "What commands asked over the control socket", {"request"}, "`table`, `stuck`, `findings`"},
    {ControlRefused, G::Service, K::Counter, "tcptwin_control_refused_total", "Clients of the control socket that were turned away", {"reason"}, "`permission`, `busy`, `malformed` (or another build of tcptwin), `slow`"},
    {ControlMissed, G::Service, K::Counter, "tcptwin_control_missed_findings_total", "Findings that clients of the control socket were too slow for", {}, ""},
    {ControlPause, G::Service, K::Counter, "tcptwin_control_pause_seconds_total", "Time for which answers to the control socket held up the thread that judges; events wait in the ring buffer meanwhile", {}, ""},
    {BuildInfo, G::Service, K::Gauge, "tcptwin_build_info", "Always 1", {"version", "revision", "libbpf"}, ""},
    {ProcessCpu, G::Service, K::Counter, "process_cpu_seconds_total", "User and system CPU time of the service", {}, ""},
    {ProcessResident, G::Service, K::Gauge, "process_resident_memory_bytes", "Resident memory of the service", {}, "with the pages of the ring buffer that were used so far, which grow to twice its size"},
    {ProcessVirtual, G::Service, K::Gauge, "process_virtual_memory_bytes", "Virtual memory of the service", {}, ""},
    {ProcessOpenFds, G::Service, K::Gauge, "process_open_fds", "Open file descriptors", {}, ""},
    {ProcessMaxFds, G::Service, K::Gauge, "process_max_fds", "File descriptors that may be open", {}, ""},
    {ProcessStart, G::Service, K::Gauge, "process_start_time_seconds", "When the service was started, in seconds since 1970", {}, ""},
}};
// clang-format on

constexpr bool rows_stand_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].metric != static_cast<Metric>(i)) return false;
  }
  return true;
}
static_assert(rows_stand_in_order());

std::string labels_text(const MetricRow& row) {
  std::string text;
  for (const std::string_view name : row.labels) {
    if (name.empty()) break;
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
  }
  return text;
}

}  // namespace

std::string_view label(MetricKind kind) {
  constexpr std::array<std::string_view, 3> kLabels = {"counter", "gauge", "histogram"};
  return kLabels[static_cast<std::size_t>(kind)];
}

std::string_view title(MetricGroup group) {
  constexpr std::array<std::string_view, 5> kTitles = {
      "Connections", "By unit, container and listening port", "Judgement", "How well it sees",
      "The service itself"};
  return kTitles[static_cast<std::size_t>(group)];
}

std::span<const MetricRow> metric_catalogue() {
  return kRows;
}

const MetricRow& row(Metric metric) {
  return kRows[static_cast<std::size_t>(metric)];
}

std::string catalogue_markdown() {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const MetricRow& row : kRows) {
    const bool begins = row.metric == Metric::Sockets ||
                        kRows[static_cast<std::size_t>(row.metric) - 1].group != row.group;
    if (begins) {
      fmt::format_to(out, "{}## {}\n\n| metric | type | labels | |\n| --- | --- | --- | --- |\n",
                     text.empty() ? "" : "\n", title(row.group));
    }
    fmt::format_to(out, "| `{}` | {} | {} | {}{}{} |\n", row.name, label(row.kind),
                   labels_text(row), row.help, row.values.empty() ? "" : "; ", row.values);
  }
  return text;
}

}  // namespace tcptwin::sinks
