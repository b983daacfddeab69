// SPDX-License-Identifier: MIT
// A segment of the lab: flags, small sequence numbers, at most one octet of text, its age, and the
// ghost that no TCP can see: which incarnation of its sender sent it.
#pragma once

#include <cstdint>

namespace tcptwin::lab {

using Number = std::uint8_t;       // a sequence number, below 16
using Incarnation = std::uint8_t;  // 1, 2 ...; 0: none

struct Segment {
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  bool text = false;
  Number sequence = 0;
  Number acknowledgment = 0;
  std::uint8_t age = 0;  // in ticks: 0 or 1
  Incarnation incarnation = 0;

  friend constexpr bool operator==(const Segment&, const Segment&) = default;

  // SEG.LEN without the SYN.
  constexpr Number length() const { return static_cast<Number>((text ? 1 : 0) + (fin ? 1 : 0)); }
};

// 16 bits, never 0: every segment has a flag.
using Code = std::uint16_t;

constexpr Code encode(const Segment& segment) {
  const auto bit = [](bool value, unsigned place) { return (value ? 1u : 0u) << place; };
  const auto number = [](unsigned value, unsigned place) { return value << place; };
  return static_cast<Code>(bit(segment.syn, 0) | bit(segment.ack, 1) | bit(segment.fin, 2) |
                           bit(segment.rst, 3) | bit(segment.text, 4) |
                           number(segment.sequence, 5) | number(segment.acknowledgment, 9) |
                           number(segment.age, 13) | number(segment.incarnation, 14));
}

constexpr Segment decode(Code code) {
  const auto bits = [code](unsigned place, unsigned mask) {
    return static_cast<std::uint8_t>((static_cast<unsigned>(code) >> place) & mask);
  };
  return {bits(0, 1) != 0, bits(1, 1) != 0, bits(2, 1) != 0, bits(3, 1) != 0, bits(4, 1) != 0,
          bits(5, 15),     bits(9, 15),     bits(13, 1),     bits(14, 3)};
}

}  // namespace tcptwin::lab
