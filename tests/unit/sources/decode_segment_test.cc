// SPDX-License-Identifier: MIT
// Segments of a real kernel, decoded; and headers that nobody should have sent.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "sources/decode_segment.h"
#include "unit/sources/decoding.h"

namespace tcptwin::testing {
namespace {

using tracker::Direction;
using tracker::SegmentSeen;

using Alteration = std::function<void(tcptwin_segment&)>;

std::vector<std::byte> altered_segment(const Alteration& alter,
                                       const std::string& name = "segment_syn_sent") {
  return altered<tcptwin_segment>(name, alter);
}

void expect_refused(const Alteration& alter) {
  EXPECT_EQ(error_of(altered_segment(alter)), sources::DecodeError::BadField);
}

tracker::SegmentOptions options(std::vector<std::uint8_t> bytes) {
  return sources::segment_options(bytes);
}

TEST(DecodeSegment, a_syn_that_was_sent_names_its_socket_and_its_options) {
  const auto seen = decoded<SegmentSeen>("segment_syn_sent");
  EXPECT_EQ(seen.segment.direction, Direction::Sent);
  EXPECT_EQ(seen.holder, model::Holder::Socket);
  EXPECT_EQ(seen.socket_state, model::State::SynSent);
  EXPECT_TRUE(seen.socket_was_locked);
  EXPECT_NE(seen.socket.cookie, 0u);
  EXPECT_EQ(to_string(seen.tuple.local.address), "127.0.0.1");
  EXPECT_EQ(seen.tuple.local.port, 60874);
  EXPECT_EQ(seen.tuple.remote.port, 7801);
  const tracker::Segment& segment = seen.segment;
  EXPECT_TRUE(segment.syn && !segment.ack && !segment.fin && !segment.rst);
  EXPECT_EQ(segment.sequence.value(), 0xabdd19aau);
  EXPECT_EQ(segment.end().value(), 0xabdd19abu);
  EXPECT_EQ(segment.window, 65495);
  EXPECT_EQ(segment.payload, 0u);
  EXPECT_EQ(segment.header_length, 40u);
  EXPECT_EQ(segment.options.mss, 65495);
  EXPECT_EQ(segment.options.window_scale, 10);
  EXPECT_TRUE(segment.options.sack_permitted);
  ASSERT_TRUE(segment.options.timestamps);
  EXPECT_EQ(segment.options.timestamps->value, 0xc18d64fbu);
  EXPECT_EQ(segment.options.timestamps->echo, 0u);
  EXPECT_FALSE(segment.options.malformed);
  EXPECT_EQ(segment.interface, 1u);
  EXPECT_EQ(segment.hop_limit, 64);
  EXPECT_TRUE(segment.dont_fragment);
}

TEST(DecodeSegment, what_is_received_is_told_from_this_end) {
  const auto seen = decoded<SegmentSeen>("segment_syn_ack_received");
  EXPECT_EQ(seen.segment.direction, Direction::Received);
  EXPECT_FALSE(seen.holder);
  EXPECT_EQ(seen.tuple.local.port, 60874);
  EXPECT_EQ(seen.tuple.remote.port, 7801);
  EXPECT_TRUE(seen.segment.syn && seen.segment.ack);
}

TEST(DecodeSegment, a_reset_that_no_socket_sent_has_none) {
  const auto seen = decoded<SegmentSeen>("segment_rst_without_socket");
  EXPECT_FALSE(seen.holder);
  EXPECT_EQ(seen.socket.cookie, 0u);
  EXPECT_TRUE(seen.segment.rst);
  EXPECT_EQ(seen.segment.header_length, 20u);
}

TEST(DecodeSegment, ipv6_addresses_are_read_from_its_header) {
  const auto seen = decoded<SegmentSeen>("segment_ack_ipv6");
  EXPECT_EQ(to_string(seen.tuple.local.address), "::1");
  EXPECT_EQ(seen.tuple.remote.port, 7805);
  EXPECT_TRUE(seen.segment.is_pure_ack());
  EXPECT_EQ(seen.segment.reason, tracker::SegmentReason::Answers);
}

TEST(DecodeSegment, data_and_pure_acks_are_told_apart_by_their_reason) {
  const auto reason = [](std::uint8_t number) {
    const auto record = altered_segment([&](tcptwin_segment& seg) { seg.reason = number; });
    return decoded<SegmentSeen>(record).segment.reason;
  };
  EXPECT_EQ(reason(TCPTWIN_SEGMENT_DATA), tracker::SegmentReason::Data);
  EXPECT_EQ(reason(TCPTWIN_SEGMENT_PURE_ACK), tracker::SegmentReason::PureAck);
}

TEST(DecodeSegment, a_field_that_cannot_be_is_refused) {
  expect_refused([](tcptwin_segment& segment) { segment.direction = 0; });
  expect_refused([](tcptwin_segment& segment) { segment.direction = 3; });
  expect_refused([](tcptwin_segment& segment) { segment.reason = 0; });
  expect_refused([](tcptwin_segment& segment) { segment.reason = 7; });
  expect_refused([](tcptwin_segment& segment) { segment.tcp_bytes = 19; });
  expect_refused([](tcptwin_segment& segment) { segment.tcp_bytes = 61; });
  expect_refused([](tcptwin_segment& segment) { segment.socket.family = 1; });
  // No socket has received what only just came in.
  expect_refused([](tcptwin_segment& segment) { segment.direction = TCPTWIN_SEGMENT_RECEIVED; });
}

TEST(DecodeSegment, whatever_the_header_holds_it_is_decoded) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < TCPTWIN_TCP_HEADER_ROOM; ++place) {
      const auto record = altered_segment([&](tcptwin_segment& segment) {
        segment.tcp_bytes = 60;
        segment.tcp[place] = static_cast<std::uint8_t>(byte);
      });
      EXPECT_FALSE(error_of(record));
    }
  }
}

