// SPDX-License-Identifier: MIT
// TIME_WAIT and the orphan's FIN_WAIT2 live in minisockets (L01, L03), which no state change ever
// shows. Their timer does: it starts just before the socket's last change, and its end is theirs.
#include <algorithm>
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

// More sockets older than the tracer than these do not enter TIME_WAIT within one softirq.
constexpr std::size_t kUnclaimedKept = 64;

}  // namespace

void Tracker::Implementation::on(const MinisocketTimer& event, FindingHandler& findings) {
  if (event.operation == TimerOperation::Start) {
    start_minisocket(event, findings);
    return;
  }
  TwinHandle handle = table_.find(event.socket.address, Holder::Minisocket);
  const bool expires = event.operation == TimerOperation::Expire;
  if (handle == kNoTwin) {
    // The cancellation that precedes an expiry has made it known, or its end has been told.
    if (expires && !event.exact) return;
    // Older than the tracer: its end is still worth a line.
    Twin twin;
    twin.socket = event.socket;
    twin.identity.id = {event.socket.cookie != 0 ? event.socket.cookie : kNumberedIds + ++numbered_,
                        1};
    twin.identity.tuple = event.tuple;
    twin.identity.adopted = true;
    be_found(twin, {event.substate, Holder::Minisocket}, stream_began_.value_or(event.time));
    twin.last_event = event.time;
    twin.timer_start_seen = false;
    ++counts_.adopted;
    handle = add_twin(event.socket.address, twin, findings);
    table_.index_tuple(handle);
  }
  // The substate tells of a FIN whose segment was not seen (before 6.11).
  const bool is_ending = table_[handle].pending != kNoSlot;
  const bool shows_fin =
      table_[handle].mirror.state == State::FinWait2 && event.substate == State::TimeWait;
  if (shows_fin && !(expires && is_ending)) {
    fin_at_minisocket(handle, event.time, observer(event.exact), findings);
  }
  end_wait(handle, event.time, kSettleWindow, observer(event.exact), findings);
  if (!expires) return;
  table_[handle].timer_expired = true;
  settle_pending(handle, findings);
}

void Tracker::Implementation::start_minisocket(const MinisocketTimer& event,
                                               FindingHandler& findings) {
  const auto started = event.substate == State::FinWait2 ? model::MinisocketStarted::FinWait2
                                                         : model::MinisocketStarted::TimeWait;
  const TwinHandle known = table_.find(event.socket.address, Holder::Minisocket);
  if (known != kNoTwin && table_[known].identity.tuple == event.tuple &&
      table_[known].socket.cookie == event.socket.cookie) {
    // 2MSL start again: the cancellation before was no end.
    drop_pending(table_[known]);
    table_[known].timer_started = event.time;
    table_[known].timer_start_seen = true;
    if (table_[known].mirror.state == State::FinWait2 && event.substate == State::TimeWait) {
      fin_at_minisocket(known, event.time, observer(event.exact), findings);
    }
    flush(findings);
    return;
  }
  const TwinHandle socket =
      event.socket.cookie != 0 ? table_.find(event.socket.cookie, Holder::Socket) : kNoTwin;
  if (socket == kNoTwin) {
    if (unclaimed_minisockets_.size() >= kUnclaimedKept) {
      unclaimed_minisockets_.erase(unclaimed_minisockets_.begin());
    }
    unclaimed_minisockets_.push_back(event);
    return;
  }
  Twin& twin = table_[socket];
  twin.minisocket = started;
  twin.minisocket_address = event.socket.address;
  twin.minisocket_started = event.time;
}

