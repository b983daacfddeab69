// SPDX-License-Identifier: MIT
// When which twin has to be looked at again: one deadline a twin, set and cancelled in constant
// time, without a clock. For deadlines of seconds to hours that mostly never come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "tracker/twin.h"

namespace tcptwin::tracker {

// A hashed wheel (Varghese and Lauck 1987, scheme 6): a deadline lies in the slot of its tick, and
// stays there for as many turns of the wheel as it is away. A deadline that is put off or cancelled
// stays where it is until its old slot is looked at: a connection sets a dozen of them and hardly
// ever lives to see one.
class TimingWheel {
 public:
  // Replaces the twin's deadline. One in the past is due at the end of the current tick.
  void set(TwinHandle twin, KernelTime deadline);
  void cancel(TwinHandle twin);

  // Removes and returns a twin whose deadline has come; kNoTwin if there is none. Never early, late
  // by a tick at most.
  TwinHandle take_due(KernelTime now);

  // When take_due() is worth the next call; nullopt while there is no deadline.
  std::optional<KernelTime> next_deadline() const;

  std::size_t size() const { return size_; }

 private:
  static constexpr Duration kTick = std::chrono::milliseconds{250};
  static constexpr std::size_t kSlots = 1024;  // one turn: 256 s
  static constexpr std::size_t kWordBits = 64;
  using Tick = std::int64_t;

  enum class Place : std::uint8_t { Nowhere, Slot, Due };
  struct Entry {
    KernelTime deadline = kNever;
    TwinHandle next = kNoTwin;
    TwinHandle previous = kNoTwin;
    std::uint32_t tick = 0;  // in whose slot it lies; may be earlier than the deadline's
    Place place = Place::Nowhere;
  };
  static constexpr KernelTime kNever = KernelTime::max();
  static Tick tick_of(KernelTime time);
  static std::size_t slot_of(Tick tick) { return static_cast<std::size_t>(tick) % kSlots; }
  void link(TwinHandle twin, Tick tick);
  void unlink(TwinHandle twin);
  void collect_due(std::size_t slot, KernelTime now);

  std::vector<Entry> entries_;  // by twin
  std::array<TwinHandle, kSlots> first_ = filled_with_none();
  std::array<std::uint64_t, kSlots / kWordBits> occupied_{};
  std::vector<TwinHandle> due_;  // collected, not taken yet; cancelled ones are skipped
  Tick current_ = 0;             // the slots of all ticks before it have been looked at
  std::size_t size_ = 0;         // deadlines to come

  static constexpr std::array<TwinHandle, kSlots> filled_with_none() {
    std::array<TwinHandle, kSlots> all{};
    all.fill(kNoTwin);
    return all;
  }
};

}  // namespace tcptwin::tracker
