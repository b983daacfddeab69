// SPDX-License-Identifier: MIT
// What the keys of `top` do.
#include "sinks/top_choice.h"

#include <gtest/gtest.h>

namespace tcptwin::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using system::KeyName;

class TopChoiceTest : public testing::Test {
 protected:
  TopReaction press_all(std::string_view characters) {
    TopReaction last = TopReaction::Nothing;
    for (const char character : characters) last = key(KeyName::Character, character);
    return last;
  }
  TopReaction key(KeyName which, char character = 0) {
    return press(choice_, {which, character}, 10, 25);
  }

  TopChoice choice_;
};

TEST_F(TopChoiceTest, q_and_interrupt_quit_from_everywhere_but_q_can_be_typed) {
  EXPECT_EQ(press_all("q"), TopReaction::Quit);
  EXPECT_EQ(press_all("hq"), TopReaction::Quit);
  choice_ = {};
  EXPECT_EQ(press_all("/q"), TopReaction::Redraw);
  EXPECT_EQ(choice_.filter, "q");
  EXPECT_EQ(key(KeyName::Interrupt), TopReaction::Quit);
}

TEST_F(TopChoiceTest, a_filter_is_typed_corrected_kept_and_cleared) {
  press_all("/ngonx");
  key(KeyName::Backspace);
  key(KeyName::Backspace);
  key(KeyName::Backspace);
  press_all("inx");
  EXPECT_TRUE(choice_.is_typing);
  key(KeyName::Enter);
  EXPECT_FALSE(choice_.is_typing);
  EXPECT_EQ(choice_.filter, "nginx");
  key(KeyName::Escape);
  EXPECT_EQ(choice_.filter, "");
}

TEST_F(TopChoiceTest, another_size_of_the_terminal_changes_no_choice) {
  press_all("h");
  const TopChoice before = choice_;
  EXPECT_EQ(key(KeyName::Resize), TopReaction::Nothing);
  EXPECT_EQ(choice_, before);
}

TEST_F(TopChoiceTest, what_is_typed_is_printable_and_bounded) {
  press_all("/");
  EXPECT_EQ(key(KeyName::Character, '\x01'), TopReaction::Nothing);
  for (int i = 0; i < 1000; ++i) key(KeyName::Character, 'a');
  EXPECT_LT(choice_.filter.size(), 100u);
}

TEST_F(TopChoiceTest, every_key_of_the_help_changes_what_it_says) {
  press_all("u");
  EXPECT_EQ(choice_.group_by, GroupBy::Unit);
  press_all("l");
  EXPECT_EQ(choice_.group_by, GroupBy::Listener);
  press_all("p");
  EXPECT_EQ(choice_.group_by, GroupBy::Process);
  press_all("s");
  EXPECT_EQ(choice_.sort, TopColumn::Established);
  press_all("ssssssss");
  EXPECT_EQ(choice_.sort, TopColumn::Total);
  press_all(" ");
  EXPECT_TRUE(choice_.is_paused);
  press_all("+");
  EXPECT_EQ(choice_.interval, seconds{2});
  press_all("--");
  EXPECT_EQ(choice_.interval, milliseconds{500});
  EXPECT_EQ(press_all("z"), TopReaction::Nothing);
}

TEST_F(TopChoiceTest, any_key_leaves_the_help_and_does_nothing_else) {
  press_all("?");
  EXPECT_TRUE(choice_.shows_help);
  press_all("u");
  EXPECT_FALSE(choice_.shows_help);
  EXPECT_EQ(choice_.group_by, GroupBy::Process);
}

TEST_F(TopChoiceTest, intervals_have_ends_also_for_values_from_the_command_line) {
  EXPECT_EQ(shorter(milliseconds{250}), milliseconds{250});
  EXPECT_EQ(shorter(milliseconds{100}), milliseconds{100});
  EXPECT_EQ(shorter(milliseconds{700}), milliseconds{500});
  EXPECT_EQ(longer(milliseconds{700}), seconds{1});
  EXPECT_EQ(longer(seconds{60}), seconds{60});
  EXPECT_EQ(longer(seconds{600}), seconds{600});
}

TEST_F(TopChoiceTest, scrolling_stays_in_the_table) {
  key(KeyName::Up);
  EXPECT_EQ(choice_.scrolled, 0u);
  key(KeyName::PageDown);
  key(KeyName::PageDown);
  EXPECT_EQ(choice_.scrolled, 15u);
  key(KeyName::Up);
  EXPECT_EQ(choice_.scrolled, 14u);
  key(KeyName::End);
  key(KeyName::Down);
  EXPECT_EQ(choice_.scrolled, 15u);
  key(KeyName::Home);
  EXPECT_EQ(choice_.scrolled, 0u);
}

}  // namespace
}  // namespace tcptwin::sinks
