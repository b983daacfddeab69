// SPDX-License-Identifier: MIT
// Segments (--segments): each one once, between the steps in the order of the kernel, with the
// connection it belongs to and the state that it found.
#include <algorithm>
#include <memory>
#include <utility>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Holder;
using model::MirrorState;
using model::State;

namespace {

std::optional<std::uint32_t> relative(SequenceNumber number, std::optional<std::uint32_t> base) {
  if (!base) return std::nullopt;
  return number.value() - *base;
}

// Where each direction began, as far as this segment tells: a SYN has that very number, and a
// SYN+ACK names the other's, too.
void note_beginnings(LifeSoFar& life, const Segment& segment) {
  if (!segment.syn) return;
  const bool is_sent = segment.direction == Direction::Sent;
  std::optional<std::uint32_t>& mine = is_sent ? life.iss : life.irs;
  if (!mine) mine = segment.sequence.value();  // not by one that comes later: an old duplicate
  std::optional<std::uint32_t>& other = is_sent ? life.irs : life.iss;
  if (segment.ack && !other) other = segment.acknowledgement.value() - 1;
}

}  // namespace

// From the first segment on: without --segments none of this costs anything.
void Tracker::Implementation::begin_segments() {
  follows_segments_ = true;
  table_.for_each([&](TwinHandle handle) { name_for_segments(handle); });
}

// Full sockets by tuple; of minisockets and request sockets the table itself keeps that.
void Tracker::Implementation::name_for_segments(TwinHandle handle) {
  const Twin& twin = table_[handle];
  const Tuple& tuple = twin.identity.tuple;
  const bool is_named = tuple.local.port != 0 && tuple.remote.port != 0;
  if (!is_named || twin.mirror.holder != Holder::Socket) return;
  if (twin.identity.role == Role::Listener) return;
  sockets_by_tuple_[tuple] = handle;
}

void Tracker::Implementation::name_and_resolve(TwinHandle handle, FindingHandler& findings) {
  name_for_segments(handle);
  resolve_segments(table_[handle].identity.tuple, findings);
}

void Tracker::Implementation::forget_for_segments(TwinHandle handle) {
  const Twin& twin = table_[handle];
  const auto named = sockets_by_tuple_.find(twin.identity.tuple);
  if (named != sockets_by_tuple_.end() && named->second == handle) sockets_by_tuple_.erase(named);
  if (twin.identity.role != Role::Listener) gone_connections_.add(twin, now_);
}

// A socket that still acts goes before a minisocket, and that before a socket that is closed.
TwinHandle Tracker::Implementation::twin_by_tuple(const Tuple& tuple) const {
  const auto named = sockets_by_tuple_.find(tuple);
  const TwinHandle socket =
      named != sockets_by_tuple_.end() && table_[named->second].identity.tuple == tuple
          ? named->second
          : kNoTwin;
  if (socket != kNoTwin && table_[socket].mirror.state != State::Closed) return socket;
  const TwinHandle other = table_.find_tuple(tuple);
  return other != kNoTwin ? other : socket;
}

TwinHandle Tracker::Implementation::twin_of(const SegmentSeen& event) {
  if (!event.holder) return twin_by_tuple(event.tuple);
  const bool is_socket = *event.holder == Holder::Socket;
  const TwinKey key = is_socket ? socket_key(event.socket) : event.socket.address;
  const TwinHandle sender = table_.find(key, *event.holder);
  if (sender == kNoTwin) return twin_by_tuple(event.tuple);
  Twin& twin = table_[sender];
  if (is_socket && twin.identity.tuple.local.port == 0 && twin.mirror.state == State::SynSent) {
    // connect() has chosen the port since CLOSE -> SYN_SENT; no state change tells before the next.
    twin.identity.tuple = event.tuple;
    name_for_segments(sender);
  }
  return sender;
}

