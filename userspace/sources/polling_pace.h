// SPDX-License-Identifier: MIT
// How often a ring that nobody wakes us for is looked at, and how large it is by default.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace tcptwin::sources {

class PollingPace {
 public:
  PollingPace() = default;
  explicit PollingPace(std::size_t ring_bytes);

  // When to drain next, given what the last drains brought.
  KernelTime next_drain(KernelTime now) const;
  void on_drained(KernelTime when, std::size_t records);

 private:
  Duration longest_pause_ = std::chrono::milliseconds{1};
  Duration pause_{};
  KernelTime last_drain_{};
};

std::size_t default_ring_bytes();
std::size_t ring_bytes_for(std::size_t memory_bytes);

}  // namespace tcptwin::sources
