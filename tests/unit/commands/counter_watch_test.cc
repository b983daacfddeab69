// SPDX-License-Identifier: MIT
// `doctor --watch` must not cry wolf while connections come and go, and must say a difference that
// stays.
#include "commands/counter_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "commands/counter_report.h"

namespace tcptwin::commands {
namespace {

using namespace std::chrono_literals;
using enum CounterVerdict;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t kNetns = 42;

sources::KernelCounters figures(int unread_aborts, int established) {
  sources::KernelCounters counters;
  const auto parsed =
      counters.parse("Tcp: EstabResets CurrEstab\nTcp: " + std::to_string(unread_aborts) + " " +
                     std::to_string(established) +
                     "\nTcpExt: TCPAbortOnClose\nTcpExt: " + std::to_string(unread_aborts) + "\n");
  EXPECT_TRUE(parsed);
  return counters;
}

class CounterWatchTest : public ::testing::Test {
 protected:
  void open(int unread_aborts, int established) {
    watch_.open(reading(unread_aborts, established));
  }
  void abort_unread(int times = 1) {
    for (; times > 0; --times) {
      tracker::Step step{};
      step.time = time_ += 10ms;
      step.connection.tuple.netns = kNetns;
      step.from = {model::State::Established};
      step.to = {model::State::Closed};
      step.cause = model::Cause::CloseUnreadAbort;
      step.verdict = model::Verdict::Conformant;
      watch_.ledger().on_step(step);
    }
  }
  void first(int unread_aborts, int established) {
    watch_.first_reading(reading(unread_aborts, established));
  }
  void second(int unread_aborts, int established) {
    watch_.second_reading(reading(unread_aborts, established));
  }
  void look(int unread_aborts, int established) {
    first(unread_aborts, established);
    second(unread_aborts, established);
  }
  const WatchedNamespace& watched() const { return watch_.namespaces().at(kNetns); }
  const JudgedCounter& judged(std::string_view name) const {
    const auto rows = tracker::counter_rows();
    const auto row = std::ranges::find(rows, name, &tracker::CounterRow::name);
    return watched().counters[static_cast<std::size_t>(row - rows.begin())];
  }
  CounterVerdict verdict(std::string_view name) const { return judged(name).verdict; }

  CounterWatch watch_;

 private:
  CounterWatch::Reading reading(int unread_aborts, int established) {
    time_ += 100ms;
    return {kNetns, true, time_, time_, figures(unread_aborts, established)};
  }

  KernelTime time_{};
};

TEST_F(CounterWatchTest, what_moved_alike_agrees) {
  open(5, 10);
  abort_unread(2);
  look(7, 8);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
  EXPECT_EQ(judged("TCPAbortOnClose").kernel, 2);
  EXPECT_EQ(verdict("CurrEstab"), Agrees);
  EXPECT_EQ(judged("CurrEstab").kernel, -2);
  EXPECT_EQ(verdict("TCPAbortOnData"), Absent);
  EXPECT_FALSE(watched().differs());
}

TEST_F(CounterWatchTest, a_step_between_the_readings_is_no_difference) {
  open(0, 10);
  first(0, 10);
  abort_unread();
  second(1, 9);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
  EXPECT_EQ(verdict("CurrEstab"), Agrees);
  first(2, 8);  // the kernel is ahead of what was delivered
  abort_unread();
  second(2, 8);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
}

TEST_F(CounterWatchTest, a_difference_is_said_when_it_has_lasted) {
  open(0, 10);
  abort_unread();
  look(2, 9);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Settling);
  look(2, 9);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Settling);
  EXPECT_FALSE(watched().differs());
  look(2, 9);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Differs);
  EXPECT_EQ(judged("TCPAbortOnClose").difference, 1);
  EXPECT_TRUE(watched().differs());
  look(1, 9);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
}

TEST_F(CounterWatchTest, now_too_many_and_now_too_few_is_movement) {
  open(0, 10);
  abort_unread(5);
  for (int looks = 0; looks < 6; ++looks) {
    look(looks % 2 == 0 ? 6 : 4, 5);
    EXPECT_EQ(verdict("TCPAbortOnClose"), Settling);
  }
}

