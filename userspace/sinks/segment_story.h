// SPDX-License-Identifier: MIT
// What can be told of each segment of an exchange: which one that was sent is which that arrived,
// what was sent again or lost, and what the numbers tell of data that is not recorded. Used by
// segment_runs.cc, exchange_ladder.cc and json_ladder.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sinks/exchange.h"

namespace tcptwin::sinks {

// What became of a segment.
enum class Fate : std::uint8_t {
  Unknown,    // the other end is not on this host, or it is too early to tell
  Arrived,    // at the other end, which is here as well
  Lost,       // it did not
  Unsent,     // it arrived, and nobody here was seen sending it
  IsArrival,  // it is the arrival of one that was seen being sent
};
// "unknown", "arrived", "lost", "unsent", "arrival"
std::string_view label(Fate fate);

struct SegmentStory {
  Fate fate = Fate::Unknown;
  // The arrival of what was sent, or the reverse: an event. Where it was cut into packets or joined
  // with others on its way, the first of them.
  std::size_t counterpart = 0;
  bool is_repeated = false;           // its numbers were sent before
  std::uint32_t unseen_before = 0;    // bytes of data before it that no recorded segment carries
  std::uint32_t unseen_answered = 0;  // and of the other direction, which it acknowledges
};

// For each event of the exchange; of those that are no segments nothing is set. Where segments of
// data are recorded, numbers tell of no other data.
std::vector<SegmentStory> segment_stories(const Exchange& exchange);

}  // namespace tcptwin::sinks
