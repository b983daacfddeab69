// SPDX-License-Identifier: MIT
// The screen as a value: nothing leaves its place, nothing that is put on it is a command.
#include "system/character_grid.h"

#include <gtest/gtest.h>

namespace tcptwin::system {
namespace {

TEST(CharacterGridTest, text_is_cut_at_every_edge) {
  CharacterGrid grid{{5, 2}, Repertoire::Unicode};
  EXPECT_EQ(grid.put(3, 0, "abc"), 6);
  EXPECT_EQ(grid.put(-1, 1, "xyz"), 2);
  grid.put(0, 2, "below");
  grid.put(0, -1, "above");
  EXPECT_EQ(grid.row_text(0), "   ab");
  EXPECT_EQ(grid.row_text(1), "yz");
  grid.put_right(5, 1, "123456");
  EXPECT_EQ(grid.row_text(1), "23456");
}

TEST(CharacterGridTest, what_is_not_one_printable_column_becomes_a_question_mark) {
  CharacterGrid grid{{12, 1}, Repertoire::Unicode};
  // A command, a wide character, a combining one, the other direction, an invalid byte, a cut one.
  grid.put(0, 0, "\x1b[\xe4\xb8\xad\xcc\x81\xe2\x80\xae\xff|\xc3\xa9\xe2\x96\x88\xe2\x96");
  EXPECT_EQ(grid.row_text(0), "?[????|\xc3\xa9\xe2\x96\x88??");
}

TEST(CharacterGridTest, the_ascii_repertoire_has_nothing_else) {
  CharacterGrid grid{{4, 1}, Repertoire::Ascii};
  grid.put(0, 0, "a\xc3\xa9\xe2\x96\x88z");
  EXPECT_EQ(grid.row_text(0), "a??z");
}

TEST(CharacterGridTest, sizes_that_make_no_sense_are_made_to) {
  CharacterGrid none{{-3, 10}, Repertoire::Ascii};
  EXPECT_EQ(none.width(), 0);
  none.put(0, 0, "text");
  none.colour_row(5, Ink::Alarm);
  none.clear_rows(-2, 99);
  CharacterGrid huge{{1'000'000, 1}, Repertoire::Ascii};
  EXPECT_LE(huge.width(), 2000);
}

TEST(CharacterGridTest, rows_are_coloured_and_cleared_as_a_whole) {
  CharacterGrid grid{{3, 3}, Repertoire::Ascii};
  grid.put(0, 1, "abc");
  grid.colour_row(1, Ink::Title);
  EXPECT_EQ(grid.at(2, 1).ink, Ink::Title);
  EXPECT_EQ(grid.at(2, 2).ink, Ink::Plain);
  grid.clear_rows(1, 2);
  EXPECT_EQ(grid.at(0, 1), Character{});
}

TEST(CharacterGridTest, columns_are_characters_and_not_bytes) {
  EXPECT_EQ(columns_of("a\xc3\xa9\xe2\x96\x88"), 3);
  EXPECT_EQ(cut("a\xc3\xa9\xe2\x96\x88", 2), "a\xc3\xa9");
  EXPECT_EQ(cut("abc", -1), "");
}

}  // namespace
}  // namespace tcptwin::system
