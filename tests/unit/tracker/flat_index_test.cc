// SPDX-License-Identifier: MIT
// The flat index against std::unordered_map: the same answers after any order of changes.
#include "tracker/flat_index.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace tcptwin::tracker::testing {
namespace {

// Every key's home is in the last places: runs go around the end of the table.
struct AllAtTheEnd {
  std::size_t operator()(std::uint64_t key) const { return ~std::size_t{0} - key % 3; }
};

template <typename Index>
class FlatIndexTest : public ::testing::Test {};
using Indices =
    ::testing::Types<FlatIndex<>, FlatIndex<NeighboursTogether>, FlatIndex<AllAtTheEnd>>;
TYPED_TEST_SUITE(FlatIndexTest, Indices);

TYPED_TEST(FlatIndexTest, answers_as_a_map_does) {
  std::mt19937 random(1);
  TypeParam index;
  std::unordered_map<std::uint64_t, std::uint32_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t key = random() % 300;
    const auto value = static_cast<std::uint32_t>(random() % 5);
    switch (random() % 3) {
      case 0:
        index.set(key, value);
        expected[key] = value;
        break;
      case 1:
        ASSERT_EQ(index.erase(key), expected.erase(key) > 0);
        break;
      default:
        index.erase_if_is(key, value);
        if (expected.contains(key) && expected[key] == value) expected.erase(key);
    }
    ASSERT_EQ(index.size(), expected.size());
    const auto found = expected.find(key);
    ASSERT_EQ(index.find(key), found == expected.end() ? TypeParam::kNone : found->second);
  }
  for (std::uint64_t key = 0; key < 300; ++key) {
    ASSERT_EQ(index.find(key), expected.contains(key) ? expected[key] : TypeParam::kNone);
  }
  std::size_t visited = 0;
  index.for_each([&](std::uint64_t key, std::uint32_t value) {
    EXPECT_EQ(expected.at(key), value);
    ++visited;
  });
  EXPECT_EQ(visited, expected.size());
}

TYPED_TEST(FlatIndexTest, cleared_is_empty_and_usable) {
  TypeParam index;
  index.set(1, 2);
  index.clear();
  EXPECT_EQ(index.find(1), TypeParam::kNone);
  EXPECT_FALSE(index.erase(1));
  index.set(1, 3);
  EXPECT_EQ(index.find(1), 3u);
}

}  // namespace
}  // namespace tcptwin::tracker::testing
