// SPDX-License-Identifier: MIT
#include "sinks/clock_mapping.h"

namespace tcptwin::sinks {
namespace {

using SystemDays = std::chrono::sys_days;

// Floors, so that times before 1970 still have fractions that count upwards.
struct SplitTime {
  std::chrono::year_month_day date;
  std::uint64_t hour, minute, second, nanosecond;
};

SplitTime split(Duration since_epoch) {
  const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
  const auto in_day = static_cast<std::uint64_t>((since_epoch - Duration{days}).count());
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t seconds = in_day / kSecond;
  return {std::chrono::year_month_day{SystemDays{days}}, seconds / 3600, seconds / 60 % 60,
          seconds % 60, in_day % kSecond};
}

void append_clock(ShortText& text, const SplitTime& time) {
  text.append_digits(time.hour, 2);
  text.append(':');
  text.append_digits(time.minute, 2);
  text.append(':');
  text.append_digits(time.second, 2);
  text.append('.');
}

}  // namespace

ShortText clock_time(const ClockMapping& clock, KernelTime time) {
  const SplitTime parts = split(time.time_since_epoch() + clock.realtime_minus_monotonic +
                                Duration{clock.local_minus_utc});
  ShortText text;
  append_clock(text, parts);
  text.append_digits(parts.nanosecond / 1'000'000, 3);
  return text;
}

ShortText rfc3339_time(const ClockMapping& clock, KernelTime time) {
  const SplitTime parts = split(time.time_since_epoch() + clock.realtime_minus_monotonic);
  ShortText text;
  text.append_digits(static_cast<std::uint64_t>(static_cast<int>(parts.date.year())), 4);
  text.append('-');
  text.append_digits(static_cast<unsigned>(parts.date.month()), 2);
  text.append('-');
  text.append_digits(static_cast<unsigned>(parts.date.day()), 2);
  text.append('T');
  append_clock(text, parts);
  text.append_digits(parts.nanosecond, 9);
  text.append('Z');
  return text;
}

ShortText seconds_since_start(const ClockMapping& clock, KernelTime time) {
  const std::int64_t microseconds = to_us(time - clock.start);
  ShortText text;
  if (microseconds < 0) text.append('-');
  const auto magnitude =
      static_cast<std::uint64_t>(microseconds < 0 ? -microseconds : microseconds);
  int digits = 1;
  for (std::uint64_t rest = magnitude / 1'000'000; rest >= 10; rest /= 10) ++digits;
  text.append_digits(magnitude / 1'000'000, digits);
  text.append('.');
  text.append_digits(magnitude % 1'000'000, 6);
  return text;
}

}  // namespace tcptwin::sinks
