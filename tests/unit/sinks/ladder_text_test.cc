// SPDX-License-Identifier: MIT
#include "sinks/ladder_text.h"

#include <gtest/gtest.h>

namespace tcptwin::sinks {
namespace {

using system::Repertoire;

Ladder with(LadderRung rung) {
  return {{"client", "server"}, {std::move(rung)}};
}

// The rung's line: the second of the text.
std::string rung_line(const LadderRung& rung, Repertoire repertoire, std::size_t columns = 72) {
  LadderRung silent = rung;
  silent.sentence.clear();
  const std::string text = ladder_text(with(silent), {repertoire, Colour::Never, columns});
  const std::size_t begin = text.find('\n') + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

LadderRung sent(bool to_the_right, Course course) {
  LadderRung rung;
  rung.states = {"SYN-SENT", "LISTEN"};
  rung.arrow = LadderArrow{to_the_right, course, "SYN SEQ=100"};
  return rung;
}

TEST(LadderText, an_arrow_goes_from_rail_to_rail) {
  EXPECT_EQ(rung_line(sent(true, Course::Arrives), Repertoire::Ascii),
            "     SYN-SENT |---- SYN SEQ=100 ---------------------->| LISTEN");
  EXPECT_EQ(rung_line(sent(false, Course::Arrives), Repertoire::Ascii),
            "     SYN-SENT |<---------------------- SYN SEQ=100 ----| LISTEN");
  EXPECT_EQ(rung_line(sent(true, Course::Arrives), Repertoire::Unicode),
            "     SYN-SENT ├──── SYN SEQ=100 ──────────────────────▶│ LISTEN");
}

TEST(LadderText, what_stays_on_its_way_is_lost_or_comes_late_is_marked) {
  EXPECT_EQ(rung_line(sent(true, Course::Leaves), Repertoire::Ascii),
            "     SYN-SENT |---- SYN SEQ=100 .....                  | LISTEN");
  EXPECT_EQ(rung_line(sent(true, Course::IsLost), Repertoire::Ascii),
            "     SYN-SENT |---- SYN SEQ=100 -----X                 | LISTEN");
  EXPECT_EQ(rung_line(sent(false, Course::IsLost), Repertoire::Unicode),
            "     SYN-SENT │                 ✗───── SYN SEQ=100 ────┤ LISTEN");
  EXPECT_EQ(rung_line(sent(true, Course::ArrivesLate), Repertoire::Ascii),
            "     SYN-SENT |.... SYN SEQ=100 ---------------------->| LISTEN");
}

TEST(LadderText, a_label_that_is_too_long_leaves_room_for_the_arrow) {
  LadderRung rung = sent(true, Course::IsLost);
  rung.arrow->label = std::string(200, 'x');
  for (const std::size_t columns : {0u, 72u, 80u}) {
    EXPECT_LE(rung_line(rung, Repertoire::Ascii, columns).size(), columns == 80 ? 80u : 72u);
  }
}

TEST(LadderText, time_passes_between_open_rails) {
  LadderRung rung;
  rung.states = {"TIME-WAIT", "CLOSED"};
  rung.time_passes = true;
  EXPECT_EQ(rung_line(rung, Repertoire::Ascii),
            "    TIME-WAIT :                                        : CLOSED");
}

TEST(LadderText, a_changed_state_stands_out_only_in_colour) {
  LadderRung rung = sent(true, Course::Arrives);
  rung.changed = {false, true};
  const std::string coloured = ladder_text(with(rung), {Repertoire::Ascii, Colour::Always, 72});
  EXPECT_NE(coloured.find("\x1b[1mLISTEN\x1b[0m"), std::string::npos);
  EXPECT_EQ(coloured.find("\x1b[1mSYN-SENT"), std::string::npos);
  EXPECT_EQ(ladder_text(with(rung), {Repertoire::Ascii, Colour::Never, 72}).find('\x1b'),
            std::string::npos);
}

TEST(LadderText, sentences_are_numbered_and_wrapped_under_themselves) {
  EXPECT_EQ(wrapped(" 1. The client opens a connection.", 20, 4),
            " 1. The client opens\n    a connection.\n");
  EXPECT_EQ(wrapped("word", 20, 4), "word\n");
  EXPECT_EQ(wrapped("", 20, 4), "\n");
}

}  // namespace
}  // namespace tcptwin::sinks
