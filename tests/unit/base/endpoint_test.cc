// SPDX-License-Identifier: MIT
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tcptwin {
namespace {

Address inet(const char* text) {
  Address address{.family = Family::Inet};
  EXPECT_EQ(inet_pton(AF_INET, text, address.bytes.data()), 1) << text;
  return address;
}

Address inet6(const char* text) {
  Address address{.family = Family::Inet6};
  EXPECT_EQ(inet_pton(AF_INET6, text, address.bytes.data()), 1) << text;
  return address;
}

TEST(Address, inet_prints_as_dotted_quad) {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "10.0.200.3", "255.255.255.255"}) {
    EXPECT_EQ(to_string(inet(text)), text);
  }
}

TEST(Address, inet6_prints_as_rfc_5952_demands) {
  for (const char* text :
       {"::", "::1", "1::", "2001:db8::1", "fe80::1:0:0:2", "2001:db8:0:1:1:1:1:1",
        "2001:db8::1:0:0:1", "1:2:3:4:5:6:7:8", "0:1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0"}) {
    EXPECT_EQ(to_string(inet6(text)), text);
  }
}

TEST(Address, inet6_text_of_any_address_reads_back_as_that_address) {
  std::mt19937 random{5952};
  for (int i = 0; i < 2000; ++i) {
    Address address{.family = Family::Inet6};
    for (auto& byte : address.bytes) {
      byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : std::uint8_t{0};
    }
    EXPECT_EQ(inet6(to_string(address).c_str()), address) << to_string(address);
  }
}

TEST(Address, only_all_zero_is_unspecified) {
  EXPECT_TRUE(inet("0.0.0.0").is_unspecified());
  EXPECT_TRUE(inet6("::").is_unspecified());
  EXPECT_FALSE(inet6("::1").is_unspecified());
}

TEST(Address, same_bytes_of_another_family_are_another_address) {
  EXPECT_NE(inet("0.0.0.0"), inet6("::"));
}

TEST(TupleHash, neighbouring_tuples_do_not_collide) {
  std::set<std::size_t> hashes;
  std::size_t tuples = 0;
  for (std::uint32_t netns = 1; netns <= 3; ++netns) {
    for (std::uint16_t port = 1; port <= 2000; ++port) {
      const Tuple tuple{
          .netns = netns, .local = {inet("10.0.0.1"), 443}, .remote = {inet("10.0.0.2"), port}};
      hashes.insert(TupleHash{}(tuple));
      ++tuples;
    }
  }
  EXPECT_EQ(hashes.size(), tuples);
}

TEST(TupleHash, the_two_directions_of_a_connection_differ) {
  const Endpoint here{inet("10.0.0.1"), 443};
  const Endpoint there{inet("10.0.0.2"), 50000};
  EXPECT_NE(TupleHash{}({.netns = 1, .local = here, .remote = there}),
            TupleHash{}({.netns = 1, .local = there, .remote = here}));
}

}  // namespace
}  // namespace tcptwin
