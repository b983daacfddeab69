// SPDX-License-Identifier: MIT
#include "sources/polling_pace.h"

#include <unistd.h>

#include <algorithm>
#include <bit>

namespace tcptwin::sources {

namespace {

using std::chrono::milliseconds;

constexpr Duration kBusyPause = milliseconds{1};
// Under traffic a drain shall bring about so many records: few enough that they and their twins
// stay in the processor's cache, enough that what a turn costs by itself does not count.
constexpr std::int64_t kRecordsPerDrain = 1000;
constexpr Duration kSteadyPause = milliseconds{20};
// A pause a reader of lines does not notice; twenty looks a second cost an idle machine nothing.
constexpr Duration kIdlePause = milliseconds{50};
// Two cores make and end 54,000 loopback connections a second: 540,000 state changes of 216 bytes
// and half as many smaller records, about 150 MB/s. Twice that for a burst out of silence.
constexpr std::size_t kBytesPerMillisecond = 300 * 1000;

}  // namespace

PollingPace::PollingPace(std::size_t ring_bytes) {
  const auto until_full = milliseconds{ring_bytes / kBytesPerMillisecond};
  longest_pause_ = std::clamp<Duration>(until_full, kBusyPause, kIdlePause);
  pause_ = kBusyPause;
}

KernelTime PollingPace::next_drain(KernelTime now) const {
  return std::max(now, last_drain_ + pause_);
}

void PollingPace::on_drained(KernelTime when, std::size_t records) {
  const Duration elapsed = std::min<Duration>(when - last_drain_, kIdlePause);
  last_drain_ = when;
  if (records == 0) {
    pause_ = std::min(2 * pause_, longest_pause_);
    return;
  }
  const Duration until_enough = elapsed * kRecordsPerDrain / static_cast<std::int64_t>(records);
  pause_ = std::clamp(until_enough, kBusyPause, std::min(longest_pause_, kSteadyPause));
}

// A quarter of a per cent of the memory, but at least 4 MB (28 ms of the load above) and at most
// 64 MB (0.4 s: whoever is held up longer is not short of room, but of CPU).
std::size_t ring_bytes_for(std::size_t memory_bytes) {
  constexpr std::size_t kMegabyte = 1024 * 1024;
  return std::clamp(std::bit_floor(memory_bytes / 256), 4 * kMegabyte, 64 * kMegabyte);
}

std::size_t default_ring_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return ring_bytes_for(0);
  return ring_bytes_for(static_cast<std::size_t>(pages) * static_cast<std::size_t>(page));
}

}  // namespace tcptwin::sources
