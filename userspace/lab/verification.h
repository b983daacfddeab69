// SPDX-License-Identifier: MIT
// The reference in the worlds of the catalogue, and which of its rows they exercise.
#pragma once

#include <string_view>
#include <vector>

#include "lab/explorer.h"

namespace tcptwin::lab {

// With the table that the world asks for: the reference, or with RFC 1337's advice.
Exploration explore_reference(const Bounds& bounds, PropertySet wanted);
Exploration explore_reference(const Bounds& bounds);

struct RowCounts {
  std::size_t arrows = 0;
  std::size_t stays = 0;
  std::size_t exercised = 0;
};
RowCounts count_rows(const Questions& asked);

// A row that no world exercises, and why none can.
struct IdleRow {
  model::StateSet from;
  Stimulus stimulus;
  std::string_view reason;  // the row's
  std::string_view why;     // "" if nobody knows
};
std::vector<IdleRow> idle_rows(const Questions& asked);

// Why no world asks this question; "" if there is no reason known.
std::string_view why_never_asked(const Question& question);

}  // namespace tcptwin::lab
