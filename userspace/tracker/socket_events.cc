// SPDX-License-Identifier: MIT
// What happens to sockets: state changes, and the records around them that are their evidence.
#include <algorithm>
#include <utility>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Holder;
using model::MirrorState;
using model::State;

namespace {

constexpr std::uint16_t kConnectionAborted = 103;  // ECONNABORTED

// inet_csk_clone_lock() makes the child of a handshake; it has no struct socket until accept().
bool is_birth(const StateChanged& event) {
  return event.from == State::Listen && !event.snapshot.has_socket;
}

// Whether the second event of an aborted listener follows its first.
bool is_listener_abort(const StateChanged& event) {
  return event.from == State::Closed && event.to == State::Closed &&
         event.snapshot.error == kConnectionAborted;
}

std::optional<MirrorState> held_by_minisocket(const Twin& twin) {
  switch (twin.minisocket) {
    case model::MinisocketStarted::None:
      return std::nullopt;
    case model::MinisocketStarted::FinWait2:
      return MirrorState{State::FinWait2, Holder::Minisocket};
    case model::MinisocketStarted::TimeWait:
      return MirrorState{State::TimeWait, Holder::Minisocket};
  }
  return std::nullopt;
}

}  // namespace

void Tracker::Implementation::on(const StateChanged& event, FindingHandler& findings) {
  if (is_repeated(event)) {
    ++counts_.repeated;
    return;
  }
  const TwinHandle handle = twin_of(event, findings);
  table_.touch(handle);
  if (event.from == State::Closed && event.to != State::Closed) begin_generation(handle, event);
  claim_minisocket(handle, event);
  if (event.from == State::SynSent) on_named_connect(event, findings);
  attribute(table_[handle], event);
  if (follows_segments_) name_and_resolve(handle, findings);
  follow_life(table_[handle], event);
  follow(handle, event, findings);
  if (options_.unnamed_connects > 0) forget_unnamed_connects(handle);
}

// Whether the side program recorded what the main program had recorded (bpf/state_changes.bpf.c).
bool Tracker::Implementation::is_repeated(const StateChanged& event) const {
  if (!event.recovered) return false;
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle == kNoTwin) return false;
  const Twin& twin = table_[handle];
  return twin.mirror.state == event.to && twin.last == event.snapshot;
}

// The twin of the event's socket, ready for the event: earlier steps settled, gaps closed.
TwinHandle Tracker::Implementation::twin_of(const StateChanged& event, FindingHandler& findings) {
  TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle == kNoTwin && event.from == State::SynReceived) {
    // Before 6.18 inet_csk_clone_lock() sets the child's cookie anew after its first event.
    handle = births_by_address_.find(event.socket.address);
    if (handle != kNoTwin) {
      table_.rekey(handle, socket_key(event.socket));
      table_[handle].socket = event.socket;
      births_by_address_.erase(event.socket.address);
    }
  }
  if (handle == kNoTwin) return begin_twin(event, findings);
  if (table_[handle].destroyed) {
    settle_pending(handle, findings);
    return begin_twin(event, findings);
  }
  if (table_[handle].mirror.state != event.from && may_be_foreign(table_[handle])) {
    forget_foreign(handle);
    return begin_twin(event, findings);
  }
  enrich_birth(handle, event);
  Twin& twin = table_[handle];
  if (twin.pending != kNoSlot && twin.previous_left_listen && is_listener_abort(event)) {
    queue_[twin.pending].step.evidence->listener_abort_follows = true;
  }
  settle_pending(handle, findings);
  if (table_[handle].mirror.state != event.from) {
    resynchronise(handle, event.time, {event.from, Holder::Socket}, findings);
  } else if (table_[handle].after_gap && !table_[handle].gap_healed) {
    table_[handle].gap_healed = true;
    ++counts_.healed;
  }
  return handle;
}

