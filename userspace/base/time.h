// SPDX-License-Identifier: MIT
// Time as a value. The kernel's monotonic clock has no now() here: pure layers cannot read a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace tcptwin {

// CLOCK_MONOTONIC as bpf_ktime_get_ns() reads it. Deliberately without now().
struct KernelClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<KernelClock>;
  static constexpr bool is_steady = true;
};

using KernelTime = KernelClock::time_point;
using Duration = KernelClock::duration;

constexpr KernelTime kernel_time_from_ns(std::uint64_t nanoseconds) {
  return KernelTime{Duration{static_cast<std::int64_t>(nanoseconds)}};
}

constexpr std::int64_t to_ns(KernelTime time) {
  return time.time_since_epoch().count();
}

// Whole microseconds, rounded towards zero.
constexpr std::int64_t to_us(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace tcptwin
