// SPDX-License-Identifier: MIT
#include "sinks/life_sorter.h"

#include <gtest/gtest.h>

#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

struct Order final : sinks::LifeReceiver {
  void on_life_record(const sinks::LifeRecord& record) override {
    cookies.push_back(record.life.connection.id.cookie);
  }
  std::vector<std::uint64_t> cookies;
};

tracker::Life life(std::uint64_t cookie, std::chrono::milliseconds duration) {
  tracker::Life result = client_life();
  result.connection.id.cookie = cookie;
  result.duration = duration;
  result.bytes_in = 10 * cookie;
  result.last->total_retrans = 0;
  return result;
}

TEST(LifeSorter, the_largest_comes_first_and_equals_in_their_order) {
  using std::chrono::milliseconds;
  Order order;
  sinks::LifeSorter sorter{sinks::LifeKey::Duration, order};
  for (const auto& [cookie, duration] :
       {std::pair{1, 5}, std::pair{2, 50}, std::pair{3, 5}, std::pair{4, 500}}) {
    sorter.on_life_record({life(static_cast<std::uint64_t>(cookie), milliseconds{duration})});
  }
  EXPECT_TRUE(order.cookies.empty());
  sorter.finish();
  EXPECT_EQ(order.cookies, (std::vector<std::uint64_t>{4, 2, 1, 3}));
  EXPECT_EQ(sorter.not_kept(), 0u);
}

TEST(LifeSorter, what_is_not_known_comes_last) {
  Order order;
  sinks::LifeSorter sorter{sinks::LifeKey::Bytes, order};
  tracker::Life unknown = half_open_life();
  sorter.on_life_record({unknown});
  sorter.on_life_record({life(2, std::chrono::milliseconds{1})});
  sorter.finish();
  EXPECT_EQ(order.cookies, (std::vector<std::uint64_t>{2, unknown.connection.id.cookie}));
}

TEST(LifeSorter, only_the_largest_are_kept_and_the_rest_is_counted) {
  Order order;
  sinks::LifeSorter sorter{sinks::LifeKey::Duration, order, 2};
  for (std::uint64_t cookie = 1; cookie <= 5; ++cookie) {
    sorter.on_life_record({life(cookie, std::chrono::milliseconds{cookie * 10 % 40})});
  }
  sorter.finish();
  EXPECT_EQ(order.cookies, (std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(sorter.not_kept(), 3u);
}

TEST(LifeSorter, a_lower_bound_counts_as_a_duration) {
  Order order;
  sinks::LifeSorter sorter{sinks::LifeKey::Duration, order};
  sorter.on_life_record({life(1, std::chrono::milliseconds{1})});
  sorter.on_life_record({adopted_life()});
  sorter.finish();
  EXPECT_EQ(order.cookies[0], adopted_life().connection.id.cookie);
}

}  // namespace
}  // namespace tcptwin::test