void Tracker::Implementation::on(const SegmentSeen& event, FindingHandler& findings) {
  if (!follows_segments_) begin_segments();
  if (crossings_.has_seen(event)) {
    ++counts_.segments_crossing;
    return;
  }
  // This host answers: what it answers to was meant for it.
  const bool is_sent = event.segment.direction == Direction::Sent;
  const auto irs = is_sent ? resolve_segments(event.tuple, findings) : std::nullopt;
  auto found = std::make_unique<SegmentFound>();
  found->time = event.time;
  found->tuple = event.tuple;
  found->segment = event.segment;
  const TwinHandle handle = twin_of(event);
  // A SYN does not belong to what was there before.
  const bool begins = event.segment.syn && !is_sent;
  const bool is_closed = handle != kNoTwin && table_[handle].mirror == MirrorState{State::Closed};
  Slot slot;
  slot.stage = Slot::Stage::Ready;
  slot.step.time = event.time;
  if (handle != kNoTwin && !(begins && is_closed)) {
    attach_segment(*found, handle);
    slot.twin = handle;
  } else if (!begins && attach_to_gone(*found)) {
    // It came too late, or says that it did.
  } else if (is_sent) {
    count_from(*found, std::nullopt, irs);
  } else if (event.segment.is_traffic() && table_.find_listener(0, event.tuple) == kNoTwin) {
    ++counts_.segments_passing;  // of these there are many, and nothing waits for them
    return;
  } else {
    slot.stage = Slot::Stage::Settling;
    slot.deadline = later(event.time, kSettleWindow);
  }
  slot.segment = std::move(found);
  const bool is_judged = is_sent && !event.segment.is_traffic();
  if (slot.twin != kNoTwin && is_judged) check_segment(event, slot);
  add_segment(std::move(slot), findings);
}

void Tracker::Implementation::add_segment(Slot slot, FindingHandler& findings) {
  make_room(findings);
  const bool waits = slot.stage == Slot::Stage::Settling;
  const KernelTime deadline = slot.deadline;
  const bool awaits_status = slot.stage == Slot::Stage::AwaitingStatus;
  const Tuple tuple = slot.segment->tuple;
  const SlotNumber number = queue_.add(std::move(slot));
  if (awaits_status) awaiting_status_.push_back(number);
  if (waits) {
    waiting_segments_.add(tuple, number);
    queue_.wake(number, deadline);
  }
  flush(findings);
}

void Tracker::Implementation::attach_segment(SegmentFound& found, TwinHandle handle) {
  Twin& twin = table_[handle];
  note_beginnings(twin.life, found.segment);
  found.connection = twin.identity;
  found.connection->tuple = found.tuple;
  found.state = twin.mirror;
  found.owner = named_owner(twin.owners);
  auto iss = twin.life.iss;
  auto irs = twin.life.irs;
  // A socket that waits for the other's SYN has a number in its place that means nothing.
  if ((!iss || !irs) && twin.last && twin.mirror.state != State::SynSent) {
    if (const auto numbers = initial_sequence_numbers(twin.identity, *twin.last)) {
      iss = iss ? iss : numbers->first;
      irs = irs ? irs : numbers->second;
    }
  }
  count_from(found, iss, irs);
}

bool Tracker::Implementation::attach_to_gone(SegmentFound& found) const {
  const auto* gone = gone_connections_.find(found.tuple, found.time);
  if (gone == nullptr) return false;
  found.connection = gone->identity;
  found.connection->tuple = found.tuple;
  found.state = MirrorState{State::Closed};
  found.owner = gone->owner;
  count_from(found, gone->iss, gone->irs);
  return true;
}

// Sequence numbers as a reader wants them: both directions begin at 0.
void Tracker::Implementation::count_from(SegmentFound& found, std::optional<std::uint32_t> iss,
                                         std::optional<std::uint32_t> irs) {
  const Segment& segment = found.segment;
  const bool is_sent = segment.direction == Direction::Sent;
  found.relative_sequence = relative(segment.sequence, is_sent ? iss : irs);
  if (segment.syn && !found.relative_sequence) found.relative_sequence = 0;
  if (!segment.ack) return;
  found.relative_acknowledgement = relative(segment.acknowledgement, is_sent ? irs : iss);
}

