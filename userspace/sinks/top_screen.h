// SPDX-License-Identifier: MIT
// The whole screen of `top` as a value: a view and a choice in, a grid of characters out. Fits any
// size, tells the most important things first, and always how to quit.
#pragma once

#include <cstddef>
#include <string>

#include "sinks/top_choice.h"
#include "sinks/top_model.h"
#include "system/character_grid.h"

namespace tcptwin::sinks {

struct TopHost {
  std::string name;    // "web-01"
  std::string kernel;  // "6.18.44"
  std::string filter;  // of the command line: "--localport 443"; "" if there is none
};

struct TopScreen {
  system::CharacterGrid grid;
  std::size_t page = 0;  // rows of the table of groups that fit
  std::size_t rows = 0;  // that it has
};

TopScreen top_screen(const TopView& view, const TopChoice& choice, const TopHost& host,
                     system::GridSize size, system::Repertoire repertoire);

}  // namespace tcptwin::sinks
