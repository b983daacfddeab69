// SPDX-License-Identifier: MIT
#include "sinks/short_text.h"

#include <fmt/format.h>

#include <bit>

namespace tcptwin::sinks {

void ShortText::append(std::string_view text) {
  text.copy(text_.data() + size_, text.size());
  size_ += text.size();
}

void ShortText::append_number(std::uint64_t value) {
  const fmt::format_int digits{value};
  append({digits.data(), digits.size()});
}

void ShortText::append_hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  append("0x");
  for (int left = (static_cast<int>(std::bit_width(value | 1)) + 3) / 4; left-- > 0;) {
    append(kDigits[(value >> (4 * left)) & 0xf]);
  }
}

void ShortText::append_digits(std::uint64_t value, int digits) {
  const std::size_t begin = size_;
  size_ += static_cast<std::size_t>(digits);
  for (std::size_t i = size_; i > begin; --i) {
    text_[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

ShortText number_text(std::uint64_t value) {
  ShortText text;
  text.append_number(value);
  return text;
}

ShortText milliseconds_text(Duration duration) {
  // Whole numbers round as the double nearest to the milliseconds does, except where that is not
  // exact, and half-way between two.
  constexpr std::int64_t kExact = std::int64_t{1} << 52;
  const std::int64_t count = duration.count();
  ShortText text;
  if (count < 0 || count >= kExact || count % 1000 == 500) {
    std::array<char, 40> digits;
    const auto end =
        fmt::format_to_n(digits.data(), digits.size(), "{:.3f}", static_cast<double>(count) / 1e6);
    text.append({digits.data(), end.size});
    return text;
  }
  const auto microseconds = static_cast<std::uint64_t>((count + 500) / 1000);
  text.append_number(microseconds / 1000);
  text.append('.');
  text.append_digits(microseconds % 1000, 3);
  return text;
}

ShortText connection_text(const ConnectionId& id) {
  ShortText text;
  text.append_hex(id.cookie);
  text.append('.');
  text.append_number(id.generation);
  return text;
}

}  // namespace tcptwin::sinks
