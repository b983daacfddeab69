// SPDX-License-Identifier: MIT
// The screen of `top` at every size: nothing leaves its place, what matters most is there first,
// and there is always a way out.
#include "sinks/top_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sinks/top_text.h"
#include "unit/sinks/made_up_host.h"

namespace tcptwin::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using system::GridSize;
using system::Ink;
using system::Repertoire;
using testing::HasSubstr;
using testing::Not;

constexpr KernelTime kStart{minutes{100'000}};
const TopHost kHost{"web-01", "6.18.44", ""};

TopView view_of(std::string_view what, GroupBy group_by = GroupBy::Process) {
  TopModel model{kStart};
  test::MadeUpHost host{kStart, what};
  for (int i = 1; i <= 80; ++i) {
    const KernelTime now = kStart + i * milliseconds{100};
    model.advance(now);
    host.live_until(now, model);
    if (i % 10 == 0) model.end_interval(now);
  }
  return model.view(kStart + seconds{8}, group_by, host.sources());
}

std::string text_of(const TopScreen& screen) {
  std::string text;
  for (int row = 0; row < screen.grid.height(); ++row) text += screen.grid.row_text(row) + "\n";
  return text;
}

std::string draw(std::string_view what, GridSize size, const TopChoice& choice = {},
                 Repertoire repertoire = Repertoire::Unicode) {
  return text_of(top_screen(view_of(what, choice.group_by), choice, kHost, size, repertoire));
}

bool has_ink(const TopScreen& screen, int row, Ink ink) {
  for (int column = 0; column < screen.grid.width(); ++column) {
    if (screen.grid.at(column, row).ink == ink) return true;
  }
  return false;
}

TEST(TopScreenTest, every_size_shows_how_to_quit_in_its_last_row) {
  const TopView view = view_of("--busy");
  for (int width = 1; width <= 132; width += width < 30 ? 1 : 7) {
    for (int height = 1; height <= 60; height += height < 12 ? 1 : 5) {
      for (const bool help : {false, true}) {
        TopChoice choice;
        choice.shows_help = help;
        const TopScreen screen =
            top_screen(view, choice, kHost, {width, height}, Repertoire::Unicode);
        const std::string last = screen.grid.row_text(height - 1);
        const char* const way_out = width >= 7 ? "q quit" : "q";
        ASSERT_THAT(last, HasSubstr(way_out)) << width << "x" << height;
      }
    }
  }
}

TEST(TopScreenTest, a_standard_terminal_has_everything) {
  const std::string text = draw("--busy", {80, 24});
  for (const char* part :
       {"tcptwin top", "web-01", "6.18.44", "0:00:08", "ESTABLISHED      2,234", "TIME_WAIT",
        "NEW_SYN_RECV        12", "opened", "STUCK 35", "leaky-service 1402", "close_wait",
        "nginx 812", "CLOSEW", "FAIL/s", "h help", "space pause", "/ filter", "s sort"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(TopScreenTest, a_large_terminal_has_bars_and_sparklines_and_long_titles) {
  const std::string text = draw("--busy", {300, 100});
  for (const char* part : {"█", "▇", "last minute", "all failures", "ESTABLISHED  CLOSE_WAIT",
                           "census 7s ago: mirror = kernel"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(TopScreenTest, a_small_terminal_has_the_numbers_that_matter) {
  const std::string small = draw("--busy", {40, 10});
  for (const char* part : {"STUCK 35", "ESTAB 2,234", "CLOSE_WAIT 23", "fail/s", "nginx 812"}) {
    EXPECT_THAT(small, HasSubstr(part));
  }
  const std::string tiny = draw("--busy", {20, 5});
  EXPECT_THAT(tiny, HasSubstr("ESTAB 2,234"));
  EXPECT_THAT(tiny, HasSubstr("STUCK 35"));
  EXPECT_EQ(draw("--busy", {1, 1}), "q\n");
  EXPECT_THAT(draw("--busy", {60, 1}), HasSubstr("STUCK 35"));
}

TEST(TopScreenTest, without_utf8_every_character_is_ascii) {
  for (const GridSize size : {GridSize{80, 24}, GridSize{120, 40}, GridSize{20, 5}}) {
    for (const char byte : draw("--busy", size, {}, Repertoire::Ascii)) {
      ASSERT_TRUE((byte >= ' ' && byte <= '~') || byte == '\n');
    }
  }
  EXPECT_THAT(draw("--busy", {120, 40}, {}, Repertoire::Ascii), HasSubstr("####"));
}

TEST(TopScreenTest, a_process_name_cannot_send_commands_to_the_terminal) {
  const std::string text = draw("--busy", {120, 40});
  EXPECT_THAT(text, HasSubstr("?[31mevil?? 666"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TopScreenTest, a_divergence_is_the_first_thing_one_sees) {
  const TopView view = view_of("--divergence");
  const TopScreen screen = top_screen(view, {}, kHost, {160, 40}, Repertoire::Unicode);
  EXPECT_THAT(screen.grid.row_text(1), HasSubstr("1 divergence"));
  EXPECT_THAT(screen.grid.row_text(1), HasSubstr("unjustified_edge, nginx 812"));
  EXPECT_THAT(screen.grid.row_text(1), HasSubstr("SYN_SENT -> ESTABLISHED"));
  EXPECT_TRUE(has_ink(screen, 1, Ink::Alarm));
  EXPECT_THAT(draw("--divergence", {20, 5}), HasSubstr("1 divergence"));
}

TEST(TopScreenTest, losses_are_said_with_their_place) {
  TopView view = view_of("--busy");
  view.lost[0] = 12;
  const TopScreen screen = top_screen(view, {}, kHost, {120, 40}, Repertoire::Unicode);
  EXPECT_THAT(screen.grid.row_text(1), HasSubstr("12 events lost (ring_buffer 12)"));
  EXPECT_TRUE(has_ink(screen, 1, Ink::Warning));
}

TEST(TopScreenTest, when_every_step_is_conformant_it_says_so) {
  TopView view;
  EXPECT_THAT(text_of(top_screen(view, {}, kHost, {80, 24}, Repertoire::Unicode)),
              HasSubstr("no state change yet"));
  view.steps = 48'212;
  view.verdicts[static_cast<std::size_t>(model::Verdict::Conformant)] = 48'212;
  EXPECT_THAT(text_of(top_screen(view, {}, kHost, {80, 24}, Repertoire::Unicode)),
              HasSubstr("all 48,212 steps conformant"));
  ++view.verdicts[static_cast<std::size_t>(model::Verdict::Gap)];
  ++view.steps;
  EXPECT_THAT(text_of(top_screen(view, {}, kHost, {80, 24}, Repertoire::Unicode)),
              HasSubstr("48,212 conformant, 1 gap"));
}

TEST(TopScreenTest, a_leak_of_many_connections_is_one_line) {
  const std::string text = draw("--busy", {120, 40});
  EXPECT_EQ(text.find("close_wait "), text.rfind("close_wait "));
  EXPECT_THAT(text, HasSubstr("23    1h12m leaky-service 1402"));
}

TEST(TopScreenTest, the_filter_narrows_table_and_stuck_and_is_shown) {
  TopChoice choice;
  choice.filter = "NGINX";
  const std::string text = draw("--busy", {120, 40}, choice);
  EXPECT_THAT(text, HasSubstr("nginx 812"));
  EXPECT_THAT(text, Not(HasSubstr("postgres")));
  EXPECT_THAT(text, HasSubstr("nothing that matches the filter"));
  EXPECT_THAT(text, HasSubstr("has 'NGINX'"));
  choice.is_typing = true;
  EXPECT_THAT(draw("--busy", {80, 24}, choice), HasSubstr("/NGINX_  Enter keep  Esc clear"));
}

TEST(TopScreenTest, the_table_is_sorted_by_the_column_that_is_lit) {
  TopChoice choice;
  choice.sort = TopColumn::Stuck;
  const std::string text = draw("--busy", {80, 24}, choice);
  EXPECT_LT(text.rfind("leaky-service 1402"), text.find("nginx 812"));
  choice.sort = TopColumn::SynSent;  // the least of all columns, but the one that sorts
  EXPECT_THAT(draw("--busy", {40, 24}, choice), HasSubstr("SYNSNT"));
}

TEST(TopScreenTest, groups_are_units_or_listeners_when_asked) {
  TopChoice choice;
  choice.group_by = GroupBy::Unit;
  EXPECT_THAT(draw("--busy", {120, 40}, choice), HasSubstr("docker 3f2a9c41be77"));
  choice.group_by = GroupBy::Listener;
  EXPECT_THAT(draw("--busy", {120, 40}, choice), HasSubstr(":8080 leaky-service"));
}

TEST(TopScreenTest, scrolling_ends_at_the_last_row) {
  TopChoice choice;
  choice.scrolled = 1000;
  const std::string text = draw("--busy", {80, 24}, choice);
  EXPECT_THAT(text, HasSubstr("sshd 612"));
}

TEST(TopScreenTest, a_pid_is_whole_or_not_there) {
  for (int width = 30; width < 130; ++width) {
    const std::string text = draw("--busy", {width, 40});
    const std::size_t place = text.find(" 40112");
    EXPECT_TRUE(text.find(" 4011") == place) << width;
  }
}

TEST(TopScreenTest, an_empty_grid_is_no_reason_to_fail) {
  EXPECT_EQ(draw("--busy", {0, 0}), "");
  EXPECT_EQ(draw("--busy", {-5, 24}).find_first_not_of('\n'), std::string::npos);
}

TEST(TopTextTest, numbers_keep_to_their_column) {
  EXPECT_EQ(count_text(0, 7), "0");
  EXPECT_EQ(count_text(999'999, 7), "999,999");
  EXPECT_EQ(count_text(1'234'567, 7), "1.2M");
  EXPECT_EQ(count_text(12'345'678, 6), "12.3M");
  for (std::uint64_t count = 1; count < 1'000'000'000'000'000'000; count *= 7) {
    EXPECT_LE(count_text(count, 6).size(), 6u) << count;
    EXPECT_LE(rate_text(static_cast<double>(count)).size(), 7u) << count;
  }
  EXPECT_EQ(rate_text(0.01), "<0.1");
  EXPECT_EQ(rate_text(12.34), "12.3");
  EXPECT_EQ(rate_text(1234.4), "1,234");
}

TEST(TopTextTest, ages_are_short_and_times_are_whole) {
  EXPECT_EQ(age_text(seconds{-3}), "0s");
  EXPECT_EQ(age_text(seconds{724}), "12m04s");
  EXPECT_EQ(age_text(minutes{192}), "3h12m");
  EXPECT_EQ(age_text(std::chrono::hours{122}), "5d02h");
  EXPECT_EQ(running_text(seconds{761}), "0:12:41");
  EXPECT_EQ(interval_text(milliseconds{250}), "250 ms");
  EXPECT_EQ(interval_text(milliseconds{2500}), "2.5 s");
}

TEST(TopTextTest, a_bar_and_a_sparkline_fill_their_room_and_no_more) {
  EXPECT_EQ(bar(10, 10, 4, Repertoire::Unicode), "████");
  EXPECT_EQ(bar(1, 1'000'000, 4, Repertoire::Unicode), "▏");
  EXPECT_EQ(bar(0, 10, 4, Repertoire::Unicode), "");
  EXPECT_EQ(bar(20, 10, 4, Repertoire::Ascii), "####");
  const std::array<std::uint64_t, 4> values = {9, 0, 4, 8};
  EXPECT_EQ(sparkline(values, 3, Repertoire::Unicode), " ▄█");
  EXPECT_EQ(sparkline(values, 10, Repertoire::Ascii), "# =#");
}

}  // namespace
}  // namespace tcptwin::sinks
