// SPDX-License-Identifier: MIT
// How often things happen: in the interval that just ended, since the start, and second by second
// over the last minute. Part of `top`'s model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

enum class TopRate : std::uint8_t {
  Opened,       // connects and SYNs that reached a listener
  Established,  // handshakes that were finished
  Closed,       // ends that nobody has to worry about
  ResetByPeer,
  ResetHere,
  Refused,
  TimedOut,
  Unreachable,
};
inline constexpr std::size_t kTopRateCount = 8;
std::string_view name(TopRate rate);  // "opened", "reset by peer": 13 columns at most
bool is_failure(TopRate rate);
TopRate rate_of(const model::Ending& ending);

inline constexpr std::size_t kTopSeconds = 60;

struct RateView {
  double per_second = 0;
  std::uint64_t total = 0;
  std::array<std::uint64_t, kTopSeconds> seconds{};  // whole ones, oldest first
};

RateView sum(const RateView& a, const RateView& b);

class TopRates {
 public:
  explicit TopRates(KernelTime start) : second_began_(start), interval_began_(start) {}

  void count(TopRate rate);
  void advance(KernelTime now);
  void end_interval(KernelTime now);
  RateView view(TopRate rate) const;
  RateView failures() const;

 private:
  using Counts = std::array<std::uint64_t, kTopRateCount>;

  KernelTime second_began_;
  Counts second_{};                           // so far
  std::array<Counts, kTopSeconds> minute_{};  // a ring of whole seconds
  std::size_t oldest_ = 0;
  KernelTime interval_began_;
  Counts at_interval_{};  // totals at its beginning
  Counts total_{};
  std::array<double, kTopRateCount> per_second_{};
};

}  // namespace tcptwin::sinks
