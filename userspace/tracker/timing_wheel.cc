// SPDX-License-Identifier: MIT
#include "tracker/timing_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace tcptwin::tracker {

// 32 bits of ticks last for 34 years of uptime; what lies behind them never comes.
TimingWheel::Tick TimingWheel::tick_of(KernelTime time) {
  constexpr Tick kLast = std::numeric_limits<std::uint32_t>::max() - 2;
  return std::clamp<Tick>(time.time_since_epoch() / kTick, 0, kLast);
}

void TimingWheel::set(TwinHandle twin, KernelTime deadline) {
  if (twin >= entries_.size()) entries_.resize(twin + std::size_t{1});
  Entry& entry = entries_[twin];
  if (entry.deadline == kNever) ++size_;
  entry.deadline = std::min(deadline, kNever - Duration{1});
  const Tick tick = std::max(tick_of(deadline), current_);
  if (entry.place == Place::Slot) {
    if (entry.tick >= current_ && entry.tick <= tick) return;  // will be looked at before
    unlink(twin);
  }
  link(twin, tick);
}

void TimingWheel::cancel(TwinHandle twin) {
  if (twin >= entries_.size() || entries_[twin].deadline == kNever) return;
  entries_[twin].deadline = kNever;
  --size_;
}

void TimingWheel::link(TwinHandle twin, Tick tick) {
  Entry& entry = entries_[twin];
  const std::size_t slot = slot_of(tick);
  entry.tick = static_cast<std::uint32_t>(tick);
  entry.place = Place::Slot;
  entry.previous = kNoTwin;
  entry.next = first_[slot];
  if (entry.next != kNoTwin) entries_[entry.next].previous = twin;
  first_[slot] = twin;
  occupied_[slot / kWordBits] |= std::uint64_t{1} << (slot % kWordBits);
}

void TimingWheel::unlink(TwinHandle twin) {
  const Entry& entry = entries_[twin];
  const std::size_t slot = slot_of(entry.tick);
  if (entry.next != kNoTwin) entries_[entry.next].previous = entry.previous;
  (entry.previous == kNoTwin ? first_[slot] : entries_[entry.previous].next) = entry.next;
  if (first_[slot] == kNoTwin) {
    occupied_[slot / kWordBits] &= ~(std::uint64_t{1} << (slot % kWordBits));
  }
}

// Takes out of the slot what is due, what was cancelled, and what was put off into another one.
void TimingWheel::collect_due(std::size_t slot, KernelTime now) {
  for (TwinHandle twin = first_[slot]; twin != kNoTwin;) {
    Entry& entry = entries_[twin];
    const TwinHandle next = entry.next;
    if (entry.deadline == kNever) {
      unlink(twin);
      entry.place = Place::Nowhere;
    } else if (entry.deadline <= now) {
      unlink(twin);
      entry.place = Place::Due;
      due_.push_back(twin);
    } else if (slot_of(tick_of(entry.deadline)) != slot) {
      unlink(twin);
      link(twin, tick_of(entry.deadline));
    }
    twin = next;
  }
}

TwinHandle TimingWheel::take_due(KernelTime now) {
  for (;;) {
    while (!due_.empty()) {
      const TwinHandle twin = due_.back();
      due_.pop_back();
      Entry& entry = entries_[twin];
      if (entry.place != Place::Due) continue;
      entry.place = Place::Nowhere;
      if (entry.deadline == kNever) continue;
      cancel(twin);
      return twin;
    }
    const Tick end = tick_of(now);  // the slot of a tick is looked at when the tick is over
    if (current_ >= end) return kNoTwin;
    // After a jump in time one whole turn looks at every slot.
    current_ = size_ == 0 ? end - 1 : std::max(current_, end - static_cast<Tick>(kSlots));
    collect_due(slot_of(current_), now);
    ++current_;
  }
}

std::optional<KernelTime> TimingWheel::next_deadline() const {
  if (size_ == 0) return std::nullopt;
  if (std::ranges::any_of(due_,
                          [&](TwinHandle twin) { return entries_[twin].place == Place::Due; })) {
    return KernelTime{kTick * current_};
  }
  for (std::size_t distance = 0; distance < kSlots;) {
    const std::size_t slot = slot_of(current_ + static_cast<Tick>(distance));
    const std::uint64_t rest = occupied_[slot / kWordBits] >> (slot % kWordBits);
    if (rest != 0) {
      const Tick tick = current_ + static_cast<Tick>(distance) + std::countr_zero(rest);
      return KernelTime{kTick * (tick + 1)};
    }
    distance += kWordBits - slot % kWordBits;
  }
  return std::nullopt;
}

}  // namespace tcptwin::tracker
