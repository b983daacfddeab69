// SPDX-License-Identifier: MIT
#include "sources/anonymiser.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "unit/sources/recording_bytes.h"

namespace tcptwin::testing {
namespace {

using sources::Anonymiser;
using sources::Anonymity;
constexpr sources::HashKey kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string mapped(const Anonymiser& anonymiser, const std::string& text) {
  std::array<std::byte, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> result{};
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (::inet_pton(family, text.c_str(), bytes.data()) != 1) throw std::runtime_error{text};
  if (family == AF_INET) {
    anonymiser.apply_to_ipv4(std::span{bytes}.first<4>());
  } else {
    anonymiser.apply_to_ipv6(bytes);
  }
  return ::inet_ntop(family, bytes.data(), result.data(), result.size());
}

// Vectors of the paper: the input is 00, 01, 02 ...
TEST(Anonymiser, the_hash_is_siphash) {
  std::array<std::byte, 15> input{};
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i);
  EXPECT_EQ(sources::keyed_hash(kKey, std::span{input}.first(0)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(sources::keyed_hash(kKey, input), 0xa129ca6149be45e5u);
}

std::size_t common_bits(std::uint32_t one, std::uint32_t other) {
  return one == other ? 32u : static_cast<std::size_t>(std::countl_zero(one ^ other));
}

TEST(Anonymiser, addresses_keep_their_common_prefixes_and_no_others) {
  const Anonymiser anonymiser{Anonymity::Addresses, kKey};
  std::mt19937 random{1};
  const auto map = [&](std::uint32_t address) {
    address = htonl(address);
    anonymiser.apply_to_ipv4(std::as_writable_bytes(std::span{&address, 1}).first<4>());
    return ntohl(address);
  };
  for (int i = 0; i < 2000; ++i) {
    const auto one = static_cast<std::uint32_t>(random());
    const std::uint32_t other = one ^ static_cast<std::uint32_t>(random()) >> random() % 32;
    EXPECT_EQ(common_bits(map(one), map(other)), common_bits(one, other)) << one << ' ' << other;
  }
}

TEST(Anonymiser, what_says_nothing_of_a_host_stays) {
  const Anonymiser anonymiser{Anonymity::Addresses};
  for (const char* address :
       {"0.0.0.0", "127.0.0.1", "127.0.0.53", "::", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(mapped(anonymiser, address), address);
  }
  EXPECT_THAT(mapped(anonymiser, "fe80::1234:5678"), ::testing::StartsWith("fe"));
}

TEST(Anonymiser, an_ipv6_socket_names_an_ipv4_host_as_others_do) {
  const Anonymiser anonymiser{Anonymity::Addresses};
  EXPECT_EQ(mapped(anonymiser, "::ffff:192.0.2.77"), "::ffff:" + mapped(anonymiser, "192.0.2.77"));
}

TEST(Anonymiser, nobody_else_becomes_what_stays) {
  std::mt19937 random{2};
  for (int i = 0; i < 200; ++i) {
    const Anonymiser anonymiser{Anonymity::Addresses};
    for (const char* address : {"126.255.0.1", "64.0.0.1", "1.0.0.0", "::2", "::fffe:7f00:1"}) {
      const std::string result = mapped(anonymiser, address);
      EXPECT_FALSE(result.starts_with("127.") || result == "0.0.0.0" || result == "::1" ||
                   result == "::" || result.starts_with("::ffff:"))
          << address << " became " << result;
    }
  }
}

// Whether these bytes stand anywhere in the file.
bool contains(const Bytes& file, std::span<const std::byte> wanted) {
  return std::search(file.begin(), file.end(), wanted.begin(), wanted.end()) != file.end();
}
bool contains(const Bytes& file, std::string_view wanted) {
  return contains(file, std::as_bytes(std::span{wanted}));
}

TEST(Anonymiser, a_recording_tells_no_address_no_pointer_and_no_name) {
  const Folder folder;
  std::vector<Bytes> stream = golden_stream(1);
  stream.push_back(Bytes(48, std::byte{0x5a}));  // malformed: may hold anything
  sources::RecorderOptions options;
  options.path = folder.file("a");
  options.writer.compression = sources::Compression::None;
  sources::RecordingFacts facts = some_facts();
  facts.comms = {"secretd"};
  facts.given = {{"comm", " secretd"}};
  facts.notes = {{"boot_id", "1234-5678"}};
  const system::CgroupName cgroup = system::parse_cgroup_path("/customer.slice/secretd.service");
  const auto record_as = [&](Anonymity anonymity) {
    options.anonymity = anonymity;
    auto recorder = sources::Recorder::open(options, facts, [&](std::uint64_t) { return &cgroup; });
    EXPECT_TRUE(recorder);
    for (const Bytes& one : stream) recorder.value()->on_record(one);
    recorder.value()->finish(facts.start, 0);
    return read_file(options.path);
  };
  tcptwin_state_change change;
  const Bytes golden = read_golden_record("state_change_established_close_unread");
  std::memcpy(&change, golden.data(), sizeof change);
  const std::string_view comm{change.actor.comm, ::strnlen(change.actor.comm, 16)};
  const auto pointer = sources::bytes_of(change.socket.address);

  const Bytes plain = record_as(Anonymity::None);
  EXPECT_TRUE(contains(plain, pointer));
  for (const std::string_view name : {std::string_view{"web1"}, comm, std::string_view{"secretd"},
                                      std::string_view{"customer"}, std::string_view{"ZZZZ"}}) {
    EXPECT_TRUE(contains(plain, name)) << name;
  }
  const Bytes addresses = record_as(Anonymity::Addresses);
  EXPECT_FALSE(contains(addresses, pointer));
  EXPECT_FALSE(contains(addresses, "web1"));
  EXPECT_FALSE(contains(addresses, "1234-5678"));
  EXPECT_FALSE(contains(addresses, "ZZZZ"));
  EXPECT_TRUE(contains(addresses, comm));
  EXPECT_TRUE(contains(addresses, "secretd.service"));
  const Bytes all = record_as(Anonymity::All);
  for (const std::string_view name :
       {comm, std::string_view{"secretd"}, std::string_view{"customer"}}) {
    EXPECT_FALSE(contains(all, name)) << name;
  }
  EXPECT_TRUE(contains(all, ".service"));
}

// It is computed over the addresses.
TEST(Anonymiser, a_segment_loses_its_checksum_and_keeps_its_header) {
  constexpr std::size_t kChecksum = 16;
  Bytes bytes = read_golden_record("segment_syn_sent");
  tcptwin_segment was;
  tcptwin_segment is;
  std::memcpy(&was, bytes.data(), sizeof was);
  Anonymiser{Anonymity::All}.apply_to(std::span{bytes});
  std::memcpy(&is, bytes.data(), sizeof is);
  EXPECT_EQ(is.tcp[kChecksum], 0);
  EXPECT_EQ(is.tcp[kChecksum + 1], 0);
  was.tcp[kChecksum] = was.tcp[kChecksum + 1] = 0;
  EXPECT_EQ(std::memcmp(was.tcp, is.tcp, sizeof was.tcp), 0);
}

TEST(Anonymiser, no_kind_of_record_keeps_an_address) {
  const Anonymiser anonymiser{Anonymity::All};
  for (const std::string& name : golden_record_names()) {
    const Bytes before = read_golden_record(name);
    Bytes after = before;
    anonymiser.apply_to(std::span{after});
    if (before.size() < sizeof(tcptwin_header) + sizeof(tcptwin_socket)) continue;
    tcptwin_header header;
    std::memcpy(&header, before.data(), sizeof header);
    if (header.kind == TCPTWIN_STATUS || header.kind == TCPTWIN_CALL_PATH) continue;
    tcptwin_socket was;
    tcptwin_socket is;
    std::memcpy(&was, before.data() + sizeof header, sizeof was);
    std::memcpy(&is, after.data() + sizeof header, sizeof is);
    EXPECT_EQ(was.cookie, is.cookie) << name;
    EXPECT_EQ(was.remote_port, is.remote_port) << name;
    if (was.kind != TCPTWIN_NO_SOCKET) {
      EXPECT_NE(was.address, is.address) << name;
    }
  }
}

}  // namespace
}  // namespace tcptwin::testing
