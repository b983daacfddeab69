// SPDX-License-Identifier: MIT
// Settling, judging and handing out: from a slot with its evidence to a finding with its verdict.
#include <algorithm>
#include <memory>
#include <utility>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Verdict;

Duration settle_window(const Twin& twin, const StateChanged& event) {
  if (twin.previous_left_listen) return kListenerAbortWindow;
  const auto& seen = event.snapshot;
  const bool is_close_call =
      seen.receive_shutdown && seen.send_shutdown && event.context == model::Context::Process;
  const bool destroys = event.to == model::State::Closed && (seen.dead || is_close_call);
  return destroys ? kDestroyWindow : kSettleWindow;
}

void Tracker::Implementation::on(const CallPathNamed& event, FindingHandler& findings) {
  findings.on_call_path(CallPath{event.id, event.addresses, event.names, event.frames});
}

// The stream tells what was lost; a divergence is only pronounced once it is known that nothing
// was lost while its evidence should have come.
void Tracker::Implementation::on(const StreamStatus& event, FindingHandler& findings) {
  const StreamStatus before = status_.value_or(StreamStatus{});
  const std::uint64_t in_ring = event.lost_in_ring - before.lost_in_ring;
  const std::uint64_t malformed = event.malformed - before.malformed;
  const std::uint64_t unrecorded = event.unrecorded - before.unrecorded;
  const std::uint64_t missed = newly_missed(event);
  status_ = event;
  if (in_ring > 0) report_loss(LossPlace::RingBuffer, in_ring, event.time, findings);
  if (missed > 0) report_loss(LossPlace::Recursion, missed, event.time, findings);
  if (malformed > 0) report_loss(LossPlace::Malformed, malformed, event.time, findings);
  if (unrecorded > 0) report_loss(LossPlace::Recording, unrecorded, event.time, findings);
  if (in_ring + missed + malformed + unrecorded > 0) {
    last_loss_ = std::max(event.time, event.counted_at);
    loss_since_census_ = true;
  }

  std::erase_if(awaiting_status_, [&](SlotNumber number) {
    if (!queue_.contains(number)) return true;
    if (queue_[number].deadline > event.time) return false;
    conclude(queue_[number]);
    return true;
  });
  flush(findings);
}

// Runs that the recursion guard refused and the side program did not make up for, since the last
// time. The two counters are read one after the other, and what the side program repeats it did not
// save: only their totals compare.
std::uint64_t Tracker::Implementation::newly_missed(const StreamStatus& status) {
  const std::uint64_t saved =
      status.side_recovered - std::min(counts_.repeated, status.side_recovered);
  const std::uint64_t missed = status.recursion_misses - std::min(saved, status.recursion_misses);
  const std::uint64_t known = std::exchange(missed_, std::max(missed_, missed));
  return missed_ - known;
}

Step Tracker::Implementation::new_step(const Twin& twin, KernelTime time,
                                       model::MirrorState to) const {
  Step step;
  begin_step(step, twin, time, to);
  return step;
}

// Sets every field: slots are used again and again. The evidence is the caller's, if there is any.
void Tracker::Implementation::begin_step(Step& step, const Twin& twin, KernelTime time,
                                         model::MirrorState to) {
  step.time = time;
  step.connection = twin.identity;
  step.from = twin.mirror;
  step.to = to;
  step.dwell.reset();
  step.dwell_at_least.reset();
  step.cause = {};
  step.verdict = {};
  step.confidence = {};
  step.dialect = model::DialectId::None;
  step.rule = {};
  step.reason = {};
  step.observed_by = ObservedBy::Tracepoint;
  step.context = model::Context::Unknown;
  step.owner = named_owner(twin.owners);
  step.call_path = 0;
  step.evidence.reset();
  if (twin.entered) {
    step.dwell = span(*twin.entered, time);
  } else if (twin.identity.adopted || twin.taken_over) {
    step.dwell_at_least = span(twin.known_since, time);
  }
}

