// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace tcptwin {
namespace {

constexpr std::array<std::string_view, 4> kCommands = {"trace", "doctor", "explain", "diagram"};

TEST(ToLower, changes_ascii_letters_only) {
  EXPECT_EQ(to_lower("FIN_WAIT1-aZ\xc3\x84"), "fin_wait1-az\xc3\x84");
}

TEST(Nearest, slip_of_one_letter_finds_the_word) {
  EXPECT_EQ(nearest("trce", kCommands), "trace");
  EXPECT_EQ(nearest("tracee", kCommands), "trace");
  EXPECT_EQ(nearest("docter", kCommands), "doctor");
}

TEST(Nearest, swapped_neighbours_are_one_slip) {
  EXPECT_EQ(nearest("tarce", kCommands), "trace");
}

TEST(Nearest, case_does_not_matter) {
  EXPECT_EQ(nearest("EXPLAIN", kCommands), "explain");
}

TEST(Nearest, word_unlike_all_finds_nothing) {
  EXPECT_EQ(nearest("metrics", kCommands), std::nullopt);
  EXPECT_EQ(nearest("", kCommands), std::nullopt);
  EXPECT_EQ(nearest("trace", {}), std::nullopt);
}

TEST(Nearest, of_two_candidates_finds_the_nearer) {
  constexpr std::array<std::string_view, 2> kFlags = {"--comm", "--count"};
  EXPECT_EQ(nearest("--coumt", kFlags), "--count");
}

TEST(Grouped, has_a_comma_at_each_thousand) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace tcptwin