// A minisocket was started for this event's socket before the socket had a twin (or a cookie).
void Tracker::Implementation::claim_minisocket(TwinHandle handle, const StateChanged& event) {
  if (unclaimed_minisockets_.empty()) return;
  std::erase_if(unclaimed_minisockets_, [&](const MinisocketTimer& timer) {
    return event.time - timer.time > kSettleWindow;
  });
  const auto mine = std::ranges::find_if(unclaimed_minisockets_, [&](const auto& timer) {
    return (timer.socket.cookie != 0 && timer.socket.cookie == event.socket.cookie) ||
           timer.tuple == event.tuple;
  });
  if (mine == unclaimed_minisockets_.end()) return;
  Twin& twin = table_[handle];
  twin.minisocket = mine->substate == State::FinWait2 ? model::MinisocketStarted::FinWait2
                                                      : model::MinisocketStarted::TimeWait;
  twin.minisocket_address = mine->socket.address;
  twin.minisocket_started = mine->time;
  unclaimed_minisockets_.erase(mine);
}

// The connection goes on in a twin of its own: the socket may be used again while it lasts.
void Tracker::Implementation::hand_over_to_minisocket(TwinHandle socket, KernelTime time,
                                                      FindingHandler& findings) {
  const Twin& from = table_[socket];
  Twin twin;
  twin.socket = {from.socket.cookie, from.minisocket_address};
  twin.identity = from.identity;
  twin.mirror = {
      from.minisocket == model::MinisocketStarted::FinWait2 ? State::FinWait2 : State::TimeWait,
      Holder::Minisocket};
  twin.entered = time;
  twin.last_event = time;
  twin.history = from.history;
  twin.history.push({time, twin.mirror,
                     twin.mirror.state == State::TimeWait ? Cause::TimeWaitEntered
                                                          : Cause::OrphanFinWait2Handover,
                     model::Verdict::Unverified, model::DialectId::None});
  twin.owners = from.owners;
  twin.life = from.life;
  twin.life.is_reported = twin.life.is_reported || twin.mirror.state == State::TimeWait;
  twin.last = from.last;
  twin.census = from.census;
  twin.census.kernel.reset();
  twin.known_since = time;
  twin.taken_over = from.taken_over;
  twin.born = false;
  twin.after_gap = from.after_gap;
  twin.timer_started = from.minisocket_started;
  const TwinHandle handle = add_twin(from.minisocket_address, twin, findings);
  table_.index_tuple(handle);
  move_pair(socket, handle);
}

void Tracker::Implementation::fin_at_minisocket(TwinHandle handle, KernelTime time,
                                                ObservedBy observed_by, FindingHandler& findings) {
  const MirrorState to{State::TimeWait, Holder::Minisocket};
  Step step = new_step(table_[handle], time, to);
  step.observed_by = observed_by;
  step.context = model::Context::Softirq;
  const Inference fin{Stimulus::Fin, Cause::TimeWaitEntered, model::Confidence::B};
  const auto judgement = model::judge(step.from, fin, origin_of(table_[handle]), to);
  decide_now(handle, std::move(step), judgement, findings);
  enter(handle, to, time);
}

void Tracker::Implementation::on(const MinisocketSegment& event, FindingHandler& findings) {
  const TwinHandle handle = table_.find(event.socket.address, Holder::Minisocket);
  if (handle == kNoTwin) return;
  Twin& twin = table_[handle];
  // A RST that ends it stops its timer first; any other one was ignored.
  if (event.rst && twin.pending != kNoSlot) twin.rst_arrived = true;
  if (twin.mirror.state == State::FinWait2 && event.substate == State::TimeWait &&
      twin.pending == kNoSlot) {
    fin_at_minisocket(handle, event.time, observer(event.exact), findings);
  }
}

// connect() enters SYN_SENT first and then takes the 4-tuple over, in one call. Its local port is
// known at its next change only (see on_named_connect); until then a connect to the same remote end
// in the very moment is the likeliest reason.
bool Tracker::Implementation::taken_over_by_connect(const Twin& twin, KernelTime time) const {
  const Tuple& ours = twin.identity.tuple;
  return std::ranges::any_of(recent_connects_, [&](const RecentConnect& connect) {
    const bool in_this_call = connect.time <= time && time - connect.time <= kSameCall;
    if (!in_this_call || connect.tuple.netns != ours.netns || connect.tuple.remote != ours.remote ||
        connect.socket == twin.socket.cookie) {
      return false;
    }
    const TwinHandle connecting = table_.find(connect.socket);
    if (connecting == kNoTwin) return false;
    const std::uint16_t port = table_[connecting].identity.tuple.local.port;
    return port == 0 || port == ours.local.port;
  });
}

