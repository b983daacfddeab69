// SPDX-License-Identifier: MIT
// What a sink is: it takes findings as they come, and a summary when the stream has ended.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "sinks/finding_filter.h"
#include "sinks/life_statistics.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin::sinks {

// What a whole run amounts to.
struct Summary {
  KernelTime end;
  Duration duration{};
  Subject subject = Subject::Steps;
  std::uint64_t seen = 0;   // findings of the subject
  std::uint64_t shown = 0;  // of those, what the filter let through
  std::string filter;       // the filter in the user's words; "" if there was none
  tracker::TrackerCounts counts;
  tracker::StreamStatus stream;
  std::array<std::uint64_t, tracker::kLossPlaceCount> lost{};  // by tracker::LossPlace
  std::uint64_t failed_censuses = 0;
  std::uint64_t unrecorded = 0;      // what --record could not store: seen here, lost to a replay
  std::optional<LifeFigures> lives;  // of `life`

  std::uint64_t lost_in_all() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t part : lost) sum += part;
    return sum;
  }
};

class Sink : public tracker::FindingHandler {
 public:
  // Before the first finding: a header, where the format has one.
  virtual void on_start() = 0;
  // After the last one.
  virtual void on_end(const Summary& summary) = 0;
};

}  // namespace tcptwin::sinks