// What has waited for this connection, or for any sign that it concerns this host. Where the other
// side's sequence begins, if that was among it.
std::optional<std::uint32_t> Tracker::Implementation::resolve_segments(const Tuple& tuple,
                                                                       FindingHandler& findings) {
  std::optional<std::uint32_t> irs;
  if (waiting_segments_.empty()) return irs;
  for (const SlotNumber number : waiting_segments_.take(tuple)) {
    if (!queue_.contains(number) || queue_[number].stage != Slot::Stage::Settling) continue;
    const Segment& segment = queue_[number].segment->segment;
    if (segment.syn) irs = segment.sequence.value();
    settle_segment(number, true);
  }
  flush(findings);
  return irs;
}

// Whose it is: a connection that has begun meanwhile, nobody's that this host answered, a
// listener's that keeps silent, or not for this host at all.
void Tracker::Implementation::settle_segment(SlotNumber number, bool is_answered) {
  Slot& slot = queue_[number];
  SegmentFound& found = *slot.segment;
  const TwinHandle handle = twin_by_tuple(found.tuple);
  const TwinHandle listener = table_.find_listener(0, found.tuple);
  slot.stage = Slot::Stage::Ready;
  if (handle != kNoTwin && table_[handle].mirror.state != State::Closed) {
    attach_segment(found, handle);
    if (found.segment.syn) found.state = MirrorState{State::Listen};
    return;
  }
  if (listener != kNoTwin) {
    found.state = MirrorState{State::Listen};
    found.owner = named_owner(table_[listener].owners);
  } else if (!is_answered) {
    slot.stage = Slot::Stage::Dropped;
    ++counts_.segments_passing;
    return;
  }
  count_from(found, std::nullopt, std::nullopt);
}

// What no socket may send, on the socket's own word at that moment: its state is in the record. A
// segment that was held up on its way out (a queue of a firewall) proves nothing, hence the lock.
std::optional<model::DivergenceKind> Tracker::Implementation::offence_of(const SegmentSeen& event,
                                                                         const Twin& twin) const {
  const Segment& segment = event.segment;
  if (event.holder != Holder::Socket || !event.socket_was_locked || !event.socket_state) {
    return std::nullopt;
  }
  const bool is_ours = twin.mirror.holder == Holder::Socket && !twin.identity.mptcp &&
                       !twin.after_gap && !(twin.last && twin.last->repair);
  if (!is_ours) return std::nullopt;
  if (model::forbids_segment(*event.socket_state, segment.syn, segment.fin)) {
    return model::DivergenceKind::ForbiddenSegment;
  }
  const auto& fin = twin.life.fin_end;
  const SequenceNumber end{segment.sequence.value() + segment.payload};
  if (fin && segment.payload > 0 && end.distance_from(SequenceNumber{*fin}) >= 0) {
    return model::DivergenceKind::DataAfterFin;
  }
  return std::nullopt;
}

void Tracker::Implementation::check_segment(const SegmentSeen& event, Slot& slot) {
  Twin& twin = table_[slot.twin];
  if (const auto kind = offence_of(event, twin)) {
    slot.divergence =
        std::make_unique<Divergence>(accusation(slot.twin, event.time, *kind, twin.mirror));
    slot.divergence->segment = event.segment;
    slot.evidence_since = twin.last_event;
    slot.deadline = event.time;
    slot.stage = Slot::Stage::AwaitingStatus;
  }
  const bool is_sockets_own = event.holder == Holder::Socket && event.socket_was_locked;
  if (is_sockets_own && event.segment.fin && !twin.life.fin_end) {
    twin.life.fin_end = event.segment.end().value();
  }
}

}  // namespace tcptwin::tracker
