// SPDX-License-Identifier: MIT
#include "sinks/top_choice.h"

#include <algorithm>
#include <array>

namespace tcptwin::sinks {
using system::KeyName;
using system::KeyPress;

namespace {

using std::chrono::milliseconds;

constexpr std::array<Duration, 8> kIntervals = {
    milliseconds{250},  milliseconds{500},    milliseconds{1000},   milliseconds{2000},
    milliseconds{5000}, milliseconds{10'000}, milliseconds{30'000}, milliseconds{60'000}};

// As long as a process name, an address or a unit is worth typing.
constexpr std::size_t kLongestFilter = 64;

bool is_printable(char character) {
  return character >= ' ' && character <= '~';
}

TopReaction type(TopChoice& choice, KeyPress pressed) {
  switch (pressed.name) {
    case KeyName::Character:
      if (!is_printable(pressed.character) || choice.filter.size() >= kLongestFilter) {
        return TopReaction::Nothing;
      }
      choice.filter += pressed.character;
      break;
    case KeyName::Backspace:
      if (choice.filter.empty()) return TopReaction::Nothing;
      choice.filter.pop_back();
      break;
    case KeyName::Enter:
      choice.is_typing = false;
      break;
    case KeyName::Escape:
      choice.is_typing = false;
      choice.filter.clear();
      break;
    case KeyName::Interrupt:
    case KeyName::Gone:
      return TopReaction::Quit;
    default:
      return TopReaction::Nothing;
  }
  choice.scrolled = 0;
  return TopReaction::Redraw;
}

void group(TopChoice& choice, GroupBy group_by) {
  choice.group_by = group_by;
  choice.scrolled = 0;
}

void next_column(TopChoice& choice) {
  const auto next = (static_cast<std::size_t>(choice.sort) + 1) % kTopColumnCount;
  choice.sort = static_cast<TopColumn>(next);
  choice.scrolled = 0;
}

TopReaction press_character(TopChoice& choice, char character) {
  switch (character) {
    case 'q':
    case 'Q':
      return TopReaction::Quit;
    case 'h':
    case '?':
      choice.shows_help = true;
      return TopReaction::Redraw;
    case ' ':
      choice.is_paused = !choice.is_paused;
      return TopReaction::Redraw;
    case 'p':
      group(choice, GroupBy::Process);
      return TopReaction::Redraw;
    case 'u':
      group(choice, GroupBy::Unit);
      return TopReaction::Redraw;
    case 'l':
      group(choice, GroupBy::Listener);
      return TopReaction::Redraw;
    case 's':
      next_column(choice);
      return TopReaction::Redraw;
    case '/':
      choice.is_typing = true;
      return TopReaction::Redraw;
    case '+':
    case '=':  // + without Shift
      choice.interval = longer(choice.interval);
      return TopReaction::Redraw;
    case '-':
      choice.interval = shorter(choice.interval);
      return TopReaction::Redraw;
    default:
      return TopReaction::Nothing;
  }
}

TopReaction scroll(TopChoice& choice, KeyName key, std::size_t page, std::size_t rows) {
  const std::size_t last = rows > page ? rows - page : 0;
  const std::size_t now = std::min(choice.scrolled, last);
  const auto up = [&](std::size_t by) { return now - std::min(now, by); };
  switch (key) {
    case KeyName::Up:
      choice.scrolled = up(1);
      break;
    case KeyName::PageUp:
      choice.scrolled = up(page);
      break;
    case KeyName::Home:
      choice.scrolled = 0;
      break;
    case KeyName::Down:
      choice.scrolled = std::min(now + 1, last);
      break;
    case KeyName::PageDown:
      choice.scrolled = std::min(now + page, last);
      break;
    case KeyName::End:
      choice.scrolled = last;
      break;
    default:
      return TopReaction::Nothing;
  }
  return TopReaction::Redraw;
}

}  // namespace

TopReaction press(TopChoice& choice, KeyPress pressed, std::size_t page, std::size_t rows) {
  const KeyName key = pressed.name;
  if (key == KeyName::Redraw || key == KeyName::Resize) return TopReaction::Nothing;
  if (choice.is_typing) return type(choice, pressed);
  if (key == KeyName::Interrupt || key == KeyName::Gone) return TopReaction::Quit;
  const bool is_character = key == KeyName::Character;
  const bool quits = is_character && (pressed.character == 'q' || pressed.character == 'Q');
  if (choice.shows_help && !quits) {  // any key leaves it
    choice.shows_help = false;
    return TopReaction::Redraw;
  }
  if (is_character) return press_character(choice, pressed.character);
  if (key == KeyName::Escape && !choice.filter.empty()) {
    choice.filter.clear();
    return TopReaction::Redraw;
  }
  return scroll(choice, key, page, rows);
}

Duration shorter(Duration interval) {
  const auto next = std::lower_bound(kIntervals.begin(), kIntervals.end(), interval);
  return next == kIntervals.begin() ? std::min(interval, kIntervals.front()) : *(next - 1);
}

Duration longer(Duration interval) {
  const auto next = std::upper_bound(kIntervals.begin(), kIntervals.end(), interval);
  return next == kIntervals.end() ? std::max(interval, kIntervals.back()) : *next;
}

std::string_view title(TopColumn column) {
  constexpr std::array<std::string_view, kTopColumnCount> kTitles = {
      "TOTAL",    "ESTABLISHED", "CLOSE_WAIT", "TIME_WAIT", "HALF-OPEN",
      "SYN_SENT", "OPENS/s",     "FAILS/s",    "STUCK"};
  return kTitles[static_cast<std::size_t>(column)];
}

std::string_view short_title(TopColumn column) {
  constexpr std::array<std::string_view, kTopColumnCount> kTitles = {
      "TOTAL", "ESTAB", "CLOSEW", "TIMEW", "HALFOP", "SYNSNT", "OPEN/s", "FAIL/s", "STUCK"};
  return kTitles[static_cast<std::size_t>(column)];
}

double value(const GroupRow& row, TopColumn column) {
  switch (column) {
    case TopColumn::Total:
      return static_cast<double>(row.total);
    case TopColumn::Established:
      return static_cast<double>(row.established);
    case TopColumn::CloseWait:
      return static_cast<double>(row.close_wait);
    case TopColumn::TimeWait:
      return static_cast<double>(row.time_wait);
    case TopColumn::HalfOpen:
      return static_cast<double>(row.half_open);
    case TopColumn::SynSent:
      return static_cast<double>(row.syn_sent);
    case TopColumn::Opens:
      return row.opens;
    case TopColumn::Failures:
      return row.failures;
    case TopColumn::Stuck:
      return static_cast<double>(row.stuck);
  }
  return 0;
}

bool is_rate(TopColumn column) {
  return column == TopColumn::Opens || column == TopColumn::Failures;
}

}  // namespace tcptwin::sinks
