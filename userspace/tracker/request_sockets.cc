// SPDX-License-Identifier: MIT
// Half-open connections: SYN_RECV of a passive open lives in a request socket (L12), which no state
// change shows. The SYN+ACK timer does.
#include <utility>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Cause;
using model::Holder;
using model::Inference;
using model::MirrorState;
using model::State;
using model::Stimulus;

namespace {

// Cancellations that never come (their event was lost) must not pile up.
constexpr std::size_t kCompletedRemembered = 65536;

constexpr MirrorState kHalfOpen{State::SynReceived, Holder::RequestSocket};

}  // namespace

void Tracker::Implementation::on(const RequestTimer& event, FindingHandler& findings) {
  const TwinHandle handle = table_.find(event.socket.address, Holder::RequestSocket);
  const bool known = handle != kNoTwin;
  if (event.operation == TimerOperation::Start) {
    if (!known || table_[handle].identity.tuple != event.tuple) {
      // A hook on the handler speaks after the timer was set: meanwhile another processor may have
      // ended the request. One that is older than the tracer is the census' to find.
      const bool may_be_over = event.exact && event.timeouts > 0;
      if (may_be_over && find_request(event.tuple) == kNoTwin) return;
      begin_request(event, findings);
      return;
    }
    // The SYN+ACK was sent again: the expiry before was no end.
    drop_pending(table_[handle]);
    table_[handle].timer_expired = false;
    if (table_[handle].life.synack_retransmits < 255) ++table_[handle].life.synack_retransmits;
    if (ListenerView* view = listener_of(table_[handle])) ++view->synack_retransmits;
    table_.touch(handle);
    flush(findings);
    return;
  }
  if (!known) {
    if (event.operation == TimerOperation::Expire) return;
    // A child took it over already, or is being born; else it is older than the tracer and its
    // end explains nothing.
    if (completed_requests_.erase(event.socket.address)) return;
    const TwinHandle child = find_birth(event.tuple);
    if (child == kNoTwin) return;
    queue_[table_[child].pending].step.evidence->request_completed = true;
    settle_pending(child, findings);
    return;
  }
  end_wait(handle, event.time, kSettleWindow, observer(event.exact), findings);
  if (event.operation != TimerOperation::Expire) return;
  Twin& twin = table_[handle];
  twin.timer_expired = true;
  queue_.wake(twin.pending, event.time + kRequestTimeoutWindow);
}

void Tracker::Implementation::begin_request(const RequestTimer& event, FindingHandler& findings) {
  const TwinHandle time_wait = table_.find_tuple(event.tuple);
  if (time_wait != kNoTwin && table_[time_wait].pending != kNoSlot &&
      table_[time_wait].mirror.holder == Holder::Minisocket) {
    table_[time_wait].reopened_by_syn = true;
    settle_pending(time_wait, findings);
  }
  Twin twin;
  twin.socket = event.socket;
  // The request has no cookie, and its address is reused and nobody's business. The child inherits
  // the number, so that the connection has one id from its SYN on.
  twin.identity.id = {kNumberedIds + ++numbered_, 1};
  twin.identity.tuple = event.tuple;
  twin.identity.role = Role::Passive;
  twin.mirror = {State::Listen, Holder::Socket};  // where the SYN found the listener
  twin.last_event = event.time;
  twin.listener_address = event.listener;
  inherit_from_listener(twin, table_.find_listener(event.listener, event.tuple));
  const bool is_older_than_the_tracer = event.timeouts > 0;
  twin.identity.adopted = is_older_than_the_tracer;
  Step step = new_step(twin, event.time, kHalfOpen);
  be_found(twin, kHalfOpen, event.time);
  twin.life.synack_retransmits = event.timeouts;
  if (!is_older_than_the_tracer) begin_life(twin, event.time);
  const TwinHandle handle = add_request(event.socket.address, twin, findings);
  if (follows_segments_) resolve_segments(event.tuple, findings);
  ++counts_.connections;
  if (is_older_than_the_tracer) {
    ++counts_.adopted;
    return;
  }
  table_[handle].entered = event.time;
  step.observed_by = observer(event.exact);
  step.context = model::Context::Softirq;
  const Inference syn{Stimulus::Syn, Cause::SynReceived, model::Confidence::B};
  const auto judgement = model::judge(step.from, syn, model::Origin::Passive, kHalfOpen);
  decide_now(handle, std::move(step), judgement, findings);
}