TwinHandle Tracker::Implementation::begin_twin(const StateChanged& event,
                                               FindingHandler& findings) {
  const TwinKey key = socket_key(event.socket);
  Twin twin;
  twin.socket = event.socket;
  twin.identity.id = {event.socket.cookie != 0 ? key : kNumberedIds + ++numbered_, 0};
  twin.identity.tuple = event.tuple;
  twin.identity.cgroup = event.cgroup;
  twin.identity.mptcp = event.snapshot.mptcp;
  be_found(twin, {event.from, Holder::Socket}, stream_began_.value_or(event.time));
  twin.last_event = event.time;
  if (is_birth(event)) {
    twin.identity.role = Role::Passive;
    twin.identity.id.generation = 1;
    ++counts_.connections;
    begin_life(twin, event.time);
    inherit_from_listener(twin, table_.find_listener(0, event.tuple));
  } else if (event.from != State::Closed || event.to == State::Closed) {
    twin.identity.adopted = true;
    twin.identity.id.generation = 1;
    ++counts_.adopted;
    if (event.from == State::Listen) {
      twin.identity.role = Role::Listener;
    } else {
      ++counts_.connections;
    }
  }
  const TwinHandle handle = add_twin(key, twin, findings);
  if (event.socket.cookie != 0 && table_.was_destroyed(key)) {
    auto ghost = accusation(handle, event.time, model::DivergenceKind::Ghost, {event.to});
    ghost.expected = State::Closed;
    ghost.call_path = event.call_path;
    pronounce(ghost, findings);
  }
  return handle;
}

// Each CLOSE -> SYN_SENT and CLOSE -> LISTEN begins another connection on the same socket.
void Tracker::Implementation::begin_generation(TwinHandle handle, const StateChanged& event) {
  Twin& twin = table_[handle];
  table_.forget_listener(handle);
  if (twin.identity.role == Role::Listener && event.to != State::Listen) listeners_.erase(handle);
  if (follows_segments_) forget_for_segments(handle);
  ++twin.identity.id.generation;
  twin.identity.tuple = event.tuple;
  twin.identity.adopted = false;
  twin.after_gap = false;
  twin.taken_over = false;
  twin.minisocket = model::MinisocketStarted::None;
  twin.history.clear();
  twin.owners = {};
  leave_pair(handle);
  begin_life(twin, event.time);
  if (event.to == State::Listen) {
    twin.identity.role = Role::Listener;
    return;
  }
  twin.identity.role = Role::Active;
  ++counts_.connections;
}

// The kernel's old state is not the twin's: an event was lost. Says so, and goes on from there.
void Tracker::Implementation::resynchronise(TwinHandle handle, KernelTime time, MirrorState to,
                                            FindingHandler& findings) {
  Step step = new_step(table_[handle], time, to);
  step.dwell.reset();
  step.cause = model::Cause::Resynchronised;
  step.verdict = model::Verdict::Gap;
  step.confidence = model::Confidence::A;
  step.reason = reason(model::Doubt::LostBefore);
  step.observed_by = ObservedBy::Evidence;
  ++counts_.gaps;
  report_loss(LossPlace::Unseen, 1, time, findings);

  Twin& twin = table_[handle];
  twin.history.push({time, to, step.cause, step.verdict, model::DialectId::None});
  twin.after_gap = true;
  twin.gap_healed = false;
  twin.last.reset();
  Slot slot;
  slot.stage = Slot::Stage::Ready;
  slot.step = std::move(step);
  twin.life.gravest = model::Verdict::Gap;
  if (model::ends_connection(to)) slot.life = end_life(handle, slot.step);
  queue_.add(std::move(slot));
  enter(handle, to, time);
  table_[handle].entered.reset();
  table_[handle].known_since = time;
  loss_since_census_ = true;
  flush(findings);
}