void Tracker::Implementation::settle(SlotNumber number, FindingHandler& findings) {
  if (queue_[number].segment) {
    waiting_segments_.remove(queue_[number].segment->tuple, number);
    settle_segment(number, false);
    return;
  }
  const Twin& twin = table_[queue_[number].twin];
  switch (twin.mirror.holder) {
    case model::Holder::Socket:
      judge_socket_step(number, findings);
      break;
    case model::Holder::Minisocket:
      judge_minisocket_end(number, findings);
      break;
    case model::Holder::RequestSocket:
      judge_request_end(number, findings);
      break;
  }
}

void Tracker::Implementation::settle_pending(TwinHandle handle, FindingHandler& findings) {
  const SlotNumber number = table_[handle].pending;
  if (number != kNoSlot) settle(number, findings);
}

void Tracker::Implementation::judge_socket_step(SlotNumber number, FindingHandler& findings) {
  Slot& slot = queue_[number];
  Twin& twin = table_[slot.twin];
  model::Evidence& evidence = *slot.step.evidence;
  evidence.settled = true;
  if (evidence.child_lingers && may_be_foreign(twin)) {
    forget_foreign(slot.twin);
    flush(findings);
    return;
  }
  // Before 6.18 the child's next event comes with another cookie, and finds it by its address.
  if (twin.socket.cookie != 0) forget_birth(slot.twin);
  const auto judgement = model::judge(slot.step.from, evidence, origin_of(twin), slot.step.to);
  const TwinHandle handle = slot.twin;
  const bool gone = twin.destroyed;
  decide(number, judgement, findings);
  if (gone) remove_twin(handle, findings);
}

// Turns a judgement into the slot's step and verdict. The twin's history decides what the judgement
// is worth: after a gap nothing is verified, and the first step of an adopted twin accuses nobody.
void Tracker::Implementation::decide(SlotNumber number, const model::Judgement& judgement,
                                     FindingHandler& findings) {
  Slot& slot = queue_[number];
  Twin& twin = table_[slot.twin];
  Step& step = slot.step;
  step.verdict = judgement.verdict;
  step.cause = judgement.cause;
  step.confidence = judgement.confidence;
  step.dialect = judgement.dialect;
  step.rule = judgement.rule;
  if (judgement.verdict == Verdict::Unverified) step.reason = judgement.reason;

  bool check_losses = judgement.relies_on_absence;
  if (twin.after_gap) {
    step.verdict = Verdict::Unverified;
    step.reason = reason(model::Doubt::EarlierLoss);
    check_losses = false;
  } else if (judgement.verdict == Verdict::Divergence) {
    if ((twin.identity.adopted || twin.taken_over) && twin.born) {
      step.verdict = Verdict::Unverified;
      step.reason = twin.taken_over ? reason(model::Doubt::EarlierLoss)
                                    : reason(model::Doubt::OlderThanTrace);
    } else {
      check_losses = true;
      slot.divergence =
          std::make_unique<Divergence>(describe(slot, *judgement.divergence, judgement.expected));
    }
  }
  twin.history.push({step.time, step.to, step.cause, step.verdict, step.dialect});
  const bool was_made_by_process = step.owner.confidence == OwnerConfidence::Acted;
  const Actor* actor = was_made_by_process ? &step.owner.actor : nullptr;
  note_step(twin, step, actor);
  const TwinHandle heir = minisocket_after(twin, step);
  if (heir != kNoTwin) {
    note_step(table_[heir], step, actor);
    table_[heir].history.note_verdict(step);
  }
  note_birth(twin, step.cause);
  if (model::ends_connection(step.to)) slot.life = end_life(slot.twin, step);
  twin.born = false;
  if (twin.pending == number) twin.pending = kNoSlot;
  slot.stage = check_losses ? Slot::Stage::AwaitingStatus : Slot::Stage::Ready;
  if (check_losses) {
    slot.deadline = std::max(slot.deadline, step.time);
    awaiting_status_.push_back(number);
  }
  flush(findings);
}

