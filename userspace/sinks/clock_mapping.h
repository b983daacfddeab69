// SPDX-License-Identifier: MIT
// The kernel's monotonic time as people and programs read it. The mapping comes in as values:
// sinks read no clock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace tcptwin::sinks {

struct ClockMapping {
  Duration realtime_minus_monotonic{};     // CLOCK_REALTIME - CLOCK_MONOTONIC
  std::chrono::seconds local_minus_utc{};  // of the user's time zone
  KernelTime start;                        // what -t counts from
};

// A short text without allocation.
class TimeText {
 public:
  std::string_view view() const { return {text_.data(), size_}; }
  void append(char character) { text_[size_++] = character; }
  void append_digits(std::uint64_t value, int digits);

 private:
  std::array<char, 40> text_{};
  std::size_t size_ = 0;
};

TimeText clock_time(const ClockMapping& clock, KernelTime time);    // "14:03:59.250", local
TimeText rfc3339_time(const ClockMapping& clock, KernelTime time);  // "2026-...T...250000000Z"
TimeText seconds_since_start(const ClockMapping& clock, KernelTime time);  // "12.345678"

}  // namespace tcptwin::sinks
