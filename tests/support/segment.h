// SPDX-License-Identifier: MIT
// TCP segments in IPv4 packets, as a test writes and reads them: no kernel between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/sequence_number.h"

namespace tcptwin::testing {

// Control bits of a TCP header, and the combinations that conversations are made of.
enum Flags : std::uint8_t {
  NoFlags = 0,
  Fin = 1,
  Syn = 2,
  Rst = 4,
  Psh = 8,
  Ack = 16,
  SynAck = Syn | Ack,
  FinAck = Fin | Ack,
  RstAck = Rst | Ack,
  PshAck = Psh | Ack,
  SynFinAck = Syn | Fin | Ack,
};

struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};

struct Segment {
  std::uint32_t source = 0;       // IPv4 address, host order
  std::uint32_t destination = 0;  // IPv4 address, host order
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SequenceNumber sequence;
  SequenceNumber acknowledgment;
  Flags flags = NoFlags;
  std::uint16_t window = 0;
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  std::optional<Timestamps> timestamps;
  std::string text;

  bool has(Flags wanted) const { return (flags & wanted) == wanted; }
  // Octets of sequence space: SYN and FIN count one each.
  std::uint32_t length() const;
};

std::vector<std::byte> to_packet(const Segment& segment);
// nullopt if these bytes are no IPv4 packet with a whole TCP header.
std::optional<Segment> parse_packet(std::span<const std::byte> packet);

// "Destination unreachable" about a packet, from the host it went to.
std::vector<std::byte> unreachable_packet(std::uint8_t code, std::span<const std::byte> about);

// "SYN,ACK seq 1000 ack 2001 win 65535 len 5"
std::string to_string(const Segment& segment);

}  // namespace tcptwin::testing
