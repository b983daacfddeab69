// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "sources/libbpf_log.h"
#include "sources/polling_pace.h"
#include "sources/prerequisites.h"

namespace tcptwin::sources {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMegabyte = 1024 * 1024;
const KernelTime kStart = kernel_time_from_ns(1'000'000'000);

// 15 records a connection: 54,000 connections a second bring a thousand in a millisecond.
TEST(PollingPaceTest, full_traffic_is_looked_at_every_millisecond) {
  PollingPace pace{32 * kMegabyte};
  pace.on_drained(kStart, 1);
  pace.on_drained(kStart + milliseconds{1}, 800);
  EXPECT_EQ(pace.next_drain(kStart) - (kStart + milliseconds{1}), std::chrono::microseconds{1250});
  pace.on_drained(kStart + milliseconds{2}, 100'000);
  EXPECT_EQ(pace.next_drain(kStart), kStart + milliseconds{3});
}

TEST(PollingPaceTest, light_traffic_is_gathered_for_twenty_milliseconds) {
  PollingPace pace{32 * kMegabyte};
  pace.on_drained(kStart, 1);
  EXPECT_EQ(pace.next_drain(kStart), kStart + milliseconds{20});
  pace.on_drained(kStart + milliseconds{20}, 100);
  EXPECT_EQ(pace.next_drain(kStart), kStart + milliseconds{40});
  pace.on_drained(kStart + milliseconds{40}, 4000);
  EXPECT_EQ(pace.next_drain(kStart), kStart + milliseconds{45});
}

TEST(PollingPaceTest, silence_is_looked_at_less_and_less_often) {
  PollingPace pace{32 * kMegabyte};
  KernelTime now = kStart;
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    pace.on_drained(now, 0);
    const Duration pause = pace.next_drain(now) - now;
    EXPECT_GE(pause, last);
    last = pause;
    now += pause;
  }
  EXPECT_EQ(last, milliseconds{50});
  pace.on_drained(now, 1);
  EXPECT_EQ(pace.next_drain(now) - now, milliseconds{20});
}

TEST(PollingPaceTest, small_ring_is_never_left_alone_for_long) {
  PollingPace pace{4 * kMegabyte};
  for (int i = 0; i < 20; ++i) pace.on_drained(kStart, 0);
  EXPECT_LE(pace.next_drain(kStart) - kStart, milliseconds{14});
}

TEST(PollingPaceTest, drain_that_is_overdue_is_due_now) {
  PollingPace pace{4 * kMegabyte};
  pace.on_drained(kStart, 1);
  const KernelTime later = kStart + milliseconds{500};
  EXPECT_EQ(pace.next_drain(later), later);
}

TEST(RingSizeTest, ring_follows_the_memory_within_bounds) {
  EXPECT_EQ(ring_bytes_for(0), 4 * kMegabyte);
  EXPECT_EQ(ring_bytes_for(512 * kMegabyte), 4 * kMegabyte);
  EXPECT_EQ(ring_bytes_for(std::size_t{8} * 1024 * kMegabyte), 32 * kMegabyte);
  EXPECT_EQ(ring_bytes_for(std::size_t{24} * 1024 * kMegabyte), 64 * kMegabyte);
  EXPECT_EQ(ring_bytes_for(std::size_t{4096} * 1024 * kMegabyte), 64 * kMegabyte);
}

TEST(KernelReleaseTest, release_is_compared_by_number_not_by_text) {
  EXPECT_TRUE(parse_release("5.10.0-28-amd64").is_at_least(5, 8));
  EXPECT_TRUE(parse_release("6.1.176").is_at_least(5, 8));
  EXPECT_TRUE(parse_release("5.8.0").is_at_least(5, 8));
  EXPECT_FALSE(parse_release("5.4.0-150-generic").is_at_least(5, 8));
  EXPECT_FALSE(parse_release("4.19.0").is_at_least(5, 8));
  EXPECT_FALSE(parse_release("nonsense").is_at_least(5, 8));
}

TEST(LoadRefusedTest, missing_rights_and_missing_memory_are_told_apart) {
  EXPECT_EQ(load_refused(EPERM, "").code, ErrorCode::NotPermitted);
  EXPECT_EQ(load_refused(EACCES, "R1 invalid").code, ErrorCode::NotPermitted);
  EXPECT_EQ(load_refused(EINVAL, "").code, ErrorCode::NotPermitted);
  EXPECT_EQ(load_refused(ENOMEM, "").code, ErrorCode::Failed);
  EXPECT_NE(load_refused(EINVAL, "unknown func").what.find("unknown func"), std::string::npos);
  EXPECT_FALSE(load_refused(EPERM, "").hint.empty());
}

constexpr std::string_view kVerifierLog =
    "libbpf: prog 'timers_started': BPF program load failed: Invalid argument\n"
    "libbpf: prog 'timers_started': -- BEGIN PROG LOAD LOG --\n"
    "; int on_timer()\n"
    "R1 invalid mem access 'scalar'\n"
    "processed 12 insns (limit 1000000)\n"
    "-- END PROG LOAD LOG --\n"
    "libbpf: prog 'timers_started': failed to load: -22\n";

TEST(LibbpfLogTest, refused_program_is_named) {
  LibbpfLog log;
  EXPECT_EQ(log.refused_program(), "");
  log.append(kVerifierLog);
  EXPECT_EQ(log.refused_program(), "timers_started");
}

TEST(LibbpfLogTest, excerpt_keeps_the_reason_and_drops_the_frame) {
  LibbpfLog log;
  log.append(kVerifierLog);
  const std::string excerpt = log.excerpt(160);
  EXPECT_NE(excerpt.find("R1 invalid mem access"), std::string::npos);
  EXPECT_EQ(excerpt.find("processed"), std::string::npos);
  EXPECT_EQ(excerpt.find("BEGIN PROG"), std::string::npos);
  EXPECT_LE(excerpt.size(), 160u + 2);
}

}  // namespace
}  // namespace tcptwin::sources
