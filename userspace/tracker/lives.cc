// SPDX-License-Identifier: MIT
// From a connection's steps to its life: what `life` prints in one line.
#include <algorithm>
#include <limits>
#include <utility>

#include "model/predicates.h"
#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Cause;
using model::EndedBy;
using model::Holder;
using model::MirrorState;
using model::State;
using model::Verdict;

namespace {

bool is_first_fin(Cause cause) {
  switch (cause) {
    case Cause::LocalClose:
    case Cause::LocalShutdown:
    case Cause::CloseInSynReceived:
    case Cause::FinReceived:
    case Cause::FinInSynReceived:
      return true;
    default:
      return false;
  }
}

bool opens(Cause cause) {
  switch (cause) {
    case Cause::PassiveOpen:
    case Cause::ActiveOpen:
    case Cause::RepairOpen:
    case Cause::TfoDeferredOpen:
      return true;
    default:
      return false;
  }
}

// Only these are a process' decision to end the connection. What arrives while a process owns the
// socket is handled in its context too, and is not its doing.
bool closes(Cause cause) {
  switch (cause) {
    case Cause::LocalClose:
    case Cause::LocalShutdown:
    case Cause::LocalCloseAfterFin:
    case Cause::CloseAfterShutdown:
    case Cause::CloseInSynReceived:
    case Cause::CloseInSynSent:
    case Cause::CloseUnreadAbort:
    case Cause::Linger0Abort:
    case Cause::Linger2Abort:
    case Cause::Disconnect:
    case Cause::RepairClose:
    case Cause::AdminAbort:
    case Cause::ListenerAborted:
    case Cause::ListenerClosed:
    case Cause::ListenerClosedChild:
      return true;
    default:
      return false;
  }
}

constexpr unsigned gravity(Verdict verdict) {
  switch (verdict) {
    case Verdict::Conformant:
      return 0;
    case Verdict::Deviation:
      return 1;
    case Verdict::Unverified:
      return 2;
    case Verdict::Gap:
      return 3;
    case Verdict::Divergence:
      return 4;
  }
  return 0;
}

// The kernel counts what moved SND.UNA and RCV.NXT, a SYN and a FIN as one byte each
// (tcp_snd_una_update, tcp_rcv_nxt_update); the SYN+ACK of a child is acknowledged before its
// socket exists.
bool counts_syn(Role role, const model::Snapshot& snapshot) {
  return role == Role::Active && !snapshot.repair;
}

std::uint64_t user_bytes_out(Role role, const model::Snapshot& snapshot, bool fin_acknowledged) {
  const std::uint64_t controls =
      (counts_syn(role, snapshot) ? 1u : 0u) + (fin_acknowledged ? 1u : 0u);
  return snapshot.bytes_acked > controls ? snapshot.bytes_acked - controls : 0;
}

std::uint64_t user_bytes_in(const model::Snapshot& snapshot) {
  const std::uint64_t controls = snapshot.done ? 1 : 0;
  return snapshot.bytes_received > controls ? snapshot.bytes_received - controls : 0;
}

std::optional<Duration> handshake_of(const Twin& twin) {
  if (!twin.life.began || !twin.life.established) return std::nullopt;
  // A child of a SYN cookie or of fast open was born when its SYN had long been answered.
  const bool request_was_seen =
      twin.history.length > 0 && twin.history.entries[0].to.holder == Holder::RequestSocket;
  if (twin.identity.role == Role::Passive && !request_was_seen) return std::nullopt;
  return span(*twin.life.began, *twin.life.established);
}

// Consecutive entries of one state (close() after shutdown()) are one stay.
void append_path(Life& life, const PathEntry& entry) {
  if (life.path_length > 0 && life.path[life.path_length - 1].state == entry.state) {
    PathEntry& last = life.path[life.path_length - 1];
    if (last.span && entry.span) *last.span += *entry.span;
    if (!last.span && last.span_at_least && entry.span) *last.span_at_least += *entry.span;
    return;
  }
  if (life.path_length < life.path.size()) life.path[life.path_length++] = entry;
}

void fill_path(Life& life, const Twin& twin) {
  const History& history = twin.history;
  if (!twin.life.began) {
    PathEntry found{twin.life.first_state, std::nullopt, std::nullopt};
    const KernelTime left = history.length > 0 ? history.entries[0].time : life.ended;
    found.span_at_least = span(std::min(twin.life.found_at, left), left);
    append_path(life, found);
  }
  for (std::size_t i = 0; i < history.length; ++i) {
    const HistoryEntry& entry = history.entries[i];
    if (entry.to.state == State::Closed) continue;
    PathEntry stay{entry.to, std::nullopt, std::nullopt};
    if (i + 1 < history.length) {
      const Duration stayed = span(entry.time, history.entries[i + 1].time);
      (entry.cause == Cause::Resynchronised ? stay.span_at_least : stay.span) = stayed;
    }
    append_path(life, stay);
  }
}

void fill_accept(Life& life, const LifeSoFar& so_far) {
  if (!so_far.established || life.connection.role != Role::Passive) return;
  if (so_far.not_accepted_at) {
    const Duration waited = span(*so_far.established, *so_far.not_accepted_at);
    if (waited > Duration::zero()) life.accept_wait_at_least = waited;
  }
  if (so_far.accepted_at) {
    life.accept_wait_at_most = span(*so_far.established, *so_far.accepted_at);
  }
}

void fill_traffic(Life& life, const LifeSoFar& so_far) {
  if (!life.last) return;
  const model::Snapshot& snapshot = *life.last;
  const Role role = life.connection.role;
  life.bytes_in = user_bytes_in(snapshot);
  life.bytes_out = user_bytes_out(role, snapshot, so_far.fin_acknowledged);
  if (so_far.half_closed_for) {
    const std::uint64_t now =
        so_far.half_closed_by_local ? snapshot.bytes_received : snapshot.bytes_acked;
    const std::uint64_t fin =
        so_far.half_closed_by_local ? (snapshot.done ? 1 : 0) : (so_far.fin_acknowledged ? 1 : 0);
    const std::uint64_t moved = now > so_far.half_closed_base ? now - so_far.half_closed_base : 0;
    life.half_closed = HalfClosed{so_far.half_closed_by_local, *so_far.half_closed_for,
                                  moved > fin ? moved - fin : 0};
  }
  const auto numbers = initial_sequence_numbers(life.connection, snapshot);
  if (so_far.established && numbers) {
    life.iss = numbers->first;
    life.irs = numbers->second;
  }
}

}  // namespace

