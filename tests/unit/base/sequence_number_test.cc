// SPDX-License-Identifier: MIT
#include "base/sequence_number.h"

#include <gtest/gtest.h>

#include <concepts>

namespace tcptwin {
namespace {

TEST(SequenceNumber, after_the_wrap_is_after) {
  const SequenceNumber before_wrap{0xffff'fff0u};
  const SequenceNumber after_wrap{0x10u};
  EXPECT_TRUE(after_wrap.is_after(before_wrap));
  EXPECT_FALSE(before_wrap.is_after(after_wrap));
  EXPECT_EQ(after_wrap.distance_from(before_wrap), 0x20);
  EXPECT_EQ(before_wrap.distance_from(after_wrap), -0x20);
}

TEST(SequenceNumber, is_not_after_itself) {
  const SequenceNumber number{9293};
  EXPECT_FALSE(number.is_after(number));
  EXPECT_EQ(number.distance_from(number), 0);
}

template <typename T>
concept Ordered = requires(T left, T right) {
  left < right;
};

TEST(SequenceNumber, has_no_order) {
  EXPECT_FALSE(Ordered<SequenceNumber>);
}

}  // namespace
}  // namespace tcptwin
