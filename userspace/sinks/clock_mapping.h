// SPDX-License-Identifier: MIT
// The kernel's monotonic time as people and programs read it. The mapping comes in as values:
// sinks read no clock.
#pragma once

#include <chrono>

#include "base/time.h"
#include "sinks/short_text.h"

namespace tcptwin::sinks {

struct ClockMapping {
  Duration realtime_minus_monotonic{};     // CLOCK_REALTIME - CLOCK_MONOTONIC
  std::chrono::seconds local_minus_utc{};  // of the user's time zone
  KernelTime start;                        // what -t counts from
};

ShortText clock_time(const ClockMapping& clock, KernelTime time);    // "14:03:59.250", local
ShortText rfc3339_time(const ClockMapping& clock, KernelTime time);  // "2026-...T...250000000Z"
ShortText seconds_since_start(const ClockMapping& clock, KernelTime time);  // "12.345678"

}  // namespace tcptwin::sinks
