// SPDX-License-Identifier: MIT
// Where the states and the main arrows of RFC 9293's figure 5 lie, in cells of text: one geometry
// for the terminal and for SVG. The arrows' meaning comes from the table; the figure only places
// them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "model/state.h"
#include "model/stimulus.h"

namespace tcptwin::sinks {

struct Cell {
  int column = 0;
  int row = 0;
};

inline constexpr int kFigureWidth = 80;
inline constexpr int kFigureHeight = 49;
inline constexpr int kBoxWidth = 16;
inline constexpr int kBoxHeight = 4;

// CLOSED stands twice, as in the RFC: where a connection begins and where it ends.
struct FigureBox {
  model::State state;
  Cell corner;
};

enum class Aligned { Left, Right };

// One arrow: the stimuli that it stands for, and its way through the cells between two boxes. Only
// the first `corners` of the corners count.
struct FigureArrow {
  model::State from;
  model::State to;
  std::array<model::Stimulus, 2> stimuli;  // the second may repeat the first
  std::string_view words;
  Cell label;  // where the words begin, or end
  Cell count;  // the same for the number
  Aligned aligned;
  std::array<Cell, 4> path;
  std::size_t corners;

  constexpr bool stands_for(model::State left, model::Stimulus stimulus,
                            model::State entered) const {
    return from == left && to == entered && (stimuli[0] == stimulus || stimuli[1] == stimulus);
  }
  constexpr std::span<const Cell> way() const { return {path.data(), corners}; }
};

std::span<const FigureBox> figure_boxes();
std::span<const FigureArrow> figure_arrows();

}  // namespace tcptwin::sinks
