// SPDX-License-Identifier: MIT
// Time as a value. The kernel's monotonic clock has no now() here: pure layers cannot read a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

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

// A moment that may not be known, in eight bytes where std::optional takes sixteen: a million
// connections keep a dozen each. No event comes from before the kernel's clock began.
class MaybeTime {
 public:
  constexpr MaybeTime() = default;
  constexpr MaybeTime(std::nullopt_t) {}
  constexpr MaybeTime(KernelTime time) : time_(time) {}
  constexpr MaybeTime(std::optional<KernelTime> time) : time_(time.value_or(kUnknown)) {}

  constexpr bool has_value() const { return time_ != kUnknown; }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr KernelTime operator*() const { return time_; }
  constexpr KernelTime value_or(KernelTime other) const { return has_value() ? time_ : other; }
  constexpr operator std::optional<KernelTime>() const {
    return has_value() ? std::optional{time_} : std::nullopt;
  }
  constexpr void reset() { time_ = kUnknown; }

 private:
  static constexpr KernelTime kUnknown = KernelTime::min();
  KernelTime time_ = kUnknown;
};

}  // namespace tcptwin
