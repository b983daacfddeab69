// SPDX-License-Identifier: MIT
#include "system/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

namespace tcptwin::system {
namespace {

TEST(TerminationSignalsTest, signal_becomes_readable_instead_of_ending_the_process) {
  auto signals = TerminationSignals::open();
  ASSERT_TRUE(signals);
  EXPECT_EQ(signals.value().take(), std::nullopt);
  ASSERT_EQ(::raise(SIGTERM), 0);
  pollfd descriptor{signals.value().descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&descriptor, 1, 0), 1);
  EXPECT_EQ(signals.value().take(), SIGTERM);
  EXPECT_EQ(signals.value().take(), std::nullopt);
}

TEST(TerminationSignalsTest, waiting_ends_with_the_signal) {
  auto signals = TerminationSignals::open();
  ASSERT_TRUE(signals);
  ASSERT_EQ(::raise(SIGINT), 0);
  EXPECT_EQ(signals.value().wait(std::chrono::seconds{10}), SIGINT);
}

TEST(TerminationSignalsTest, signals_are_unblocked_when_it_ends) {
  const auto is_blocked = [](int number) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    return sigismember(&blocked, number) == 1;
  };
  {
    auto signals = TerminationSignals::open();
    ASSERT_TRUE(signals);
    EXPECT_TRUE(is_blocked(SIGINT));
    EXPECT_TRUE(is_blocked(SIGTERM));
  }
  EXPECT_FALSE(is_blocked(SIGINT));
  EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(CaughtSignalsTest, only_the_named_ones_are_caught) {
  auto signals = CaughtSignals::open({SIGHUP, SIGUSR1});
  ASSERT_TRUE(signals);
  ASSERT_EQ(::raise(SIGUSR1), 0);
  ASSERT_EQ(::raise(SIGHUP), 0);
  EXPECT_EQ(signals.value().take(), SIGHUP);  // the lower number first
  EXPECT_EQ(signals.value().take(), SIGUSR1);
  EXPECT_EQ(signals.value().take(), std::nullopt);
}

}  // namespace
}  // namespace tcptwin::system
