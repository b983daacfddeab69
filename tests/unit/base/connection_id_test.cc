// SPDX-License-Identifier: MIT
#include "base/connection_id.h"

#include <gtest/gtest.h>

namespace tcptwin {
namespace {

TEST(ConnectionId, same_socket_in_its_next_life_is_another_connection) {
  const ConnectionId first{.cookie = 7, .generation = 1};
  const ConnectionId second{.cookie = 7, .generation = 2};
  EXPECT_NE(first, second);
  EXPECT_LT(first, second);
}

TEST(ConnectionId, equal_cookie_and_generation_is_the_same_connection) {
  EXPECT_EQ((ConnectionId{.cookie = 7, .generation = 1}),
            (ConnectionId{.cookie = 7, .generation = 1}));
}

}  // namespace
}  // namespace tcptwin
