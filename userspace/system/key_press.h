// SPDX-License-Identifier: MIT
// A key that was pressed, for whoever reads keys and whoever acts on them.
#pragma once

#include <cstdint>

namespace tcptwin::system {

enum class KeyName : std::uint8_t {
  Character,
  Enter,
  Escape,
  Backspace,
  Up,
  Down,
  PageUp,
  PageDown,
  Home,
  End,
  Redraw,     // Ctrl-L
  Resize,     // the terminal has another size now
  Interrupt,  // Ctrl-C, where it does not come as a signal
  Gone,       // the terminal is no more
  Other,
};

struct KeyPress {
  KeyName name = KeyName::Other;
  char character = 0;  // of Character
};

}  // namespace tcptwin::system
