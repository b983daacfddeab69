// SPDX-License-Identifier: MIT
#include "sources/decode_segment.h"

#include <algorithm>
#include <optional>

namespace tcptwin::sources {
namespace {

constexpr std::size_t kTcpHeader = 20;

// Kinds of options that have a length.
enum class Option : std::uint8_t {
  Mss = 2,
  WindowScale = 3,
  SackPermitted = 4,
  Sack = 5,
  Timestamps = 8,
  Md5 = 19,
  Authentication = 29,
  Mptcp = 30,
  FastOpen = 34,
};

std::uint16_t half_at(std::span<const std::uint8_t> bytes, std::size_t place) {
  return static_cast<std::uint16_t>(bytes[place] << 8 | bytes[place + 1]);
}

std::uint32_t word_at(std::span<const std::uint8_t> bytes, std::size_t place) {
  return std::uint32_t{half_at(bytes, place)} << 16 | half_at(bytes, place + 2);
}

void read_sack(std::span<const std::uint8_t> value, tracker::SegmentOptions& options) {
  constexpr std::size_t kBlock = 8;
  const std::size_t blocks = std::min(value.size() / kBlock, tracker::kSackBlocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    options.sack[i] = {SequenceNumber{word_at(value, i * kBlock)},
                       SequenceNumber{word_at(value, i * kBlock + 4)}};
  }
  options.sack_length = blocks;
}

// `value` is what follows the option's kind and length. One of an unusual length says nothing.
void read_option(Option kind, std::span<const std::uint8_t> value,
                 tracker::SegmentOptions& options) {
  switch (kind) {
    case Option::Mss:
      if (value.size() == 2) options.mss = half_at(value, 0);
      break;
    case Option::WindowScale:
      if (value.size() == 1) options.window_scale = value[0];
      break;
    case Option::SackPermitted:
      options.sack_permitted = value.empty();
      break;
    case Option::Sack:
      read_sack(value, options);
      break;
    case Option::Timestamps:
      if (value.size() == 8) {
        options.timestamps = tracker::Timestamps{word_at(value, 0), word_at(value, 4)};
      }
      break;
    case Option::Md5:
    case Option::Authentication:
      options.authenticated = true;
      break;
    case Option::Mptcp:
      options.mptcp = true;
      break;
    case Option::FastOpen:
      options.fast_open = true;
      break;
  }
}

std::optional<tracker::SegmentReason> reason_of(std::uint8_t number) {
  switch (number) {
    case TCPTWIN_SEGMENT_CONTROL:
      return tracker::SegmentReason::Control;
    case TCPTWIN_SEGMENT_ANSWERS:
      return tracker::SegmentReason::Answers;
    case TCPTWIN_SEGMENT_FOLLOWS:
      return tracker::SegmentReason::Follows;
    case TCPTWIN_SEGMENT_BEYOND_FIN:
      return tracker::SegmentReason::BeyondFin;
    case TCPTWIN_SEGMENT_DATA:
      return tracker::SegmentReason::Data;
    case TCPTWIN_SEGMENT_PURE_ACK:
      return tracker::SegmentReason::PureAck;
  }
  return std::nullopt;
}

bool is_well_formed(const tcptwin_segment& record) {
  const bool sent = record.direction == TCPTWIN_SEGMENT_SENT;
  if (!sent && record.direction != TCPTWIN_SEGMENT_RECEIVED) return false;
  if (!sent && record.socket.kind != TCPTWIN_NO_SOCKET) return false;
  return record.tcp_bytes >= kTcpHeader && record.tcp_bytes <= tracker::Segment{}.header.size();
}

void read_header(std::span<const std::uint8_t> bytes, tracker::Segment& segment) {
  const auto flag = [&](tcptwin_segment_flag bit) { return (bytes[13] & bit) != 0; };
  constexpr std::uint8_t kUrgent = 1u << 5;
  segment.fin = flag(TCPTWIN_SEGMENT_FIN);
  segment.syn = flag(TCPTWIN_SEGMENT_SYN);
  segment.rst = flag(TCPTWIN_SEGMENT_RST);
  segment.psh = flag(TCPTWIN_SEGMENT_PSH);
  segment.ack = flag(TCPTWIN_SEGMENT_ACK);
  segment.urg = (bytes[13] & kUrgent) != 0;
  segment.sequence = SequenceNumber{word_at(bytes, 4)};
  segment.acknowledgement = SequenceNumber{word_at(bytes, 8)};
  segment.window = half_at(bytes, 14);
  segment.options = segment_options(bytes.subspan(kTcpHeader));
  std::copy(bytes.begin(), bytes.end(), segment.header.begin());
  segment.header_length = bytes.size();
}

}  // namespace

tracker::SegmentOptions segment_options(std::span<const std::uint8_t> bytes) {
  constexpr std::uint8_t kEnd = 0;
  constexpr std::uint8_t kNothing = 1;
  tracker::SegmentOptions options;
  while (!bytes.empty() && bytes[0] != kEnd) {
    if (bytes[0] == kNothing) {
      bytes = bytes.subspan(1);
      continue;
    }
    if (bytes.size() < 2 || bytes[1] < 2 || bytes[1] > bytes.size()) {
      options.malformed = true;
      break;
    }
    read_option(static_cast<Option>(bytes[0]), bytes.subspan(2, bytes[1] - 2u), options);
    bytes = bytes.subspan(bytes[1]);
  }
  return options;
}

Decoded decode_record(const tcptwin_segment& record) {
  const auto reason = reason_of(record.reason);
  if (!is_well_formed(record.socket) || !is_well_formed(record) || !reason) {
    return DecodeError::BadField;
  }
  tracker::SegmentSeen seen;
  seen.time = kernel_time_from_ns(record.header.time_ns);
  seen.socket = reference_of(record.socket);
  seen.tuple = tuple_of(record.socket);
  if (record.socket.kind != TCPTWIN_NO_SOCKET) seen.holder = holder_of(record.socket);
  if (record.socket.kind == TCPTWIN_FULL_SOCKET) {
    seen.socket_state = full_socket_state(record.socket.state);
  }
  seen.socket_was_locked = (record.notes & TCPTWIN_SEGMENT_SOCKET_LOCKED) != 0;
  tracker::Segment& segment = seen.segment;
  segment.direction = record.direction == TCPTWIN_SEGMENT_SENT ? tracker::Direction::Sent
                                                               : tracker::Direction::Received;
  segment.reason = *reason;
  segment.payload = record.payload;
  segment.interface = record.interface;
  segment.ip_id = record.ip_id;
  segment.hop_limit = record.hop_limit;
  segment.traffic_class = record.traffic_class;
  segment.dont_fragment = (record.notes & TCPTWIN_SEGMENT_DONT_FRAGMENT) != 0;
  read_header(std::span{record.tcp}.first(record.tcp_bytes), segment);
  return seen;
}

}  // namespace tcptwin::sources