model::Verdict graver(model::Verdict one, model::Verdict other) {
  return gravity(other) > gravity(one) ? other : one;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> initial_sequence_numbers(
    const ConnectionIdentity& connection, const model::Snapshot& snapshot) {
  if (snapshot.repair || connection.mptcp) return std::nullopt;
  if (connection.role != Role::Active && connection.role != Role::Passive) return std::nullopt;
  const std::uint32_t syn = counts_syn(connection.role, snapshot) ? 0 : 1;
  return std::pair{
      snapshot.snd_una.value() - static_cast<std::uint32_t>(snapshot.bytes_acked) - syn,
      snapshot.rcv_nxt.value() - static_cast<std::uint32_t>(snapshot.bytes_received) - 1};
}

// A twin that enters the mirror in this state, which it has been in since `known_since` at the
// latest. In TIME_WAIT its life has been over before we looked.
void Tracker::Implementation::be_found(Twin& twin, MirrorState in, KernelTime known_since) {
  twin.mirror = in;
  twin.known_since = known_since;
  twin.life.first_state = in;
  twin.life.found_at = known_since;
  twin.life.is_reported = in.state == State::TimeWait;
}

void Tracker::Implementation::begin_life(Twin& twin, KernelTime time) {
  twin.life = {};
  twin.life.began = time;
  twin.life.found_at = time;
}

// What the socket shows at a change: whether a process has got hold of it yet.
void Tracker::Implementation::follow_life(Twin& twin, const StateChanged& event) {
  if (event.to == State::Established) twin.life.established = event.time;
  if (twin.identity.role == Role::Passive) {
    note_accept(twin.life, event.time, event.snapshot.has_socket, event.snapshot.dead);
  }
}

// The very moment, and the process that has the connection from now on.
void Tracker::Implementation::on(const SocketAccepted& event, FindingHandler&) {
  TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  // Before 6.18 a child that fast open made is known by its address until its next change.
  if (handle == kNoTwin) handle = births_by_address_.find(event.socket.address);
  if (handle == kNoTwin) return;
  Twin& twin = table_[handle];
  twin.life.not_accepted_at = event.time;
  twin.life.accepted_at = event.time;
  twin.owners.last_user = {event.actor, OwnerConfidence::LastUser};
}

void Tracker::Implementation::note_accept(LifeSoFar& life, KernelTime time, bool has_socket,
                                          bool is_dead) {
  if (life.accepted_at) return;
  if (has_socket) {
    life.accepted_at = time;
  } else if (!is_dead) {
    life.not_accepted_at = time;
  }
}

// What a judged step adds to the connection's life.
void Tracker::Implementation::note_step(Twin& twin, const Step& step, const Actor* actor) const {
  LifeSoFar& life = twin.life;
  life.gravest = graver(life.gravest, step.verdict);
  if (is_first_fin(step.cause) && !life.fins.first) life.fins.first = step.cause;
  if (step.to.state == State::Closing) life.fins.crossed = true;
  if (step.cause == Cause::FinAcked || step.cause == Cause::TimeWaitEntered ||
      step.cause == Cause::LastAckReceived) {
    life.fin_acknowledged = true;
  }
  const bool stays = step.from.state == step.to.state;
  if (life.half_closed_since && !life.half_closed_for && !stays) {
    life.half_closed_for = span(*life.half_closed_since, step.time);
  }
  const bool by_local = step.to.state == State::FinWait2;
  if ((by_local || step.to.state == State::CloseWait) && !stays && step.evidence) {
    life.half_closed_since = step.time;
    life.half_closed_by_local = by_local;
    life.half_closed_base =
        by_local ? step.evidence->snapshot.bytes_received : step.evidence->snapshot.bytes_acked;
  }
  if (actor == nullptr) return;
  if (opens(step.cause)) twin.owners.creator = {*actor, OwnerConfidence::Acted};
  if (closes(step.cause)) twin.owners.closer = {*actor, OwnerConfidence::Acted};
  if (step.cause != Cause::AdminAbort) {
    twin.owners.last_user = {*actor, OwnerConfidence::LastUser};
  }
}

// The twin to which this step hands the connection over, pair and all, once it has begun.
TwinHandle Tracker::Implementation::minisocket_after(const Twin& socket, const Step& step) const {
  const bool moves = step.from.holder == Holder::Socket && step.to.holder == Holder::Minisocket;
  return moves ? table_.find(socket.minisocket_address, Holder::Minisocket) : kNoTwin;
}

// The life of the connection that `step` ends; nothing if it has been told, or is no connection's.
std::unique_ptr<Life> Tracker::Implementation::end_life(TwinHandle handle, const Step& step) {
  Twin& twin = table_[handle];
  const bool is_connection = twin.identity.role != Role::Listener &&
                             step.from.state != State::Closed && step.from.state != State::Listen;
  if (!is_connection || twin.life.is_reported) return nullptr;
  twin.life.is_reported = true;

  auto life = std::make_unique<Life>();
  life->ended = step.time;
  life->connection = twin.identity;
  life->owners = twin.owners;
  life->ending = model::ending_of(step.from, step.cause, twin.life.fins,
                                  step.evidence && model::predicates::unsent(*step.evidence));
  // Where nothing shows what reached the minisocket (before 6.11), it may have been a RST.
  const bool may_be_reset =
      step.cause == Cause::MinisockKilled && step.verdict == Verdict::Unverified;
  if (may_be_reset) life->ending = {EndedBy::Unknown, model::EndedHow::Unknown, step.cause};
  life->last = step.evidence ? step.evidence->snapshot : twin.last;
  life->verdict = graver(twin.life.gravest, step.verdict);
  life->synack_retransmits = twin.life.synack_retransmits;
  life->handshake = handshake_of(twin);
  if (twin.life.began) {
    life->duration = span(*twin.life.began, step.time);
  } else {
    life->duration_at_least = span(twin.life.found_at, step.time);
  }
  life->never_accepted = twin.identity.role == Role::Passive && twin.life.established &&
                         !twin.life.accepted_at && life->last && !life->last->has_socket &&
                         !life->last->dead;
  fill_path(*life, twin);
  fill_accept(*life, twin.life);
  fill_traffic(*life, twin.life);
  const TwinHandle heir = minisocket_after(twin, step);
  life->other_end = other_end_of(heir != kNoTwin ? heir : handle);
  if (life->ending.how != model::EndedHow::Fin) expect_news_at_other_end(handle, step.time);
  return life;
}

}  // namespace tcptwin::tracker
