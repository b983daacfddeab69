// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "sinks/clock_mapping.h"
#include "sinks/json_text.h"
#include "sinks/short_text.h"
#include "sinks/summary_text.h"
#include "sinks/words.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(ClockMapping, wall_clock_is_local_and_rfc3339_is_utc) {
  const KernelTime time{milliseconds{250}};
  EXPECT_EQ(clock_time(test_clock(), time).view(), "04:04:05.250");
  EXPECT_EQ(rfc3339_time(test_clock(), time).view(), "2026-01-02T03:04:05.250000000Z");
}

TEST(ClockMapping, midnight_and_leap_day_carry_over) {
  sinks::ClockMapping clock;
  clock.realtime_minus_monotonic =
      std::chrono::sys_days{std::chrono::year{2028} / 2 / 29}.time_since_epoch();
  EXPECT_EQ(rfc3339_time(clock, KernelTime{nanoseconds{-1}}).view(),
            "2028-02-28T23:59:59.999999999Z");
  EXPECT_EQ(rfc3339_time(clock, KernelTime{nanoseconds{1}}).view(),
            "2028-02-29T00:00:00.000000001Z");
}

TEST(ClockMapping, seconds_before_the_start_are_negative) {
  EXPECT_EQ(seconds_since_start(test_clock(), KernelTime{milliseconds{13'345}}).view(),
            "12.345000");
  EXPECT_EQ(seconds_since_start(test_clock(), KernelTime{milliseconds{500}}).view(), "-0.500000");
}

std::string formatted_milliseconds(std::int64_t count) {
  return fmt::format("{:.3f}", static_cast<double>(count) / 1e6);
}

// Half-way cases and what a double cannot hold included.
TEST(ShortText, milliseconds_are_rounded_as_the_format_rounds_them) {
  for (const std::int64_t base :
       {0ll, 999'000ll, 1'000'000ll, 59'999'999'000ll, 1ll << 52, 1ll << 53}) {
    for (std::int64_t more = -2000; more <= 2000; ++more) {
      const std::int64_t count = base + more;
      ASSERT_EQ(sinks::milliseconds_text(nanoseconds{count}).view(), formatted_milliseconds(count));
    }
  }
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(sinks::milliseconds_text(nanoseconds{kMost}).view(), formatted_milliseconds(kMost));
}

TEST(ShortText, hexadecimal_numbers_have_no_leading_zeros) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{16}, std::uint64_t{0x19f3ad0}, kMost}) {
    EXPECT_EQ(sinks::connection_text({value, 7}).view(), fmt::format("{:#x}.7", value));
  }
}

TEST(AddressText, is_what_inet_ntop_says) {
  Address address{};
  for (const auto& bytes : {std::array<std::uint8_t, 4>{0, 0, 0, 0},
                            {127, 0, 0, 1},
                            {255, 255, 255, 255},
                            {10, 9, 100, 99}}) {
    address.family = Family::Inet;
    std::ranges::copy(bytes, address.bytes.begin());
    std::array<char, INET_ADDRSTRLEN> expected{};
    ::inet_ntop(AF_INET, bytes.data(), expected.data(), expected.size());
    EXPECT_EQ(sinks::AddressText{address}.view(), expected.data());
  }
  address.family = Family::Inet6;
  address.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(sinks::AddressText{address}.view(), "2001:db8::1");
}

TEST(JsonText, numbers_reach_their_limits_and_any_bytes_become_a_string) {
  sinks::JsonText text;
  text.begin_object();
  text.number("least", std::numeric_limits<std::int64_t>::min());
  text.number("most", std::numeric_limits<std::uint64_t>::max());
  text.number("small", std::uint8_t{7});
  text.string("text", std::string_view{"a\"\\\n\x7f\xff\xc3\xa9", 8});
  text.end_object();
  EXPECT_EQ(text.view(),
            "{\"least\":-9223372036854775808,\"most\":18446744073709551615,\"small\":7,"
            "\"text\":\"a\\\"\\\\\\u000a\\u007f\xef\xbf\xbd\xc3\xa9\"}");
}

TEST(Words, control_characters_and_broken_utf8_become_question_marks) {
  EXPECT_EQ(sinks::printable("curl"), "curl");
  EXPECT_EQ(sinks::printable("a\x1b[0m\x7f"), "a?[0m?");
  EXPECT_EQ(sinks::printable("\xc2\x9b"
                             "31m"),
            "?31m");  // C1 control: a one-byte escape
  EXPECT_EQ(sinks::printable("\xff\xc3"), "??");
  EXPECT_EQ(sinks::printable("\xc3\xa9t\xc3\xa9"), "\xc3\xa9t\xc3\xa9");
  EXPECT_EQ(sinks::display_width("\xc3\xa9t\xc3\xa9"), 3u);
}

TEST(Words, an_error_has_its_name_or_its_number) {
  EXPECT_EQ(sinks::errno_name(ECONNRESET), "ECONNRESET");
  EXPECT_EQ(sinks::errno_name(4000), "errno_4000");
}

TEST(Words, evidence_names_only_what_is_set) {
  EXPECT_EQ(sinks::evidence_words(*refused_step().evidence),
            "error=ECONNREFUSED rst_path unacked=1 unsent=1 segs_in=1 segs_out=1 retransmitted=2 "
            "srtt_us=210 mss=1460");
  EXPECT_EQ(sinks::evidence_words(model::Evidence{}), "");
}

TEST(Words, the_fin_is_not_unread_data) {
  model::Evidence evidence;
  evidence.snapshot.rcv_nxt = SequenceNumber{0};  // wrapped around
  evidence.snapshot.copied_seq = SequenceNumber{0xffffffff};
  EXPECT_EQ(sinks::evidence_words(evidence), "unread=1");
  evidence.snapshot.done = true;
  EXPECT_EQ(sinks::evidence_words(evidence), "fin_received");
}

TEST(Words, a_frame_without_a_name_shows_its_address) {
  EXPECT_EQ(sinks::frame_text(call_path(), 0), "tcp_finish_connect");
  EXPECT_EQ(sinks::frame_text(call_path(), 2), "0xffffffff81a00030");
}

TEST(SummaryText, a_filter_that_matched_nothing_says_so) {
  sinks::Summary summary = busy_summary();
  summary.shown = 0;
  summary.filter = "--comm nosuch";
  EXPECT_NE(summary_text(summary).find("`--comm nosuch` matched nothing"), std::string::npos);
}

TEST(SummaryText, records_that_do_not_add_up_are_pointed_out) {
  sinks::Summary summary = busy_summary();
  EXPECT_NE(summary_text(summary).find("112 emitted = 100 received + 12 lost"), std::string::npos);
  summary.stream.received = 99;
  EXPECT_NE(summary_text(summary).find("112 emitted != 99 received + 12 lost"), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::test