void Tracker::Implementation::gather(model::Evidence& evidence, const Twin& twin,
                                     const StateChanged& event) {
  evidence.snapshot = event.snapshot;
  evidence.context = event.context;
  evidence.first_sight = twin.born && !twin.identity.adopted;
  evidence.history_known = !twin.after_gap && !twin.identity.adopted && !twin.taken_over;
  // Port 0 can be connected to: the address then tells, unless it is left from an earlier life.
  evidence.remote_known =
      event.tuple.remote.port != 0 ||
      (twin.identity.id.generation <= 1 && !event.tuple.remote.address.is_unspecified());
  evidence.receive_next_moved = twin.last && event.snapshot.rcv_nxt != twin.last->rcv_nxt;
  evidence.error_is_fresh =
      event.snapshot.error != 0 && (!twin.last || event.snapshot.error != twin.last->error);
  evidence.just_listened = twin.previous_was_open_call && event.time - twin.last_event <= kSameCall;
  evidence.just_stopped_listening = twin.previous_left_listen;
  evidence.reset_received = twin.reset_received;
  if (twin.active_reset_sent && event.time - *twin.active_reset_sent <= kResetBeforeChange) {
    evidence.reset_sent_before = model::ResetSent::Active;
  }
  evidence.minisocket = twin.minisocket;
  evidence.settled = false;
}

// Moves the mirror along, and judges the step now or when its evidence is complete.
void Tracker::Implementation::follow(TwinHandle handle, const StateChanged& event,
                                     FindingHandler& findings) {
  Twin& twin = table_[handle];
  const bool closes = event.to == State::Closed;
  const auto held = closes ? held_by_minisocket(twin) : std::nullopt;
  make_room(findings);
  SlotNumber number;
  Slot& slot = queue_.push(number);
  slot.twin = handle;
  slot.deadline = event.time;
  slot.evidence_since = twin.last_event;
  begin_step(slot.step, twin, event.time, held.value_or(MirrorState{event.to, Holder::Socket}));
  slot.step.context = event.context;
  slot.step.call_path = event.call_path;
  model::Evidence& evidence = slot.step.evidence.emplace();
  gather(evidence, twin, event);
  if (event.context == model::Context::Process) {
    slot.step.owner = {event.actor, OwnerConfidence::Acted};
  }
  const bool is_child = evidence.first_sight && event.from == State::Listen;

  if (held) hand_over_to_minisocket(handle, event.time, findings);
  twin.previous_was_open_call = event.from == State::Closed && event.to == State::Listen;
  twin.previous_left_listen = event.from == State::Listen && closes;
  twin.reset_received = false;
  twin.active_reset_sent.reset();
  twin.minisocket = model::MinisocketStarted::None;
  twin.last = event.snapshot;
  enter(handle, {event.to, Holder::Socket}, event.time);
  if (twin.identity.role == Role::Listener) {
    if (event.to == State::Listen) table_.index_listener(handle);
    if (closes) table_.forget_listener(handle);
  } else if (event.to == State::Established) {
    find_other_end(handle);
  }

  if (is_child) {
    births_by_address_.set(event.socket.address, handle);
    await(number, event.time + kBirthWindow);
    const TwinHandle request = find_request(event.tuple);
    if (request != kNoTwin && complete_birth(handle, request)) settle_pending(handle, findings);
    return;
  }
  if (model::must_settle(slot.step.from.state, evidence)) {
    await(number, event.time + settle_window(twin, event));
    return;
  }
  evidence.settled = true;
  const auto judgement = model::judge(slot.step.from, evidence, origin_of(twin), slot.step.to);
  decide(number, judgement, findings);
}

// Softirq changes belong to nobody; what a process does makes it the socket's last user.
void Tracker::Implementation::attribute(Twin& twin, const StateChanged& event) {
  if (event.cgroup != 0) twin.identity.cgroup = event.cgroup;
  if (event.snapshot.mptcp) twin.identity.mptcp = true;
  // The tuple is complete only some time after birth, and partly wiped at the end.
  const bool knows_more = event.tuple.remote.port != 0 && event.tuple.local.port != 0;
  if (knows_more) twin.identity.tuple = event.tuple;
  if (event.from == State::Closed && event.to == State::SynSent) {
    while (!recent_connects_.empty() &&
           event.time - recent_connects_.front().time > kSettleWindow + kSameCall) {
      recent_connects_.pop_front();
    }
    recent_connects_.push_back({event.time, socket_key(event.socket), event.tuple});
  }
}

