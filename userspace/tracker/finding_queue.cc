// SPDX-License-Identifier: MIT
#include "tracker/finding_queue.h"

#include <utility>

namespace tcptwin::tracker {

SlotNumber FindingQueue::add(Slot slot) {
  slots_.push_back(std::move(slot));
  return first_ + slots_.size() - 1;
}

void FindingQueue::wake(SlotNumber number, KernelTime deadline) {
  (*this)[number].deadline = deadline;
  alarms_.push({deadline, number});
}

std::optional<KernelTime> FindingQueue::next_deadline() const {
  if (alarms_.empty()) return std::nullopt;
  return alarms_.top().time;
}

SlotNumber FindingQueue::take_due(KernelTime now) {
  while (!alarms_.empty() && alarms_.top().time <= now) {
    const Alarm alarm = alarms_.top();
    alarms_.pop();
    if (!contains(alarm.slot)) continue;
    const Slot& slot = (*this)[alarm.slot];
    if (slot.stage == Slot::Stage::Settling && slot.deadline <= now) return alarm.slot;
  }
  return kNoSlot;
}

std::optional<Slot> FindingQueue::take_ready() {
  while (!slots_.empty() && slots_.front().stage == Slot::Stage::Dropped) {
    slots_.pop_front();
    ++first_;
  }
  if (slots_.empty() || slots_.front().stage != Slot::Stage::Ready) return std::nullopt;
  Slot slot = std::move(slots_.front());
  slots_.pop_front();
  ++first_;
  return slot;
}

}  // namespace tcptwin::tracker
