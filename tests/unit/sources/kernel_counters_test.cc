// SPDX-License-Identifier: MIT
#include "sources/kernel_counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tcptwin::sources {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSnmp =
    "Ip: Forwarding DefaultTTL\nIp: 2 64\n"
    "Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab\nTcp: 1 -1 15 18446744073709551615\n";

std::string complaint(std::string_view text) {
  KernelCounters counters;
  const Status parsed = counters.parse(text);
  return parsed ? "" : parsed.error().what;
}

TEST(KernelCounters, values_are_found_by_group_and_name) {
  KernelCounters counters;
  ASSERT_TRUE(counters.parse(kSnmp));
  ASSERT_TRUE(counters.parse("TcpExt: TW TWKilled\nTcpExt: 3 4\n"));
  EXPECT_EQ(counters.value("Tcp.ActiveOpens"), 15);
  EXPECT_EQ(counters.value("Tcp.MaxConn"), -1);
  EXPECT_EQ(counters.value("TcpExt.TWKilled"), 4);
  EXPECT_EQ(counters.value("Ip.DefaultTTL"), 64);
  EXPECT_EQ(counters.value("ActiveOpens"), std::nullopt);
  EXPECT_EQ(counters.value("Tcp.TWKilled"), std::nullopt);
}

TEST(KernelCounters, a_level_below_zero_is_printed_unsigned) {
  KernelCounters counters;
  ASSERT_TRUE(counters.parse(kSnmp));
  EXPECT_EQ(counters.value("Tcp.CurrEstab"), -1);
}

TEST(KernelCounters, the_last_line_may_lack_its_end) {
  EXPECT_EQ(complaint("Tcp: A\nTcp: 1"), "");
  EXPECT_EQ(complaint(""), "");
}

TEST(KernelCounters, broken_text_is_refused_with_its_line) {
  EXPECT_THAT(complaint("\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint("Tcp: A"), HasSubstr("line 1"));
  EXPECT_THAT(complaint("Tcp: A\nTcp: 1\nTcpExt: B\n"), HasSubstr("line 3"));
  EXPECT_THAT(complaint("Tcp A\nTcp 1\n"), HasSubstr("no group"));
  EXPECT_THAT(complaint(": A\n: 1\n"), HasSubstr("no group"));
  EXPECT_THAT(complaint("Tcp: A\nUdp: 1\n"), HasSubstr("line 2"));
  EXPECT_THAT(complaint("Tcp: A\nTcp: 1 2\n"), HasSubstr("more values"));
  EXPECT_THAT(complaint("Tcp: A B\nTcp: 1\n"), HasSubstr("fewer values"));
  EXPECT_THAT(complaint("Tcp: A\nTcp: 1x\n"), HasSubstr("no number"));
  EXPECT_THAT(complaint("Tcp: A\nTcp: 99999999999999999999\n"), HasSubstr("no number"));
  EXPECT_THAT(complaint("Tcp: A A\nTcp: 1 1\n"), HasSubstr("A comes twice"));
}

TEST(KernelCounters, too_many_are_refused) {
  std::string names = "Tcp:";
  std::string values = "Tcp:";
  for (std::size_t i = 0; i <= KernelCounters::kCounters; ++i) {
    names += " n" + std::to_string(i);
    values += " 1";
  }
  KernelCounters counters;
  EXPECT_FALSE(counters.parse(names + "\n" + values + "\n"));
  EXPECT_LE(counters.size(), KernelCounters::kCounters);
}

TEST(KernelCounters, any_bytes_are_survived) {
  std::mt19937 random{7};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same bytes every time
  std::uniform_int_distribution<std::size_t> place(0, kSnmp.size() - 1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 2000; ++round) {
    std::string text{kSnmp};
    for (int change = 0; change < 4; ++change) {
      text[place(random)] = static_cast<char>(byte(random));
    }
    KernelCounters counters;
    const Status parsed = counters.parse(std::string_view{text}.substr(0, place(random)));
    EXPECT_TRUE(parsed || !parsed.error().what.empty());
  }
}

TEST(KernelCounters, this_kernel_has_those_of_tcp) {
  const auto counters = read_kernel_counters("/proc/thread-self/net");
  ASSERT_TRUE(counters) << counters.error().what;
  EXPECT_TRUE(counters.value().value("Tcp.ActiveOpens"));
  EXPECT_TRUE(counters.value().value("TcpExt.TCPAbortOnClose"));
}

TEST(KernelCounters, a_missing_file_is_named) {
  const auto counters = read_kernel_counters("/nowhere");
  ASSERT_FALSE(counters);
  EXPECT_THAT(counters.error().what, HasSubstr("/nowhere/snmp"));
}

TEST(ChangedMeanings, CurrEstab_counts_close_wait_since_6_10) {
  EXPECT_TRUE(means_the_same("Tcp.CurrEstab", "6.10.0"));
  EXPECT_TRUE(means_the_same("Tcp.CurrEstab", "7.2.13-generic"));
  EXPECT_FALSE(means_the_same("Tcp.CurrEstab", "6.9.12"));
  EXPECT_FALSE(means_the_same("Tcp.CurrEstab", "5.10.0-37-amd64"));
  EXPECT_FALSE(means_the_same("Tcp.CurrEstab", "6"));
  EXPECT_FALSE(means_the_same("Tcp.CurrEstab", ""));
}

TEST(ChangedMeanings, TW_counts_the_beginning_since_5_18) {
  for (const std::string_view counter : {"TcpExt.TW", "TcpExt.TWKilled"}) {
    EXPECT_TRUE(means_the_same(counter, "6.1.0-37-amd64"));
    EXPECT_FALSE(means_the_same(counter, "5.10.0-37-amd64"));
  }
}

TEST(ChangedMeanings, other_counters_always_meant_the_same) {
  EXPECT_TRUE(means_the_same("Tcp.ActiveOpens", "5.10.0-37-amd64"));
  EXPECT_TRUE(means_the_same("TcpExt.TWRecycled", ""));
}

TEST(ChangedMeanings, what_is_forgotten_is_as_if_it_were_not_there) {
  KernelCounters counters;
  ASSERT_TRUE(counters.parse("Tcp: ActiveOpens CurrEstab\nTcp: 5 3\n"));
  counters.forget("Tcp.CurrEstab");
  counters.forget("Tcp.NoSuchCounter");
  EXPECT_EQ(counters.value("Tcp.CurrEstab"), std::nullopt);
  EXPECT_EQ(counters.value("Tcp.ActiveOpens"), 5);
}

}  // namespace
}  // namespace tcptwin::sources
