// SPDX-License-Identifier: MIT
// The parts of `top`'s screen: states, rates, stuck connections, the table of groups. Each keeps to
// the box it is given; top_screen deals the boxes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sinks/top_choice.h"
#include "sinks/top_model.h"
#include "system/character_grid.h"

namespace tcptwin::sinks {

struct Box {
  int column = 0;
  int row = 0;
  int width = 0;
  int height = 0;
};

// One state a line, with bars, or two states a line.
enum class StatesShape { Bars, TwoColumns };
inline constexpr int kBarsHeight = 1 + static_cast<int>(kTopStateCount);
inline constexpr int kTwoColumnsHeight = 1 + (static_cast<int>(kTopStateCount) + 2) / 2;

void draw_states(system::CharacterGrid& grid, const TopView& view, StatesShape shape, Box box);
void draw_rates(system::CharacterGrid& grid, const TopView& view, Box box);

// Stuck connections of the same kind, process and place: a leak is one line, not a thousand.
struct StuckGroup {
  const StuckRow* worst = nullptr;
  std::uint64_t connections = 0;
};
// Of the view, what the filter lets through; worst first.
std::vector<StuckGroup> stuck_groups(const TopView& view, const TopChoice& choice);
// The same, as the choice sorts it.
std::vector<const GroupRow*> filtered_groups(const TopView& view, const TopChoice& choice);

void draw_stuck(system::CharacterGrid& grid, const TopView& view,
                const std::vector<StuckGroup>& groups, Box box);
void draw_groups(system::CharacterGrid& grid, const TopChoice& choice,
                 const std::vector<const GroupRow*>& rows, Box box);

// "nginx 812"; "nobody" where no process is known.
std::string owner_text(const tracker::Owner& owner);
// The state's name, in 12 columns at most.
std::string_view top_state_name(std::size_t state);

}  // namespace tcptwin::sinks