// The event after a child's birth tells how it was born.
void Tracker::Implementation::enrich_birth(TwinHandle handle, const StateChanged& next) {
  Twin& twin = table_[handle];
  if (twin.pending == kNoSlot || next.from != State::SynReceived) return;
  Step& step = queue_[twin.pending].step;
  if (!step.evidence || !step.evidence->first_sight) return;
  if (twin.identity.tuple.remote.port == 0 && next.tuple.remote.port != 0) {
    twin.identity.tuple = next.tuple;
    step.connection.tuple = next.tuple;
  }
  model::Snapshot& snapshot = step.evidence->snapshot;
  snapshot.fastopen_child |= next.snapshot.fastopen_child;
  snapshot.fastopen_request |= next.snapshot.fastopen_request;
  snapshot.syn_data_acked |= next.snapshot.syn_data_acked;
  const TwinHandle request = find_request(next.tuple);
  if (request != kNoTwin) complete_birth(handle, request);
}

void Tracker::Implementation::on(const ResetReceived& event, FindingHandler&) {
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle != kNoTwin) table_[handle].reset_received = true;
}

void Tracker::Implementation::on(const ResetSentObserved& event, FindingHandler&) {
  if (event.holder == Holder::Minisocket) {
    const TwinHandle minisocket = table_.find(event.socket.address, Holder::Minisocket);
    if (minisocket != kNoTwin) table_[minisocket].reset_sent = true;
    return;
  }
  if (event.answers_segment && event.socket.address != 0) {
    // A listener resets on behalf of a request socket, which the segment's tuple names, and only
    // then drops it. A RST without a socket says that the listener is gone.
    const TwinHandle request = find_request(event.tuple);
    if (request != kNoTwin && table_[request].pending == kNoSlot) {
      table_[request].reset_sent = true;
      table_[request].reset_sent_at = event.time;
      table_[request].reset_answered_syn = event.answers_syn;
    }
  }
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle == kNoTwin) return;
  Twin& twin = table_[handle];
  if (!event.answers_segment) twin.active_reset_sent = event.time;
  if (twin.pending == kNoSlot) return;
  model::ResetSent& after = queue_[twin.pending].step.evidence->reset_sent_after;
  if (after != model::ResetSent::None) return;
  after = event.answers_segment ? model::ResetSent::AnsweringSegment : model::ResetSent::Active;
}

void Tracker::Implementation::on(const ErrorReported& event, FindingHandler&) {
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle == kNoTwin || table_[handle].pending == kNoSlot) return;
  model::Evidence& evidence = *queue_[table_[handle].pending].step.evidence;
  // Reports of the error queue carry 0 and come at any time; they must not hide a real one.
  if (evidence.error_reported_after && evidence.error_reported_value != 0) return;
  evidence.error_reported_after = true;
  evidence.error_reported_value = event.error;
}

void Tracker::Implementation::on(const SocketDestroyed& event, FindingHandler& findings) {
  const TwinKey key = socket_key(event.socket);
  const TwinHandle handle = table_.find(key, Holder::Socket);
  if (handle == kNoTwin) return;  // never left CLOSE, or is older than the tracer
  if (event.socket.cookie != 0) table_.remember_destroyed(key);
  Twin& twin = table_[handle];
  if (may_be_foreign(twin)) return forget_foreign(handle);
  if (twin.mirror.state != State::Closed) {
    // tcp_destroy_sock follows CLOSE: the events in between were lost.
    settle_pending(handle, findings);
    resynchronise(handle, event.time, {State::Closed, Holder::Socket}, findings);
    ++counts_.healed;  // the kernel itself says that this is the end
    if (table_[handle].minisocket != model::MinisocketStarted::None) {
      hand_over_to_minisocket(handle, event.time, findings);
    }
    remove_twin(handle, findings);
    return;
  }
  if (twin.pending == kNoSlot) return remove_twin(handle, findings);
  // The RST that answers late data is sent after the socket is destroyed: wait for it.
  twin.destroyed = true;
  queue_[twin.pending].step.evidence->destroyed_after = true;
  const KernelTime usual = queue_[twin.pending].step.time + kSettleWindow;
  queue_.wake(twin.pending, usual > event.time ? usual : event.time + kSettleWindow);
}

void Tracker::Implementation::on(const SegmentRetransmitted& event, FindingHandler&) {
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle != kNoTwin) table_.touch(handle);
}

}  // namespace tcptwin::tracker
