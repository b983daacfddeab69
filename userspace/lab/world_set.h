// SPDX-License-Identifier: MIT
// The worlds that the explorer knows, numbered in the order in which it met them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lab/world.h"

namespace tcptwin::lab {

class WorldSet {
 public:
  // Its number, and whether it was new.
  std::pair<std::uint32_t, bool> add(const Packed& packed) {
    if (worlds_.size() * 2 >= slots_.size()) grow();
    std::uint32_t& slot = slot_of(packed);
    if (slot != kFree) return {slot, false};
    slot = static_cast<std::uint32_t>(worlds_.size());
    worlds_.push_back(packed);
    return {slot, true};
  }

  std::size_t size() const { return worlds_.size(); }
  const Packed& operator[](std::size_t number) const { return worlds_[number]; }
  // Nothing is on its way.
  bool is_quiet(std::size_t number) const {
    constexpr std::uint64_t kSegments = (std::uint64_t{1} << 48u) - 1;
    return ((worlds_[number][2] | worlds_[number][3]) & kSegments) == 0;
  }

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;

  static std::uint64_t hash(const Packed& packed) {
    std::uint64_t mixed = 0;
    for (const std::uint64_t part : packed) {
      mixed = (mixed ^ part) * 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
      mixed ^= mixed >> 32u;
    }
    return mixed;
  }
  std::uint32_t& slot_of(const Packed& packed) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = hash(packed) & mask;
    while (slots_[place] != kFree && worlds_[slots_[place]] != packed) place = (place + 1) & mask;
    return slots_[place];
  }
  void grow() {
    slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, kFree);
    for (std::uint32_t i = 0; i < worlds_.size(); ++i) slot_of(worlds_[i]) = i;
  }

  std::vector<Packed> worlds_;
  std::vector<std::uint32_t> slots_;  // a power of two
};

}  // namespace tcptwin::lab
