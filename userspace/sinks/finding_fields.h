// SPDX-License-Identifier: MIT
// The fields of what passes from a running service to a command that asks it, each list in one
// place for writing, reading and the shape that both sides compare. Used by finding_bytes.cc alone.
#pragma once

#include <concepts>
#include <type_traits>

#include "sinks/cgroup_directory.h"
#include "sinks/finding_bytes.h"

namespace tcptwin::sinks {

template <typename T, typename Wanted>
concept Is = std::same_as<std::remove_cvref_t<T>, Wanted>;

// The last value of each enumeration: what is beyond was not written by us.
template <typename E>
inline constexpr E kLastOf = E::kNoLastIsKnown;
template <>
inline constexpr Family kLastOf<Family> = Family::Inet6;
template <>
inline constexpr tracker::Role kLastOf<tracker::Role> = tracker::Role::Listener;
template <>
inline constexpr tracker::OwnerConfidence kLastOf<tracker::OwnerConfidence> =
    tracker::OwnerConfidence::Holder;
template <>
inline constexpr tracker::ObservedBy kLastOf<tracker::ObservedBy> = tracker::ObservedBy::Exact;
template <>
inline constexpr tracker::LossPlace kLastOf<tracker::LossPlace> = tracker::LossPlace::Recording;
template <>
inline constexpr tracker::StuckKind kLastOf<tracker::StuckKind> = tracker::StuckKind::OtherEndGone;
template <>
inline constexpr tracker::PendingTimer kLastOf<tracker::PendingTimer> =
    tracker::PendingTimer::Probe;
template <>
inline constexpr model::State kLastOf<model::State> = model::State::TimeWait;
template <>
inline constexpr model::Holder kLastOf<model::Holder> = model::Holder::RequestSocket;
template <>
inline constexpr model::Context kLastOf<model::Context> = model::Context::Softirq;
template <>
inline constexpr model::Cause kLastOf<model::Cause> = static_cast<model::Cause>(model::kCauseCount -
                                                                                1);
template <>
inline constexpr model::Verdict kLastOf<model::Verdict> = model::Verdict::Gap;
template <>
inline constexpr model::Confidence kLastOf<model::Confidence> = model::Confidence::C;
template <>
inline constexpr model::DivergenceKind kLastOf<model::DivergenceKind> =
    static_cast<model::DivergenceKind>(model::kDivergenceKindCount - 1);
template <>
inline constexpr model::DialectId kLastOf<model::DialectId> = model::dialect(model::kDialectCount);
template <>
inline constexpr model::EndedBy kLastOf<model::EndedBy> =
    static_cast<model::EndedBy>(model::kEndedByCount - 1);
template <>
inline constexpr model::EndedHow kLastOf<model::EndedHow> =
    static_cast<model::EndedHow>(model::kEndedHowCount - 1);

void fields(Is<ConnectionId> auto& id, auto&& on) {
  on(id.cookie, id.generation);
}
void fields(Is<Address> auto& address, auto&& on) {
  on(address.family, address.bytes);
}
void fields(Is<Endpoint> auto& endpoint, auto&& on) {
  on(endpoint.address, endpoint.port);
}
void fields(Is<Tuple> auto& tuple, auto&& on) {
  on(tuple.netns, tuple.local, tuple.remote);
}
void fields(Is<model::MirrorState> auto& state, auto&& on) {
  on(state.state, state.holder);
}
void fields(Is<model::Ending> auto& ending, auto&& on) {
  on(ending.by, ending.how, ending.why);
}
void fields(Is<model::Snapshot> auto& socket, auto&& on) {
  on(socket.snd_una, socket.snd_nxt, socket.write_seq, socket.rcv_nxt, socket.copied_seq);
  on(socket.segs_in, socket.segs_out, socket.bytes_acked, socket.bytes_received);
  on(socket.total_retrans, socket.srtt_us, socket.error, socket.error_soft, socket.mss);
  on(socket.retransmits, socket.probes_out, socket.send_wscale, socket.receive_wscale);
  on(socket.receive_shutdown, socket.send_shutdown, socket.dead, socket.done, socket.keepopen);
  on(socket.linger_zero, socket.linger2_negative, socket.has_socket, socket.repair);
  on(socket.fastopen_connect, socket.fastopen_request, socket.fastopen_child, socket.syn_data);
  on(socket.syn_data_acked, socket.syn_fastopen, socket.mptcp, socket.timestamps, socket.sack);
  on(socket.window_scale, socket.user_timeout);
}
void fields(Is<tracker::Actor> auto& actor, auto&& on) {
  on(actor.pid, actor.tid, actor.uid, actor.comm);
}
void fields(Is<tracker::Owner> auto& owner, auto&& on) {
  on(owner.confidence);
  if (owner.is_known()) on(owner.actor);
}
void fields(Is<tracker::Owners> auto& owners, auto&& on) {
  on(owners.creator, owners.last_user, owners.closer);
}
void fields(Is<tracker::ConnectionIdentity> auto& connection, auto&& on) {
  on(connection.id, connection.tuple, connection.role, connection.cgroup, connection.mptcp);
  on(connection.adopted);
}
void fields(Is<tracker::OtherEnd> auto& end, auto&& on) {
  on(end.id, end.tuple, end.state, end.owner, end.is_gone);
}
void fields(Is<tracker::HistoryEntry> auto& entry, auto&& on) {
  on(entry.time, entry.to, entry.cause, entry.verdict, entry.dialect);
}
void fields(Is<tracker::PathEntry> auto& entry, auto&& on) {
  on(entry.state, entry.span, entry.span_at_least);
}
void fields(Is<tracker::HalfClosed> auto& half, auto&& on) {
  on(half.by_local, half.span, half.bytes);
}
// Without its evidence, which only `trace` shows.
void fields(Is<tracker::Step> auto& step, auto&& on) {
  on(step.time, step.connection, step.from, step.to, step.dwell, step.dwell_at_least, step.cause);
  on(step.verdict, step.confidence, step.dialect, step.rule, step.reason, step.observed_by);
  on(step.context, step.owner);
}
// Without evidence and call path.
void fields(Is<tracker::Divergence> auto& found, auto&& on) {
  on(found.time, found.kind, found.connection, found.owner, found.from, found.observed);
  on(found.expected, found.cause, found.measured, found.lower_bound, found.upper_bound);
  on(found.history, found.history_length);
}
void fields(Is<tracker::Loss> auto& loss, auto&& on) {
  on(loss.time, loss.where, loss.lost);
}
void fields(Is<tracker::Life> auto& life, auto&& on) {
  on(life.ended, life.connection, life.owners, life.path_length);
  on.first_of(life.path, life.path_length);
  on(life.ending);
  on(life.duration, life.duration_at_least, life.handshake, life.accept_wait_at_least);
  on(life.accept_wait_at_most, life.never_accepted, life.half_closed, life.bytes_in);
  on(life.bytes_out, life.iss, life.irs, life.synack_retransmits, life.last, life.verdict);
  on(life.other_end);
}
void fields(Is<tracker::Stuck> auto& stuck, auto&& on) {
  on(stuck.time, stuck.kind, stuck.connection, stuck.state, stuck.owners, stuck.age);
  on(stuck.age_at_least, stuck.threshold, stuck.connections, stuck.unacknowledged);
  on(stuck.is_repeated);
}
void fields(Is<tracker::Reconciliation> auto& found, auto&& on) {
  on(found.time, found.number, found.sockets, found.namespaces, found.refused, found.adopted);
  on(found.missing, found.ghosts, found.mismatches, found.suspected, found.unseen_in_mirror);
  on(found.is_complete);
}
void fields(Is<tracker::StreamStatus> auto& status, auto&& on) {
  on(status.time, status.counted_at, status.emitted, status.received, status.lost_in_ring);
  on(status.lost_state_changes, status.recursion_misses, status.side_recovered, status.malformed);
  on(status.unrecorded, status.filtered_out, status.mptcp_skipped);
}
void fields(Is<tracker::TrackerCounts> auto& counts, auto&& on) {
  on(counts.observations, counts.steps, counts.connections, counts.verdicts, counts.divergences);
  on(counts.deviations, counts.causes, counts.adopted, counts.gaps, counts.healed);
  on(counts.repeated, counts.evicted, counts.settled_early, counts.twins, counts.half_open);
  on(counts.time_wait, counts.states, counts.stuck_now, counts.lives, counts.stuck);
  on(counts.missing, counts.ghosts, counts.mismatches, counts.censuses, counts.segments);
  on(counts.segments_crossing, counts.segments_passing);
}
void fields(Is<tracker::KernelView> auto& view, auto&& on) {
  on(view.time, view.inode, view.uid, view.timer, view.timer_left, view.receive_queue);
  on(view.send_queue, view.drops);
}
void fields(Is<tracker::ListenerView> auto& view, auto&& on) {
  on(view.half_open, view.oldest, view.requests, view.accepted_handshakes, view.syncookies);
  on(view.synack_retransmits, view.request_timeouts, view.overflow_resets);
}
void fields(Is<Holder> auto& holder, auto&& on) {
  on(holder.actor, holder.descriptor);
}
void fields(Is<RefusedNamespace> auto& refused, auto&& on) {
  on(refused.netns, refused.error);
}
void fields(Is<TableRow> auto& row, auto&& on) {
  on(row.connection, row.state, row.entered, row.known_since, row.owners, row.last, row.kernel);
  on(row.listener, row.other_end, row.synack_retransmits, row.is_orphan, row.history);
  on(row.holders);
}
void fields(Is<CgroupName> auto& name, auto&& on) {
  on(name.path, name.unit, name.slice, name.container, name.runtime);
}
void fields(Is<NamedCgroup> auto& named, auto&& on) {
  on(named.id, named.name);
}
void fields(Is<ServiceHead> auto& head, auto&& on) {
  on(head.pid, head.started, head.realtime_minus_monotonic, head.now, head.netns, head.thresholds,
     head.counts, head.stream);
  on(head.census, head.refused, head.missed);
}
void fields(Is<tracker::StuckThresholds> auto& stuck, auto&& on) {
  on(stuck.syn_sent, stuck.half_open, stuck.close_wait, stuck.fin_wait1, stuck.fin_wait2);
  on(stuck.other_end_gone);
}
void fields(Is<ServiceTick> auto& tick, auto&& on) {
  on(tick.counts, tick.stream);
}
void fields(Is<MissedFindings> auto& missed, auto&& on) {
  on(missed.lives, missed.steps, missed.others);
}
void fields(Is<ServiceRefusal> auto& refusal, auto&& on) {
  on(refusal.what, refusal.hint);
}
void fields(Is<ServiceEnd> auto& end, auto&& on) {
  on(end.is_complete);
}

}  // namespace tcptwin::sinks
