// SPDX-License-Identifier: MIT
#include "tracker/finding_queue.h"

#include <utility>

namespace tcptwin::tracker {

Slot& FindingQueue::push(SlotNumber& number) {
  number = end_++;
  const std::size_t block = number / kBlock - first_ / kBlock;
  if (block == blocks_.size()) {
    blocks_.push_back(spare_ ? std::move(spare_) : std::make_unique<Block>());
  }
  Slot& slot = (*this)[number];
  slot.stage = Slot::Stage::Settling;
  return slot;
}

SlotNumber FindingQueue::add(Slot slot) {
  SlotNumber number;
  push(number) = std::move(slot);
  return number;
}

void FindingQueue::wake(SlotNumber number, KernelTime deadline) {
  (*this)[number].deadline = deadline;
  alarms_.push({deadline, number});
}

std::optional<KernelTime> FindingQueue::next_deadline() const {
  if (alarms_.empty()) return std::nullopt;
  return alarms_.top().time;
}

SlotNumber FindingQueue::take_next_due(KernelTime now) {
  while (!alarms_.empty() && alarms_.top().time <= now) {
    const Alarm alarm = alarms_.top();
    alarms_.pop();
    if (!contains(alarm.slot)) continue;
    const Slot& slot = (*this)[alarm.slot];
    if (slot.stage == Slot::Stage::Settling && slot.deadline <= now) return alarm.slot;
  }
  return kNoSlot;
}

Slot* FindingQueue::ready_head() {
  while (first_ != end_ && (*this)[first_].stage == Slot::Stage::Dropped) drop_head();
  if (first_ == end_ || (*this)[first_].stage != Slot::Stage::Ready) return nullptr;
  return &(*this)[first_];
}

void FindingQueue::drop_head() {
  Slot& slot = (*this)[first_];
  slot.divergence.reset();
  slot.life.reset();
  slot.segment.reset();
  if (++first_ % kBlock != 0) return;
  spare_ = std::move(blocks_.front());
  blocks_.pop_front();
}

}  // namespace tcptwin::tracker