TEST(SegmentOptions, sack_blocks_are_read_as_far_as_they_are_whole) {
  const auto found = options({1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4});
  ASSERT_EQ(found.sack_length, 2u);
  EXPECT_EQ(found.sack[0].left.value(), 1u);
  EXPECT_EQ(found.sack[1].right.value(), 4u);
  EXPECT_EQ(options({5, 9, 0, 0, 0, 1, 0, 0, 0}).sack_length, 0u);
}

TEST(SegmentOptions, what_follows_the_end_of_the_list_is_no_option) {
  EXPECT_FALSE(options({0, 2, 4, 5, 180}).mss);
}

TEST(SegmentOptions, a_length_that_cannot_be_ends_the_list) {
  for (const auto& bytes :
       {std::vector<std::uint8_t>{2}, {2, 0, 5, 180}, {2, 1, 5, 180}, {2, 5, 1}}) {
    EXPECT_TRUE(options(bytes).malformed);
    EXPECT_FALSE(options(bytes).mss);
  }
  const auto kept = options({3, 3, 7, 2, 200});
  EXPECT_EQ(kept.window_scale, 7);
  EXPECT_TRUE(kept.malformed);
}

TEST(SegmentOptions, an_option_of_an_unusual_length_says_nothing) {
  EXPECT_FALSE(options({2, 3, 5}).mss);
  EXPECT_FALSE(options({8, 6, 0, 0, 0, 0}).timestamps);
  EXPECT_FALSE(options({4, 3, 0}).sack_permitted);
}

TEST(SegmentOptions, rare_kinds_are_known_by_name) {
  EXPECT_TRUE(options({34, 2}).fast_open);
  EXPECT_TRUE(options({30, 4, 0, 0}).mptcp);
  EXPECT_TRUE(options({29, 4, 0, 0}).authenticated);
}

}  // namespace
}  // namespace tcptwin::testing