TEST_F(CounterWatchTest, a_level_is_compared_only_at_rest) {
  open(0, 10);
  for (int looks = 0; looks < 4; ++looks) {
    first(looks, 20);
    abort_unread();
    second(looks + 1, 20);
    EXPECT_EQ(verdict("CurrEstab"), Agrees);
  }
  for (int looks = 0; looks < 3; ++looks) look(4, 20);
  EXPECT_EQ(verdict("CurrEstab"), Differs);
}

TEST_F(CounterWatchTest, after_a_loss_it_cannot_tell_and_counts_anew) {
  open(0, 10);
  abort_unread();
  watch_.ledger().on_loss({KernelTime{}, tracker::LossPlace::RingBuffer, 3});
  look(5, 2);
  EXPECT_EQ(verdict("TCPAbortOnClose"), CannotTell);
  EXPECT_EQ(summarize(watch_).cannot_tell, 1u);
  EXPECT_THAT(counter_table(watch_, KernelTime{}, {}), HasSubstr("events were lost"));
  abort_unread();
  look(6, 1);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
  EXPECT_EQ(judged("TCPAbortOnClose").kernel, 1);
  EXPECT_EQ(watched().restarts, 1u);
}

TEST_F(CounterWatchTest, a_new_namespace_counts_from_zero) {
  abort_unread(3);
  look(3, -3);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
  EXPECT_EQ(judged("TCPAbortOnClose").kernel, 3);
}

TEST_F(CounterWatchTest, an_old_one_that_was_hidden_is_watched_from_the_first_look) {
  abort_unread(3);
  look(100, 7);
  EXPECT_EQ(verdict("TCPAbortOnClose"), Agrees);
  EXPECT_EQ(judged("TCPAbortOnClose").kernel, 0);
  abort_unread();
  look(101, 6);
  EXPECT_EQ(judged("TCPAbortOnClose").kernel, 1);
}

TEST_F(CounterWatchTest, a_difference_is_not_forgotten_with_its_namespace) {
  open(0, 10);
  for (int looks = 0; looks < 3; ++looks) look(1, 10);
  watch_.forget(kNetns);
  const CounterSummary summary = summarize(watch_);
  EXPECT_EQ(summary.differ, 1u);
  EXPECT_EQ(summary.forgotten, 1u);
  EXPECT_EQ(watch_.ledger().page(kNetns), nullptr);
}

TEST_F(CounterWatchTest, table_shows_what_moved_and_says_what_differs) {
  EXPECT_THAT(counter_table(watch_, KernelTime{}, {}), HasSubstr("no connection"));
  open(0, 10);
  abort_unread(2);
  for (int looks = 0; looks < 3; ++looks) look(3, 8);
  const std::string table = counter_table(watch_, KernelTime{}, {});
  EXPECT_THAT(table, HasSubstr("network namespace 42 (this one): 2 state changes"));
  EXPECT_THAT(
      table, HasSubstr("  TCPAbortOnClose                 3              2         +1  differs\n"));
  EXPECT_THAT(table,
              HasSubstr("  CurrEstab                      -2             -2          -  agrees\n"));
  EXPECT_THAT(table, Not(HasSubstr("TCPAbortOnData")));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
}

TEST_F(CounterWatchTest, a_small_terminal_shows_the_first_namespaces_only) {
  open(0, 10);
  abort_unread();
  look(1, 9);
  watch_.open({43, false, KernelTime{}, KernelTime{}, figures(0, 0)});
  watch_.first_reading({43, false, KernelTime{}, KernelTime{}, figures(0, 0)});
  watch_.second_reading({43, false, KernelTime{}, KernelTime{}, figures(9, 0)});
  const std::string all = counter_table(watch_, KernelTime{}, {});
  EXPECT_THAT(all, HasSubstr("network namespace 43"));
  const std::string some = counter_table(watch_, KernelTime{}, {.coloured = false, .lines = 9});
  EXPECT_THAT(some, Not(HasSubstr("network namespace 43")));
  EXPECT_THAT(some, HasSubstr("and 1 more network namespace\n"));
}

}  // namespace
}  // namespace tcptwin::commands
