// SPDX-License-Identifier: MIT
// One step of a world: what happened, what the table was asked, what was sent, what was violated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lab/property.h"
#include "lab/rules.h"
#include "lab/segment.h"

namespace tcptwin::lab {

enum class Move : std::uint8_t {
  Call,      // the user of an end
  Arrival,   // a segment reaches an end
  Loss,      // a segment on its way to an end is lost
  Resend,    // the retransmission timer
  TimeOver,  // the 2MSL timer
  Hardship,  // ABORT, R2, ICMP, another security level
  Tick,      // half an MSL
};

struct Step {
  Move move = Move::Tick;
  std::uint8_t end = 0;
  bool copy_remains = false;  // Arrival: the network keeps a copy
  Segment segment;            // Arrival and Loss
  // What the table was asked, in order; a segment may be two things at once.
  std::array<Stimulus, 2> stimuli{};
  std::uint8_t stimulus_count = 0;
  std::array<Segment, 2> sent{};
  std::uint8_t sent_count = 0;
  std::uint8_t sent_lost = 0;  // of these, the last ones found no room
  bool is_impossible = false;  // no room on the way, and nothing more may be lost
  PropertySet violated{};
};

}  // namespace tcptwin::lab
