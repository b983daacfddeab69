// SPDX-License-Identifier: MIT
#include "system/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptwin::system {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string why(std::string_view text) {
  const auto file = parse_config(text, "f");
  return file ? "" : file.error().what;
}

TEST(ConfigFileTest, values_and_lists_are_read_with_their_lines) {
  const auto file = parse_config("# first\nclose-wait: 10s\nlisten:\n  - \":1\"\n  - ':2'\n", "f");
  ASSERT_TRUE(file);
  ASSERT_EQ(file.value().entries.size(), 2u);
  EXPECT_EQ(file.value().entries[0].key, "close-wait");
  EXPECT_THAT(file.value().entries[0].values, ElementsAre("10s"));
  EXPECT_EQ(file.value().entries[0].line, 2u);
  EXPECT_THAT(file.value().entries[1].values, ElementsAre(":1", ":2"));
  EXPECT_EQ(place(file.value(), file.value().entries[1]), "f:3");
}

TEST(ConfigFileTest, nothing_is_a_file_without_entries) {
  for (const char* text : {"", "\n\n", "# only words\n", "---\n"}) {
    const auto file = parse_config(text, "f");
    ASSERT_TRUE(file) << text;
    EXPECT_TRUE(file.value().entries.empty());
  }
}

TEST(ConfigFileTest, what_is_wrong_has_its_line) {
  EXPECT_EQ(why("a: 1\na: 2\n"), "f:2: a was given before");
  EXPECT_EQ(why("a: 1\nb: {c: d}\n"), "f:2: b wants a value or a list of values");
  EXPECT_EQ(why("a: [1, [2]]\n"), "f:1: a wants plain values in its list");
  EXPECT_EQ(why("a:\n"), "f:1: a wants a value or a list of values");
  EXPECT_THAT(why("- a\n- b\n"), HasSubstr("expected `key: value` lines"));
  EXPECT_THAT(why("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(why("a: 1\nb: [open\n"), StartsWith("f:"));
  EXPECT_THAT(why("a: 1\nb: [open\n"), HasSubstr("not YAML"));
  EXPECT_THAT(why("a: *nobody\n"), HasSubstr("not YAML"));
}

TEST(ConfigFileTest, sections_join_their_keys_and_go_no_deeper) {
  const auto file = parse_config("a:\n  b: 1\n  c.d: 2\ne: 3\n", "f", ConfigShape::Sections);
  ASSERT_TRUE(file);
  ASSERT_EQ(file.value().entries.size(), 3u);
  EXPECT_EQ(file.value().entries[1].key, "a.c.d");
  EXPECT_EQ(file.value().entries[1].line, 3u);
  EXPECT_FALSE(parse_config("a: {b: {c: 1}}\n", "f", ConfigShape::Sections));
}

TEST(ConfigFileTest, hostile_files_are_refused) {
  EXPECT_THAT(why(std::string(100'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(why(std::string(100'000, '-')), HasSubstr("nested too deeply"));
  EXPECT_THAT(why(std::string(1'000'000, 'a')), HasSubstr("longer than"));
  EXPECT_THAT(why(std::string_view{"a: \0b", 5}), HasSubstr("no text"));
}

TEST(ConfigFileTest, a_file_that_is_not_there_is_named) {
  const auto file = read_config("/nowhere/tcptwin.yaml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::Failed);
  EXPECT_THAT(file.error().what, HasSubstr("/nowhere/tcptwin.yaml"));
}

}  // namespace
}  // namespace tcptwin::system
