// SPDX-License-Identifier: MIT
// Keeps findings in the order in which the kernel reported the facts, although some of them must
// wait for evidence that arrives later. A slot is taken when the fact is seen and filled when it is
// judged; whatever is filled at the head goes out.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "model/evidence.h"
#include "tracker/finding.h"
#include "tracker/twin.h"

namespace tcptwin::tracker {

struct Slot {
  enum class Stage : std::uint8_t {
    Settling,        // evidence may still arrive
    AwaitingStatus,  // judged; the next stream status tells whether something was lost meanwhile
    Ready,
    Dropped,  // was no finding after all
  };
  Stage stage = Stage::Settling;
  TwinHandle twin = kNoTwin;
  KernelTime deadline;        // Settling: judge at this time
  KernelTime evidence_since;  // a loss after this may be why something was not seen
  Step step;
  std::unique_ptr<Divergence> divergence;  // rare and large
  std::unique_ptr<Life> life;              // of the step that ends a connection
  std::unique_ptr<SegmentFound> segment;   // this slot is a segment's, not a step's
};

class FindingQueue {
 public:
  // A slot at the end, for the caller to fill: its step is that of an earlier one. Slots stay where
  // they are until they are taken out.
  Slot& push(SlotNumber& number);
  SlotNumber add(Slot slot);
  Slot& operator[](SlotNumber number) {
    return (*blocks_[number / kBlock - first_ / kBlock])[number % kBlock];
  }
  bool contains(SlotNumber number) const { return number >= first_ && number < end_; }
  std::size_t size() const { return end_ - first_; }
  SlotNumber oldest() const { return first_; }

  // Asks to be told when `deadline` has come; a later call may bring it forward.
  void wake(SlotNumber number, KernelTime deadline);
  std::optional<KernelTime> next_deadline() const;
  // The next slot that is due at `now` and still settles; kNoSlot if there is none.
  SlotNumber take_due(KernelTime now) {
    return alarms_.empty() || alarms_.top().time > now ? kNoSlot : take_next_due(now);
  }

  // The head if it is filled, else null. It is the caller's until drop_head().
  Slot* ready_head();
  void drop_head();

 private:
  struct Alarm {
    KernelTime time;
    SlotNumber slot;
    bool operator<(const Alarm& other) const { return time > other.time; }  // earliest on top
  };
  static constexpr std::size_t kBlock = 64;
  using Block = std::array<Slot, kBlock>;

  SlotNumber take_next_due(KernelTime now);

  std::deque<std::unique_ptr<Block>> blocks_;
  std::unique_ptr<Block> spare_;  // most of the time the queue is short, and one block is enough
  SlotNumber first_ = 0;
  SlotNumber end_ = 0;
  std::priority_queue<Alarm> alarms_;
};

}  // namespace tcptwin::tracker
