// SPDX-License-Identifier: MIT
// The terminal as a screen to draw on and keys to read; the only file that knows ncurses. Whatever
// ends the program, the destructor gives the terminal back as it was.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "system/character_grid.h"
#include "system/key_press.h"

namespace tcptwin::system {

enum class ScreenColour { Off, On };

// What the user's locale lets us write.
Repertoire locale_repertoire();

class TerminalScreen {
 public:
  // Whether open() has a chance: stdin and stdout are a terminal of a kind that can be drawn on.
  static Status check();
  static Result<std::unique_ptr<TerminalScreen>> open(ScreenColour colour);
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;
  ~TerminalScreen();

  GridSize size() const;
  void draw(const CharacterGrid& grid);
  // The next draw() draws everything anew: something else wrote on the terminal.
  void forget();
  // The next key that waits; nullopt if none does. Never blocks.
  std::optional<KeyPress> read_key();

 private:
  TerminalScreen() = default;

  struct Curses;
  std::unique_ptr<Curses> curses_;
};

}  // namespace tcptwin::system
