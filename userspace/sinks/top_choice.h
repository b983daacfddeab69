// SPDX-License-Identifier: MIT
// What the person before `top` has chosen, and how a key changes it. Pure: the terminal reads the
// keys, the screen shows the choice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sinks/top_model.h"
#include "system/key_press.h"

namespace tcptwin::sinks {

// The columns of the table of groups; any may sort it.
enum class TopColumn : std::uint8_t {
  Total,
  Established,
  CloseWait,
  TimeWait,
  HalfOpen,
  SynSent,
  Opens,
  Failures,
  Stuck,
};
inline constexpr std::size_t kTopColumnCount = 9;

struct TopChoice {
  GroupBy group_by = GroupBy::Process;
  TopColumn sort = TopColumn::Total;
  Duration interval = std::chrono::seconds{1};
  std::string filter;      // rows whose text has it, upper or lower case
  bool is_typing = false;  // the filter
  bool is_paused = false;
  bool shows_help = false;
  bool shows_keys = true;    // not where nobody can press one
  std::size_t scrolled = 0;  // rows of the table of groups above the first one shown

  friend bool operator==(const TopChoice&, const TopChoice&) = default;
};

enum class TopReaction : std::uint8_t { Nothing, Redraw, Quit };

// `page` is what PageDown moves by, `rows` what the table has.
TopReaction press(TopChoice& choice, system::KeyPress pressed, std::size_t page, std::size_t rows);

// The next shorter or longer interval that + and - stop at.
Duration shorter(Duration interval);
Duration longer(Duration interval);

std::string_view title(TopColumn column);        // "CLOSE_WAIT"
std::string_view short_title(TopColumn column);  // "CLOSEW", 6 columns at most
double value(const GroupRow& row, TopColumn column);
bool is_rate(TopColumn column);

}  // namespace tcptwin::sinks