void Tracker::Implementation::decide_now(TwinHandle handle, Step step,
                                         const model::Judgement& judgement,
                                         FindingHandler& findings) {
  Slot slot;
  slot.twin = handle;
  slot.deadline = step.time;
  slot.evidence_since = table_[handle].last_event;
  slot.step = std::move(step);
  decide(queue_.add(std::move(slot)), judgement, findings);
}

// The last word on a slot that awaited the stream's status.
void Tracker::Implementation::conclude(Slot& slot) {
  const bool lost = last_loss_ && *last_loss_ >= slot.evidence_since;
  if (lost || !options_.shows_all_evidence) {
    slot.step.verdict = Verdict::Unverified;
    slot.step.reason =
        lost ? reason(model::Doubt::EvidenceLost) : reason(model::Doubt::EvidenceNotShown);
    slot.divergence.reset();
    Twin& twin = table_[slot.twin];  // may be another's by now
    if (twin.identity.id == slot.step.connection.id) twin.history.note_verdict(slot.step);
  }
  if (slot.life) slot.life->verdict = graver(slot.life->verdict, slot.step.verdict);
  slot.stage = Slot::Stage::Ready;
}

// The end of a minisocket or request socket waits for what its timer does next.
void Tracker::Implementation::end_wait(TwinHandle handle, KernelTime time, Duration window,
                                       ObservedBy observed_by, FindingHandler& findings) {
  if (table_[handle].pending != kNoSlot) return;
  make_room(findings);
  SlotNumber number;
  Slot& slot = queue_.push(number);
  slot.twin = handle;
  slot.evidence_since = table_[handle].last_event;
  begin_step(slot.step, table_[handle], time, model::MirrorState{model::State::Closed});
  slot.step.observed_by = observed_by;
  slot.step.context = model::Context::Softirq;
  await(number, time + window);
}

void Tracker::Implementation::make_room(FindingHandler& findings) {
  if (queue_.size() < options_.pending_steps) return;
  const SlotNumber oldest = queue_.oldest();
  ++counts_.settled_early;
  if (queue_[oldest].stage == Slot::Stage::Settling) settle(oldest, findings);
  if (queue_.contains(oldest) && queue_[oldest].stage == Slot::Stage::AwaitingStatus) {
    queue_[oldest].step.verdict = Verdict::Unverified;
    queue_[oldest].step.reason = reason(model::Doubt::TooManyWaiting);
    queue_[oldest].divergence.reset();
    queue_[oldest].stage = Slot::Stage::Ready;
  }
  flush(findings);
}

void Tracker::Implementation::add_slot(Slot slot, FindingHandler& findings) {
  make_room(findings);
  const KernelTime deadline = slot.deadline;
  await(queue_.add(std::move(slot)), deadline);
}

// The slot's step waits for its evidence.
void Tracker::Implementation::await(SlotNumber number, KernelTime deadline) {
  table_[queue_[number].twin].pending = number;
  queue_.wake(number, deadline);
}

void Tracker::Implementation::flush(FindingHandler& findings) {
  while (const Slot* slot = queue_.ready_head()) {
    release(*slot, findings);
    queue_.drop_head();
  }
}

void Tracker::Implementation::release(const Slot& slot, FindingHandler& findings) {
  if (slot.segment) {
    ++counts_.segments;
    findings.on_segment(*slot.segment);
    if (slot.divergence) pronounce(*slot.divergence, findings);
    return;
  }
  const Step& step = slot.step;
  ++counts_.steps;
  ++counts_.verdicts[static_cast<std::size_t>(step.verdict)];
  ++counts_.causes[model::index(step.cause)];
  if (step.verdict == Verdict::Deviation) ++counts_.deviations[model::number(step.dialect)];
  findings.on_step(step);
  if (slot.divergence) pronounce(*slot.divergence, findings);
  if (slot.life) {
    ++counts_.lives;
    findings.on_life(*slot.life);
  }
}