// A connect whose port is known now: did it take over a TIME_WAIT whose end still waits?
void Tracker::Implementation::on_named_connect(const StateChanged& event,
                                               FindingHandler& findings) {
  const TwinHandle minisocket = table_.find_tuple(event.tuple);
  if (minisocket == kNoTwin || table_[minisocket].pending == kNoSlot ||
      table_[minisocket].mirror.holder != Holder::Minisocket) {
    return;
  }
  table_[minisocket].reused_by_connect = !table_[minisocket].timer_expired;
  settle_pending(minisocket, findings);
}

// What ended the minisocket, from what its timer did and what arrived beside it.
void Tracker::Implementation::judge_minisocket_end(SlotNumber number, FindingHandler& findings) {
  const TwinHandle handle = queue_[number].twin;
  Twin& twin = table_[handle];
  Slot& slot = queue_[number];
  const bool in_time_wait = twin.mirror.state == State::TimeWait;
  Inference end{Stimulus::AdministrativeAbort, Cause::MinisockKilled, model::Confidence::C,
                model::dialect(46)};
  if (twin.timer_expired) {
    end = in_time_wait
              ? Inference{Stimulus::TimeWaitTimeout, Cause::TimeWaitExpired, model::Confidence::A}
              : Inference{Stimulus::FinWait2Timeout, Cause::FinWait2Timeout, model::Confidence::A,
                          model::dialect(4)};
  } else if (twin.reopened_by_syn) {
    end = {Stimulus::SynOfNewIncarnation, Cause::TimeWaitReopenedBySyn, model::Confidence::B,
           model::dialect(9)};
  } else if (twin.reset_sent) {
    end = {Stimulus::TextAfterClose, Cause::MinisockResetPeer, model::Confidence::B,
           model::dialect(50)};
  } else if (twin.rst_arrived) {
    end = in_time_wait ? Inference{Stimulus::Rst, Cause::TimeWaitAssassinated, model::Confidence::B,
                                   model::dialect(10)}
                       : Inference{Stimulus::Rst, Cause::RstReceived, model::Confidence::B};
  } else if (twin.reused_by_connect || taken_over_by_connect(twin, slot.step.time)) {
    end = {Stimulus::PortReused, Cause::TimeWaitReusedByConnect, model::Confidence::B,
           model::dialect(8)};
  }
  auto judgement = model::judge(slot.step.from, end, origin_of(twin), slot.step.to);

  if (end.cause == Cause::MinisockKilled && !options_.shows_minisocket_segments) {
    judgement.verdict = model::Verdict::Unverified;
    judgement.reason = reason(model::Doubt::MinisocketUnseen);
  }
  const Duration lived = slot.step.time - twin.timer_started;
  const bool bound_broken = end.cause == Cause::TimeWaitExpired && twin.timer_start_seen &&
                            (lived < kTimeWaitAtLeast || lived > kTimeWaitAtMost);
  if (bound_broken && !twin.after_gap) {
    judgement.verdict = model::Verdict::Divergence;
    judgement.divergence = model::DivergenceKind::TimerViolation;
  }
  decide(number, judgement, findings);
  if (bound_broken && queue_.contains(number) && queue_[number].divergence) {
    Divergence& divergence = *queue_[number].divergence;
    divergence.measured = lived;
    divergence.lower_bound = kTimeWaitAtLeast;
    divergence.upper_bound = kTimeWaitAtMost;
  }
  remove_twin(handle, findings);
}

}  // namespace tcptwin::tracker
