// SPDX-License-Identifier: MIT
// The options of `top`: what they set, and what they refuse.
#include "commands/top_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands/command_line.h"

namespace tcptwin::commands {
namespace {

Result<TopOptions> options_of(std::vector<std::string> words) {
  words.insert(words.begin(), "top");
  const auto line = parse_command_line(words);
  if (!line) return line.error();
  return top_options(line.value().arguments);
}

TEST(TopOptionsTest, without_any_it_shows_processes_every_second) {
  const auto options = options_of({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options.value().choice, sinks::TopChoice{});
  EXPECT_FALSE(options.value().batch);
}

TEST(TopOptionsTest, each_option_reaches_its_place) {
  const auto options = options_of({"--interval", "250ms", "--group", "unit", "--sort", "close-wait",
                                   "--batch", "3", "--size", "90x30", "-L", "443"});
  ASSERT_TRUE(options) << options.error().what;
  const TopOptions& top = options.value();
  EXPECT_EQ(top.choice.interval, std::chrono::milliseconds{250});
  EXPECT_EQ(top.choice.group_by, sinks::GroupBy::Unit);
  EXPECT_EQ(top.choice.sort, sinks::TopColumn::CloseWait);
  EXPECT_EQ(top.batch, 3u);
  EXPECT_EQ(top.batch_size, (system::GridSize{90, 30}));
  EXPECT_FALSE(top.choice.shows_keys);
  EXPECT_EQ(top.filter_words, "--localport 443");
}

TEST(TopOptionsTest, every_column_can_sort_from_the_command_line) {
  const std::vector<std::string> keys = {"total",     "established", "close-wait",
                                         "time-wait", "half-open",   "syn-sent",
                                         "opens",     "failures",    "stuck"};
  ASSERT_EQ(keys.size(), sinks::kTopColumnCount);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto options = options_of({"--sort", keys[i]});
    ASSERT_TRUE(options) << keys[i];
    EXPECT_EQ(static_cast<std::size_t>(options.value().choice.sort), i) << keys[i];
  }
}

TEST(TopOptionsTest, bad_values_are_usage_errors) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--interval", "1ms"},
                                             {"--interval", "2h"},
                                             {"--group", "prozess"},
                                             {"--sort", "totl"},
                                             {"--batch", "0"},
                                             {"--batch", "1", "--size", "80"},
                                             {"--batch", "1", "--size", "0x10"},
                                             {"--batch", "1", "--size", "80x99999"},
                                             {"--batch", "1", "--size", "80x-3"},
                                             {"--size", "80x24"}}) {
    const auto options = options_of(words);
    ASSERT_FALSE(options) << words[0] << " " << words[1];
    EXPECT_EQ(options.error().code, ErrorCode::Usage);
  }
}

}  // namespace
}  // namespace tcptwin::commands