Divergence Tracker::Implementation::describe(const Slot& slot, model::DivergenceKind kind,
                                             std::optional<model::State> expected) const {
  const Twin& twin = table_[slot.twin];
  Divergence divergence{};
  divergence.time = slot.step.time;
  divergence.kind = kind;
  divergence.connection = slot.step.connection;
  divergence.owner = slot.step.owner;
  divergence.from = slot.step.from;
  divergence.observed = slot.step.to;
  divergence.expected = expected;
  divergence.cause = slot.step.cause;
  divergence.evidence = slot.step.evidence;
  divergence.history = twin.history.entries;
  divergence.history_length = twin.history.length;
  divergence.call_path = slot.step.call_path;
  return divergence;
}

// The kernel's truth and the mirror's disagree outside of any step.
Divergence Tracker::Implementation::accusation(TwinHandle handle, KernelTime time,
                                               model::DivergenceKind kind,
                                               model::MirrorState observed) const {
  const Twin& twin = table_[handle];
  Divergence divergence{};
  divergence.time = time;
  divergence.kind = kind;
  divergence.connection = twin.identity;
  divergence.owner = named_owner(twin.owners);
  divergence.from = twin.mirror;
  divergence.observed = observed;
  divergence.cause = model::Cause::Unexplained;
  divergence.history = twin.history.entries;
  divergence.history_length = twin.history.length;
  return divergence;
}

void Tracker::Implementation::pronounce(const Divergence& divergence, FindingHandler& findings) {
  ++counts_.divergences[static_cast<std::size_t>(divergence.kind)];
  findings.on_divergence(divergence);
}

void Tracker::Implementation::report_loss(LossPlace where, std::uint64_t lost, KernelTime time,
                                          FindingHandler& findings) {
  findings.on_loss(Loss{time, where, lost});
}

TwinHandle Tracker::Implementation::add_twin(TwinKey key, const Twin& twin,
                                             FindingHandler& findings) {
  const TwinHandle stale = table_.find(key);
  if (stale != kNoTwin) remove_twin(stale, findings);  // its end was not seen; the object is new
  const TwinHandle handle = table_.add(key, twin, [&](TwinHandle victim) {
    ++counts_.evicted;
    report_loss(LossPlace::Table, 1, twin.last_event, findings);
    remove_twin(victim, findings);
  });
  if (follows_segments_) name_for_segments(handle);
  return handle;
}

void Tracker::Implementation::remove_twin(TwinHandle handle, FindingHandler& findings) {
  Twin& twin = table_[handle];
  if (twin.pending != kNoSlot) {
    // The end of a minisocket or request socket is its twin's end: settling removes the twin.
    const bool settling_removes = twin.mirror.holder != model::Holder::Socket;
    twin.destroyed = false;
    settle_pending(handle, findings);
    if (settling_removes) return;
  }
  forget_birth(handle);
  discard(handle);
}

// Takes the twin out of everything that refers to it.
void Tracker::Implementation::discard(TwinHandle handle) {
  if (follows_segments_) forget_for_segments(handle);
  count_as_stuck(table_[handle], false);
  leave_listener(handle);
  leave_pair(handle);
  wheel_.cancel(handle);
  if (table_[handle].identity.role == Role::Listener) listeners_.erase(handle);
  table_.remove(handle);
}

void Tracker::Implementation::forget_birth(TwinHandle handle) {
  births_by_address_.erase_if_is(table_[handle].socket.address, handle);
}

void Tracker::Implementation::drop_pending(Twin& twin) {
  if (twin.pending == kNoSlot) return;
  queue_[twin.pending].stage = Slot::Stage::Dropped;
  twin.pending = kNoSlot;
}

void Tracker::Implementation::enter(TwinHandle handle, model::MirrorState state, KernelTime time) {
  Twin& twin = table_[handle];
  count_as_stuck(twin, false);
  table_.set_state(handle, state);
  twin.entered = time;
  twin.known_since = time;
  twin.last_event = time;
  twin.stuck_reports = 0;
  twin.look_asked.reset();
  twin.stuck_una.reset();
  twin.census.snd_una.reset();
  watch(handle);
}

model::Origin Tracker::Implementation::origin_of(const Twin& twin) const {
  return twin.identity.role == Role::Passive ? model::Origin::Passive : model::Origin::Active;
}

}  // namespace tcptwin::tracker
