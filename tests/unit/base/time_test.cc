// SPDX-License-Identifier: MIT
#include "base/time.h"

#include <gtest/gtest.h>

namespace tcptwin {
namespace {

using namespace std::chrono_literals;

template <typename Clock>
concept Readable = requires {
  Clock::now();
};

TEST(KernelClock, cannot_be_read) {
  EXPECT_FALSE(Readable<KernelClock>);
  EXPECT_TRUE(Readable<std::chrono::steady_clock>);
}

TEST(KernelTime, nanoseconds_survive_the_round_trip) {
  EXPECT_EQ(to_ns(kernel_time_from_ns(123'456'789'012'345)), 123'456'789'012'345);
}

TEST(ToMicroseconds, rounds_towards_zero) {
  EXPECT_EQ(to_us(1999ns), 1);
  EXPECT_EQ(to_us(-1999ns), -1);
  EXPECT_EQ(to_us(60s), 60'000'000);
}

}  // namespace
}  // namespace tcptwin
