// SPDX-License-Identifier: MIT
// One instant of the lab: two ends, what is on the way between them, and what users and network may
// still do. Packs into 32 bytes; two worlds are the same if their packed forms are.
#pragma once

#include <array>
#include <cstdint>

#include "lab/bounds.h"
#include "lab/rules.h"
#include "lab/segment.h"

namespace tcptwin::lab {

// One end: its TCB as RFC 9293 3.3.1 has it, what its user may still do, and ghosts for the proofs.
struct End {
  State state = State::Closed;
  Origin origin = Origin::Passive;
  // The TCB. Without one, all is 0.
  Incarnation incarnation = 0;
  Number iss = 0;
  Number una = 0;  // SND.UNA
  Number nxt = 0;  // SND.NXT
  Number rcv = 0;  // RCV.NXT
  bool syn_received = false;
  bool fin_sent = false;  // its number is SND.NXT - 1
  bool fin_received = false;
  bool closed_first = false;  // our FIN was sent before the peer's came
  bool retransmission_due = false;
  std::uint8_t clock = 0;  // ticks left in TIME-WAIT
  // The user.
  bool listening = false;  // waits for whoever comes, and nobody has come yet
  std::uint8_t opens_left = 0;
  std::uint8_t texts_left = 0;
  // Ghosts.
  std::uint8_t incarnations = 0;  // had so far
  Incarnation peer = 0;           // whose SYN was accepted
  std::uint8_t agreed = 0;        // a bit for each pair of incarnations whose SYN it accepted

  friend bool operator==(const End&, const End&) = default;

  bool has_tcb() const { return incarnation != 0; }
  bool has_outstanding() const { return una != nxt; }
  bool fin_acknowledged() const { return fin_sent && una == nxt; }
};

constexpr std::uint8_t agreement(Incarnation own, Incarnation peer) {
  return static_cast<std::uint8_t>(1u << ((own - 1u) * 2u + (peer - 1u)));
}

inline constexpr std::size_t kMostSegments = 3;
// Codes in descending order, 0 where there is none: the order of arrival is not kept.
using Channel = std::array<Code, kMostSegments>;

struct World {
  std::array<End, 2> ends;
  std::array<Channel, 2> towards{};  // towards[i]: on the way to ends[i]
  std::uint8_t losses_left = 0;
  std::uint8_t duplicates_left = 0;
  std::uint8_t hardships_left = 0;

  friend bool operator==(const World&, const World&) = default;
};

using Packed = std::array<std::uint64_t, 4>;
Packed pack(const World& world);
World unpack(const Packed& packed, const Bounds& bounds);

World initial_world(const Bounds& bounds);
// The same world seen from the other end.
World mirrored(const World& world);
// The one of a world and its mirror image that stands for both.
World representative(const World& world, const Bounds& bounds);

std::size_t count(const Channel& channel);
bool contains(const Channel& channel, Code code);
void insert(Channel& channel, Code code);
void remove(Channel& channel, std::size_t place);

}  // namespace tcptwin::lab
