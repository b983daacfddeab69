// SPDX-License-Identifier: MIT
#include "system/terminal_screen.h"

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <langinfo.h>
#include <ncurses.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tcptwin::system {
namespace {

constexpr std::string_view kInstead =
    "`tcptwin snapshot` prints all sockets, `tcptwin top --batch 1` this view as plain text";

constexpr int kEscape = 27;
constexpr int kControlC = 3;
constexpr int kControlL = 12;
constexpr int kDelete = 127;

// How an ink looks: a pair of colours, and attributes for terminals with and without colours.
struct Look {
  short colour;  // of the text; -1: the terminal's own
  attr_t coloured;
  attr_t plain;
};

constexpr std::array<Look, kInkCount> kLooks = {{
    {-1, A_NORMAL, A_NORMAL},                   // Plain
    {-1, A_DIM, A_DIM},                         // Faint
    {-1, A_BOLD, A_BOLD},                       // Strong
    {-1, A_REVERSE, A_REVERSE},                 // Title
    {-1, A_NORMAL | A_BOLD, A_BOLD},            // Selected: stands out in a row of Title
    {COLOR_CYAN, A_BOLD, A_BOLD},               // Key
    {COLOR_GREEN, A_NORMAL, A_NORMAL},          // Good
    {COLOR_CYAN, A_NORMAL, A_NORMAL},           // Info
    {COLOR_YELLOW, A_NORMAL, A_BOLD},           // Warning
    {COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE},  // Alarm
}};

short pair_of(std::size_t ink) {
  return static_cast<short>(ink + 1);
}

KeyPress key_press(wint_t code) {
  const bool is_text = code > 0 && code < kDelete;
  switch (code) {
    case '\n':
    case '\r':
      return {KeyName::Enter, 0};
    case kEscape:
      return {KeyName::Escape, 0};
    case kControlC:
      return {KeyName::Interrupt, 0};
    case kControlL:
      return {KeyName::Redraw, 0};
    case '\b':
    case kDelete:
      return {KeyName::Backspace, 0};
    default:
      break;
  }
  if (!is_text) return {};
  return {KeyName::Character, static_cast<char>(code)};
}

KeyPress function_key(wint_t code) {
  switch (code) {
    case KEY_ENTER:
      return {KeyName::Enter, 0};
    case KEY_BACKSPACE:
      return {KeyName::Backspace, 0};
    case KEY_UP:
      return {KeyName::Up, 0};
    case KEY_DOWN:
      return {KeyName::Down, 0};
    case KEY_PPAGE:
      return {KeyName::PageUp, 0};
    case KEY_NPAGE:
      return {KeyName::PageDown, 0};
    case KEY_HOME:
      return {KeyName::Home, 0};
    case KEY_END:
      return {KeyName::End, 0};
    case KEY_RESIZE:
      return {KeyName::Resize, 0};
    case KEY_F(10):  // as in htop
      return {KeyName::Character, 'q'};
    case KEY_F(1):
      return {KeyName::Character, 'h'};
    default:
      return {};
  }
}

// Ctrl-\ would end the program without its destructors, and leave the terminal as it is.
void disable_quit_key() {
  termios settings{};
  if (::tcgetattr(STDIN_FILENO, &settings) != 0) return;
  settings.c_cc[VQUIT] = _POSIX_VDISABLE;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

std::string_view terminal_type() {
  const char* const type = std::getenv("TERM");
  return type == nullptr ? std::string_view{} : std::string_view{type};
}

}  // namespace

// The screen, its colours, and the settings to go back to.
struct TerminalScreen::Curses {
  SCREEN* screen = nullptr;
  termios before{};
  bool has_colours = false;
};

Repertoire locale_repertoire() {
  std::setlocale(LC_CTYPE, "");
  const std::string_view codeset = ::nl_langinfo(CODESET);
  return codeset == "UTF-8" ? Repertoire::Unicode : Repertoire::Ascii;
}

Status TerminalScreen::check() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
    return Error{ErrorCode::Usage, "top needs a terminal: stdin or stdout is none",
                 std::string{kInstead}};
  }
  const std::string_view type = terminal_type();
  if (type.empty()) {
    return Error{ErrorCode::Usage, "top cannot tell what this terminal can do: TERM is not set",
                 std::string{kInstead}};
  }
  int error = 0;
  const bool is_known = ::setupterm(nullptr, STDOUT_FILENO, &error) == OK;
  const bool can_draw = is_known && cursor_address != nullptr;
  if (is_known) ::del_curterm(cur_term);
  if (can_draw) return Done{};
  return Error{ErrorCode::Usage,
               (is_known ? "top cannot draw on a terminal of type '"
                         : "top does not know the terminal type '") +
                   std::string{type} + "' (TERM)",
               std::string{kInstead}};
}

