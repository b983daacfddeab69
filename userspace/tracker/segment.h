// SPDX-License-Identifier: MIT
// A TCP segment as it passed a network device: its header, and which of this host's ends it belongs
// to. Part of the tracker's ports; sources fill it, sinks print it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/sequence_number.h"

namespace tcptwin::tracker {

enum class Direction : std::uint8_t { Sent, Received };
std::string_view label(Direction direction);  // "sent", "received"

// Why a segment is shown.
enum class SegmentReason : std::uint8_t {
  Control,    // it has SYN, FIN or RST
  Answers,    // it acknowledges a SYN or FIN seen before, exactly
  Follows,    // the first pure ACK after a SYN or RST of the other side: a challenge ACK, say
  BeyondFin,  // it carries data behind a FIN that was sent before
  // Only where every segment is asked for; no verdict rests on these.
  Data,     // it carries data
  PureAck,  // it only acknowledges
};
// "control", "answers", "follows", "beyond_fin", "data", "pure_ack"
std::string_view label(SegmentReason reason);

struct Timestamps {
  std::uint32_t value = 0;  // TSval
  std::uint32_t echo = 0;   // TSecr
};

struct SackBlock {
  SequenceNumber left;
  SequenceNumber right;
};
inline constexpr std::size_t kSackBlocks = 4;  // more have no room in a header

// What RFC 9293, 7323, 2018, 7413 and 8684 put behind the header.
struct SegmentOptions {
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  std::optional<Timestamps> timestamps;
  std::array<SackBlock, kSackBlocks> sack{};
  std::size_t sack_length = 0;
  bool sack_permitted = false;
  bool fast_open = false;  // a cookie, or the request for one
  bool mptcp = false;
  bool authenticated = false;  // MD5 or TCP-AO
  bool malformed = false;      // a length that cannot be; what comes behind it is unknown
};

struct Segment {
  Direction direction = Direction::Sent;
  SegmentReason reason = SegmentReason::Control;
  bool fin = false;
  bool syn = false;
  bool rst = false;
  bool psh = false;
  bool ack = false;
  bool urg = false;
  SequenceNumber sequence;
  SequenceNumber acknowledgement;  // if ack
  std::uint16_t window = 0;        // as on the wire, not scaled
  std::uint32_t payload = 0;       // bytes; of all that is cut into packets later or was joined
  SegmentOptions options;

  std::uint32_t interface = 0;  // index of the device, in its network namespace
  std::uint16_t ip_id = 0;      // IPv4
  std::uint8_t hop_limit = 0;
  std::uint8_t traffic_class = 0;
  bool dont_fragment = false;  // IPv4
  std::array<std::uint8_t, 60> header{};
  std::size_t header_length = 0;

  std::span<const std::uint8_t> bytes() const { return std::span{header}.first(header_length); }
  // The sequence number behind it: SYN and FIN count as one each.
  SequenceNumber end() const {
    return SequenceNumber{sequence.value() + payload + (syn ? 1 : 0) + (fin ? 1 : 0)};
  }
  // It tells nothing of the states.
  bool is_traffic() const {
    return reason == SegmentReason::Data || reason == SegmentReason::PureAck;
  }
  bool is_pure_ack() const { return ack && !syn && !fin && !rst && payload == 0; }
};

}  // namespace tcptwin::tracker
