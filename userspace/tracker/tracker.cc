// SPDX-License-Identifier: MIT
#include "tracker/tracker.h"

#include <algorithm>
#include <variant>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

Tracker::Tracker(TrackerOptions options)
    : implementation_(std::make_unique<Implementation>(options)) {}
Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

void Tracker::observe(const Observation& observation, FindingHandler& findings) {
  implementation_->observe(observation, findings);
}
void Tracker::advance(KernelTime now, FindingHandler& findings) {
  implementation_->advance(now, findings);
}
std::optional<KernelTime> Tracker::next_deadline() const {
  return implementation_->next_deadline();
}
void Tracker::finish(FindingHandler& findings) {
  implementation_->finish(findings);
}
TrackerCounts Tracker::counts() const {
  return implementation_->counts();
}
HalfOpenByPort Tracker::half_open_by_port() const {
  return implementation_->half_open_by_port();
}
void Tracker::visit(const TwinVisitor& visitor) const {
  implementation_->visit(visitor);
}
void Tracker::set_stuck_thresholds(const StuckThresholds& thresholds) {
  implementation_->set_stuck_thresholds(thresholds);
}

void Tracker::list_stuck(KernelTime now, const std::function<void(const Stuck&)>& take) const {
  implementation_->list_stuck(now, take);
}

bool Tracker::wants_census() const {
  return implementation_->wants_census();
}

void Tracker::Implementation::observe(const Observation& observation, FindingHandler& findings) {
  std::visit(
      [&](const auto& event) {
        if (!stream_began_) stream_began_ = event.time;
        ++counts_.observations;
        now_ = std::max(now_, event.time);
        advance(event.time, findings);
        on(event, findings);
      },
      observation);
}

void Tracker::Implementation::advance(KernelTime now, FindingHandler& findings) {
  for (SlotNumber due = queue_.take_due(now); due != kNoSlot; due = queue_.take_due(now)) {
    Step& step = queue_[due].step;
    if (step.evidence && step.evidence->first_sight) step.evidence->child_lingers = true;
    settle(due, findings);
  }
  for (TwinHandle due = wheel_.take_due(now); due != kNoTwin; due = wheel_.take_due(now)) {
    report_stuck(due, now, findings);
  }
  flush(findings);
}

std::optional<KernelTime> Tracker::Implementation::next_deadline() const {
  const auto judging = queue_.next_deadline();
  const auto watching = wheel_.next_deadline();
  if (!judging || !watching) return judging ? judging : watching;
  return std::min(*judging, *watching);
}

void Tracker::Implementation::finish(FindingHandler& findings) {
  const SlotNumber end = queue_.oldest() + queue_.size();
  for (SlotNumber number = queue_.oldest(); number < end; ++number) {
    if (queue_.contains(number) && queue_[number].stage == Slot::Stage::Settling) {
      settle(number, findings);
    }
    if (queue_.contains(number) && queue_[number].stage == Slot::Stage::AwaitingStatus) {
      conclude(queue_[number]);
    }
  }
  awaiting_status_.clear();
  flush(findings);
}

TrackerCounts Tracker::Implementation::counts() const {
  TrackerCounts counts = counts_;
  counts.twins = table_.size();
  counts.capacity = options_.twins;
  counts.half_open = table_.count(model::Holder::RequestSocket);
  counts.time_wait = table_.count(model::Holder::Minisocket);
  counts.states = table_.states();
  counts.states[model::index(model::State::Closed)] = 0;
  return counts;
}

void Tracker::Implementation::set_stuck_thresholds(const StuckThresholds& thresholds) {
  options_.stuck = thresholds;
  table_.for_each([&](TwinHandle handle) {
    const Twin& twin = table_[handle];
    if (twin.identity.role != Role::Listener && twin.stuck_reports == 0) watch(handle);
  });
}

void Tracker::Implementation::visit(const TwinVisitor& visitor) const {
  const auto oldest = oldest_half_open();
  table_.for_each([&](TwinHandle handle) {
    const Twin& twin = table_[handle];
    if (twin.mirror.state == model::State::Closed) return;  // not a connection, for now
    ListenerView listener;
    const bool listens = twin.mirror.state == model::State::Listen;
    if (const auto notes = listeners_.find(handle); listens && notes != listeners_.end()) {
      listener = notes->second.view;
    }
    if (const auto mine = oldest.find(handle); mine != oldest.end()) listener.oldest = mine->second;
    const bool is_orphan =
        twin.mirror.holder == model::Holder::Minisocket || (twin.last && twin.last->dead);
    visitor(TwinView{.connection = twin.identity,
                     .state = twin.mirror,
                     .entered = twin.entered,
                     .known_since = twin.known_since,
                     .owners = twin.owners,
                     .last = twin.last ? &*twin.last : nullptr,
                     .kernel = twin.census.kernel ? &*twin.census.kernel : nullptr,
                     .listener = listens ? &listener : nullptr,
                     .other_end = other_end_of(handle),
                     .synack_retransmits = twin.life.synack_retransmits,
                     .is_orphan = is_orphan,
                     .history = {twin.history.entries.data(), twin.history.length}});
  });
}

}  // namespace tcptwin::tracker
