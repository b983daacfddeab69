// SPDX-License-Identifier: MIT
// What the wire of `demo` makes of packets: any bytes are a segment or none.
#include "system/wire.h"

#include <gtest/gtest.h>

#include <array>

namespace tcptwin::system {
namespace {

// A SYN from 10.0.0.1, as the kernel writes it: 20 bytes of IPv4, 24 of TCP, 2 of data.
std::vector<std::byte> packet() {
  constexpr std::array<unsigned, 46> kOctets = {
      0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 6,    0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0,
      80,   0, 0, 0,  1, 0, 0,    0, 0,  0x60, 2, 0, 0,  0, 0, 0, 0,  2, 4, 5, 0xb4, 'h',  'i'};
  std::vector<std::byte> bytes;
  for (const unsigned octet : kOctets) bytes.push_back(static_cast<std::byte>(octet));
  return bytes;
}

TEST(WirePacket, tells_flags_source_and_length_of_its_data) {
  const auto parsed = parse_packet(packet());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->source, 0x0a000001u);
  EXPECT_TRUE(parsed->has(Flag::Syn));
  EXPECT_FALSE(parsed->has(Flag::Ack));
  EXPECT_EQ(parsed->payload, 2u);
  EXPECT_EQ(parsed->bytes, packet());
}

TEST(WirePacket, that_is_cut_short_is_none) {
  const auto whole = packet();
  for (std::size_t size = 0; size < whole.size() - 2; ++size) {
    EXPECT_FALSE(parse_packet(std::span{whole}.first(size))) << size;
  }
}

TEST(WirePacket, of_another_protocol_is_none) {
  auto udp = packet();
  udp[9] = std::byte{17};
  EXPECT_FALSE(parse_packet(udp));
  auto ipv6 = packet();
  ipv6[0] = std::byte{0x65};
  EXPECT_FALSE(parse_packet(ipv6));
}

TEST(WirePacket, with_a_header_that_cannot_be_is_none) {
  auto ip = packet();
  ip[0] = std::byte{0x44};
  EXPECT_FALSE(parse_packet(ip));
  auto tcp = packet();
  tcp[32] = std::byte{0x40};
  EXPECT_FALSE(parse_packet(tcp));
}

}  // namespace
}  // namespace tcptwin::system