Result<std::unique_ptr<TerminalScreen>> TerminalScreen::open(ScreenColour colour) {
  if (const Status checked = check(); !checked) return checked.error();
  locale_repertoire();
  auto curses = std::make_unique<Curses>();
  ::tcgetattr(STDIN_FILENO, &curses->before);
  ::set_escdelay(25);  // Esc alone is a key; no terminal needs a second for the rest of a sequence
  curses->screen = ::newterm(nullptr, stdout, stdin);
  if (curses->screen == nullptr) {
    return Error{ErrorCode::Usage, "the terminal could not be set up", std::string{kInstead}};
  }
  std::unique_ptr<TerminalScreen> screen{new TerminalScreen};
  screen->curses_ = std::move(curses);
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::leaveok(stdscr, TRUE);
  ::curs_set(0);
  disable_quit_key();
  if (colour == ScreenColour::On && ::has_colors()) {
    ::start_color();
    const short background = ::use_default_colors() == OK ? short{-1} : short{COLOR_BLACK};
    const short own = background == -1 ? short{-1} : short{COLOR_WHITE};
    for (std::size_t ink = 0; ink < kLooks.size(); ++ink) {
      const short text = kLooks[ink].colour;
      ::init_pair(pair_of(ink), text == -1 ? own : text, background);
    }
    screen->curses_->has_colours = true;
  }
  return screen;
}

TerminalScreen::~TerminalScreen() {
  if (!curses_) return;
  ::endwin();
  ::delscreen(curses_->screen);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &curses_->before);
}

GridSize TerminalScreen::size() const {
  return {getmaxx(stdscr), getmaxy(stdscr)};
}

void TerminalScreen::draw(const CharacterGrid& grid) {
  ::werase(stdscr);
  std::wstring run;
  for (int row = 0; row < grid.height(); ++row) {
    for (int column = 0; column < grid.width();) {
      const Ink ink = grid.at(column, row).ink;
      const int first = column;
      run.clear();
      for (; column < grid.width() && grid.at(column, row).ink == ink; ++column) {
        run += static_cast<wchar_t>(grid.at(column, row).glyph);
      }
      const auto place = static_cast<std::size_t>(ink);
      const Look& look = kLooks[place];
      ::wattr_set(stdscr, curses_->has_colours ? look.coloured : look.plain,
                  curses_->has_colours ? pair_of(place) : short{0}, nullptr);
      ::mvwaddnwstr(stdscr, row, first, run.c_str(), static_cast<int>(run.size()));
    }
  }
  ::wattr_set(stdscr, A_NORMAL, 0, nullptr);
  ::wrefresh(stdscr);
}

void TerminalScreen::forget() {
  ::clearok(stdscr, TRUE);
}

std::optional<KeyPress> TerminalScreen::read_key() {
  wint_t code = 0;
  const int kind = ::wget_wch(stdscr, &code);
  if (kind == KEY_CODE_YES) return function_key(code);
  if (kind == OK) return key_press(code);
  // Nothing to read; or nobody left to read from.
  pollfd terminal{STDIN_FILENO, POLLIN, 0};
  if (::poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
    return KeyPress{KeyName::Gone, 0};
  }
  return std::nullopt;
}

}  // namespace tcptwin::system
