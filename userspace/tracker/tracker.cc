// SPDX-License-Identifier: MIT
#include "tracker/tracker.h"

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

void Tracker::Implementation::observe(const Observation& observation, FindingHandler& findings) {
  std::visit(
      [&](const auto& event) {
        if (!stream_began_) stream_began_ = event.time;
        ++counts_.observations;
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
  flush(findings);
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
  counts.half_open = table_.count(model::Holder::RequestSocket);
  counts.time_wait = table_.count(model::Holder::Minisocket);
  return counts;
}

}  // namespace tcptwin::tracker
