// SPDX-License-Identifier: MIT
// Two ends and what passes between them, drawn as a ladder: a rail with states on either side,
// arrows between them, a sentence above each rung. Knows nothing of where the story comes from.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sinks/terminal.h"
#include "system/character_grid.h"

namespace tcptwin::sinks {

enum class Course {
  Arrives,      // from rail to rail
  Leaves,       // stays on its way
  ArrivesLate,  // left some rungs above
  IsLost,
  IsInferred,  // was not seen: what was seen tells of it
};

struct LadderArrow {
  bool to_the_right = true;
  Course course = Course::Arrives;
  std::string label;  // "SYN,ACK SEQ=300 ACK=101"
  // More of it, behind the label as far as there is room, then below: "mss 1460 wscale 7".
  std::vector<std::string> details{};
  bool is_remarkable = false;  // stands out in colour
};

// Words between the rails.
struct LadderNote {
  enum class Place { AtLeft, AtRight, Middle };
  Place place = Place::Middle;
  std::string text;
  bool is_wrong = false;  // red
};

struct LadderRung {
  std::string sentence;               // may be empty
  std::array<std::string, 2> states;  // when the rung is passed
  std::array<bool, 2> changed{};
  std::optional<LadderArrow> arrow;
  bool time_passes = false;
  std::array<std::string, 2> times{};  // at each end; "" where nothing happened
  LadderNote note{};                   // if there is no arrow
};

struct Ladder {
  std::array<std::string, 2> titles;
  std::vector<LadderRung> rungs;
  std::array<bool, 2> unseen{};          // ends of which only the other one tells
  bool repeats_states = true;            // on every rung, not only where they change
  std::vector<std::string> footnotes{};  // sentences below it
};

struct LadderLook {
  system::Repertoire repertoire = system::Repertoire::Ascii;
  Colour colour = Colour::Never;
  std::size_t columns = 80;  // at least 72
};

std::string ladder_text(const Ladder& ladder, const LadderLook& look);

// Words on lines of at most `columns`; the second and later ones begin with `indent` spaces.
std::string wrapped(const std::string& words, std::size_t columns, std::size_t indent);

}  // namespace tcptwin::sinks
