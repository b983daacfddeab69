// SPDX-License-Identifier: MIT
// Numbers, times and names of connections as short texts on the stack: what every line of every
// table and of JSON has several of, so that none allocates or interprets a format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/connection_id.h"
#include "base/time.h"

namespace tcptwin::sinks {

class ShortText {
 public:
  std::string_view view() const { return {text_.data(), size_}; }

  void append(char character) { text_[size_++] = character; }
  void append(std::string_view text);
  void append_number(std::uint64_t value);
  void append_hex(std::uint64_t value);  // "0x1f"
  void append_digits(std::uint64_t value, int digits);

 private:
  std::array<char, 48> text_;  // a number has 20 digits at most, and no text here has three
  std::size_t size_ = 0;
};

ShortText number_text(std::uint64_t value);
// "12.345": as "{:.3f}" shows the milliseconds.
ShortText milliseconds_text(Duration duration);
// "0x1f.0"
ShortText connection_text(const ConnectionId& id);

}  // namespace tcptwin::sinks
