// SPDX-License-Identifier: MIT
// What is possible in one small world: what its users may do, what its network may do to segments,
// and which properties are claimed there. The catalogue (catalogue.h) names those that are run.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "lab/property.h"
#include "lab/segment.h"

namespace tcptwin::lab {

// Time: a segment dies at the tick at which it is 2 ticks old, so MSL is 2 ticks.
inline constexpr std::uint8_t kMslTicks = 2;

// What the user of one end may do.
struct Script {
  bool listens = false;
  bool connects = false;
  bool listens_at_once = false;  // whenever it is CLOSED: nothing happens before
  std::uint8_t opens = 1;
  std::uint8_t texts = 0;          // SENDs over all connections
  bool closes = true;              // once established
  bool closes_early = false;       // in SYN-SENT and SYN-RECEIVED as well
  bool reads_after_close = true;   // no: text after its CLOSE is for nobody (SHLD-3)
  std::array<Number, 2> iss = {};  // of the first and the second incarnation
};

inline constexpr std::uint8_t kUnlimited = 7;

enum class Pace : std::uint8_t {
  Any,     // a retransmission may come at any time or never
  Ticks,   // at most one a tick, or never
  Prompt,  // one at every tick while anything is outstanding
};

struct Bounds {
  std::string_view name;
  std::string_view about;
  std::array<Script, 2> scripts;
  std::uint8_t capacity = 2;  // segments on the way in each direction; what is too much is lost
  std::uint8_t losses = kUnlimited;
  std::uint8_t duplicates = 0;  // copies that the network makes
  std::uint8_t hardships = 0;   // ABORT, R2, ICMP errors, other security levels
  Pace pace = Pace::Any;
  bool has_time = false;  // without: nothing grows old, and 2MSL may be over at any time
  std::uint8_t time_wait_ticks = 2 * kMslTicks;
  bool heeds_rst_in_time_wait = true;  // no: RFC 1337's advice
  bool symmetric = false;              // the ends may be exchanged
  Number window = 3;
  PropertySet claims{};
};

}  // namespace tcptwin::lab
