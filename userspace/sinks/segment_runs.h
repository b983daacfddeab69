// SPDX-License-Identifier: MIT
// Which segments of an exchange one line tells of: data that flows, and pure ACKs one after the
// other. Never what was sent again, lost, or came from nobody. Used by exchange_ladder.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sinks/segment_story.h"

namespace tcptwin::sinks {

// At least two segments of one direction, and nothing that is drawn between them.
struct SegmentRun {
  std::vector<std::size_t> segments;  // events: where they were sent, or else seen arriving
  std::uint64_t bytes = 0;            // of data; 0: these are pure ACKs
  std::uint64_t acks_between = 0;     // of the other direction
  KernelTime until;                   // when all of it has arrived, or the last of it was seen
};

struct Folding {
  std::vector<SegmentRun> runs;  // by their first segment, which is where they are drawn
  std::vector<bool> is_folded;   // by event: a run tells of it
};

Folding folded(const Exchange& exchange, const std::vector<SegmentStory>& stories);

// Whether the receiving end did anything between these two events: then an arrow from rail to rail
// would tell things in a wrong order.
bool is_crossed(const Exchange& exchange, std::size_t sent, std::size_t arrival);

// A silence that is worth a line of its own.
inline constexpr Duration kPause = std::chrono::milliseconds{100};

}  // namespace tcptwin::sinks
