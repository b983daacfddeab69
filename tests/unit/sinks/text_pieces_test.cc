// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "sinks/clock_mapping.h"
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