// What a connection has from the listener it came to, before it has a process of its own.
void Tracker::Implementation::inherit_from_listener(Twin& twin, TwinHandle listener) {
  if (listener == kNoTwin) return;
  if (twin.identity.cgroup == 0) twin.identity.cgroup = table_[listener].identity.cgroup;
  const Owners& owners = table_[listener].owners;
  const Owner& owner = owners.creator.is_known() ? owners.creator : owners.last_user;
  if (owner.is_known()) twin.owners.creator = {owner.actor, OwnerConfidence::Listener};
}

// A child's birth counts for its listener.
void Tracker::Implementation::note_birth(const Twin& child, Cause cause) {
  const bool is_birth = cause == Cause::ChildFromRequest || cause == Cause::ChildFromTfo ||
                        cause == Cause::ChildFromSyncookie || cause == Cause::ChildCreated;
  if (!is_birth) return;
  ListenerView* view = listener_of(child);
  if (view == nullptr) return;
  ++view->accepted_handshakes;
  if (cause == Cause::ChildFromSyncookie) ++view->syncookies;
}

TwinHandle Tracker::Implementation::add_request(TwinKey key, const Twin& twin,
                                                FindingHandler& findings) {
  const TwinHandle handle = add_twin(key, twin, findings);
  table_.index_tuple(handle);
  if (ListenerView* view = listener_of(table_[handle])) {
    ++view->half_open;
    ++view->requests;
  }
  watch(handle);
  return handle;
}

TwinHandle Tracker::Implementation::find_request(const Tuple& tuple) const {
  const TwinHandle handle = table_.find_tuple(tuple);
  if (handle == kNoTwin || table_[handle].mirror.holder != Holder::RequestSocket) return kNoTwin;
  return handle;
}

// A child whose birth still waits, with this tuple.
TwinHandle Tracker::Implementation::find_birth(const Tuple& tuple) const {
  TwinHandle found = kNoTwin;
  births_by_address_.for_each([&](std::uint64_t, TwinHandle handle) {
    const Twin& twin = table_[handle];
    if (twin.identity.tuple == tuple && twin.pending != kNoSlot) found = handle;
  });
  return found;
}

// The request becomes the child: one connection, with one id and one past.
bool Tracker::Implementation::complete_birth(TwinHandle child, TwinHandle request) {
  Twin& born = table_[child];
  if (born.pending == kNoSlot) return false;
  Twin& origin = table_[request];
  Step& step = queue_[born.pending].step;
  step.from = origin.mirror;
  if (origin.entered) step.dwell = span(*origin.entered, step.time);
  step.evidence->request_completed = true;
  born.identity.id = origin.identity.id;
  born.identity.adopted = false;
  born.history = origin.history;
  born.life = origin.life;
  if (!born.owners.creator.is_known()) born.owners.creator = origin.owners.creator;
  step.connection = born.identity;
  if (step.owner.confidence != OwnerConfidence::Acted) step.owner = named_owner(born.owners);
  if (origin.pending == kNoSlot) {
    if (completed_requests_.size() >= kCompletedRemembered) completed_requests_.clear();
    completed_requests_.set(origin.socket.address, 1);
  }
  drop_pending(origin);
  --counts_.connections;  // counted as a half-open connection already
  discard(request);
  return true;
}

void Tracker::Implementation::judge_request_end(SlotNumber number, FindingHandler& findings) {
  const TwinHandle handle = queue_[number].twin;
  Twin& twin = table_[handle];
  const bool reset_with_it =
      twin.reset_sent && queue_[number].step.time - twin.reset_sent_at <= kSameCall;
  // A RST, an administrator or a listener that went away: T0 cannot tell them apart.
  Inference end{Stimulus::Rst, Cause::RequestDropped, model::Confidence::C};
  if (twin.timer_expired) {
    end = {Stimulus::UserTimeout, Cause::RequestTimeout, model::Confidence::A};
  } else if (reset_with_it && twin.reset_answered_syn) {
    end = {Stimulus::Syn, Cause::RequestResetBadSyn, model::Confidence::B, model::dialect(20)};
  } else if (reset_with_it) {
    end = {Stimulus::Ack, Cause::AcceptOverflowReset, model::Confidence::B, model::dialect(23)};
  }
  if (ListenerView* view = listener_of(twin)) {
    if (end.cause == Cause::RequestTimeout) ++view->request_timeouts;
    if (end.cause == Cause::AcceptOverflowReset) ++view->overflow_resets;
  }
  const Slot& slot = queue_[number];
  const auto judgement = model::judge(slot.step.from, end, model::Origin::Passive, slot.step.to);
  decide(number, judgement, findings);
  remove_twin(handle, findings);
}

}  // namespace tcptwin::tracker
