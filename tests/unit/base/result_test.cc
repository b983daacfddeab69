// SPDX-License-Identifier: MIT
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace tcptwin {
namespace {

Result<std::unique_ptr<int>> make(bool succeeds) {
  if (!succeeds) return Error{ErrorCode::NotPermitted, "no BTF", "enable CONFIG_DEBUG_INFO_BTF"};
  return std::make_unique<int>(4);
}

TEST(Result, of_a_success_holds_the_value) {
  auto result = make(true);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result.value(), 4);
}

TEST(Result, of_a_failure_holds_what_and_hint) {
  const auto result = make(false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::NotPermitted);
  EXPECT_EQ(result.error().what, "no BTF");
  EXPECT_EQ(result.error().hint, "enable CONFIG_DEBUG_INFO_BTF");
}

TEST(Result, value_that_cannot_be_copied_can_be_moved_out) {
  auto result = make(true);
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 4);
}

TEST(Status, done_is_success) {
  const Status status = Done{};
  EXPECT_TRUE(status);
}

}  // namespace
}  // namespace tcptwin
