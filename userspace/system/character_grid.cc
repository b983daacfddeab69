// SPDX-License-Identifier: MIT
#include "system/character_grid.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tcptwin::system {
namespace {

// No terminal is larger; a caller's slip shall not cost a gigabyte.
constexpr int kLongestSide = 2000;

struct Decoded {
  char32_t glyph = U'?';
  std::size_t bytes = 1;
};

// The character that begins `text`, which is not empty; '?' for a byte that begins none.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t glyph = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0u) != 0x80u) return {};
    glyph = (glyph << 6) | (byte(i) & 0x3fu);
  }
  return {glyph, bytes};
}

struct GlyphRange {
  char32_t first;
  char32_t last;
};

// Printable, exactly one column wide on every terminal, and written from left to right. What else
// Unicode has (wide, combining, invisible, bidirectional) is shown as '?'.
constexpr GlyphRange kShown[] = {
    {0x20, 0x7e},      // ASCII
    {0xa1, 0xac},      // Latin
    {0xae, 0x2ff},     //
    {0x370, 0x377},    // Greek
    {0x37a, 0x37f},    //
    {0x384, 0x38a},    //
    {0x38e, 0x3a1},    //
    {0x3a3, 0x482},    // and Cyrillic
    {0x48a, 0x52f},    //
    {0x2010, 0x2027},  // dashes, quotes, the ellipsis
    {0x2190, 0x21ff},  // arrows
    {0x2200, 0x22ff},  // mathematics
    {0x2500, 0x259f},  // lines and blocks
    {0x25a0, 0x25cf},  // shapes
    {0x2713, 0x2718},  // ticks and crosses
};

bool is_shown(char32_t glyph, Repertoire repertoire) {
  if (repertoire == Repertoire::Ascii && glyph > 0x7e) return false;
  return std::any_of(std::begin(kShown), std::end(kShown), [&](const GlyphRange& range) {
    return glyph >= range.first && glyph <= range.last;
  });
}

void append_utf8(std::string& text, char32_t glyph) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80u | ((glyph >> shift) & 0x3fu));
  };
  if (glyph < 0x80) {
    text += static_cast<char>(glyph);
  } else if (glyph < 0x800) {
    text += static_cast<char>(0xc0u | (glyph >> 6));
    tail(0);
  } else {
    text += static_cast<char>(0xe0u | (glyph >> 12));
    tail(6);
    tail(0);
  }
}

}  // namespace

CharacterGrid::CharacterGrid(GridSize size, Repertoire repertoire)
    : size_{std::clamp(size.width, 0, kLongestSide), std::clamp(size.height, 0, kLongestSide)},
      repertoire_(repertoire),
      characters_(static_cast<std::size_t>(size_.width) * static_cast<std::size_t>(size_.height)) {}

int CharacterGrid::put(int column, int row, std::string_view text, Ink ink) {
  const bool on_grid = row >= 0 && row < size_.height;
  while (!text.empty()) {
    const Decoded next = decode(text);
    text.remove_prefix(next.bytes);
    if (on_grid && column >= 0 && column < size_.width) {
      const auto place = static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.width) +
                         static_cast<std::size_t>(column);
      characters_[place] = {is_shown(next.glyph, repertoire_) ? next.glyph : U'?', ink};
    }
    ++column;
  }
  return column;
}

void CharacterGrid::put_right(int end, int row, std::string_view text, Ink ink) {
  put(end - columns_of(text), row, text, ink);
}

void CharacterGrid::colour_row(int row, Ink ink) {
  if (row < 0 || row >= size_.height) return;
  const auto first = static_cast<std::ptrdiff_t>(row) * size_.width;
  for (auto i = first; i < first + size_.width; ++i) {
    characters_[static_cast<std::size_t>(i)].ink = ink;
  }
}

void CharacterGrid::clear_rows(int first, int behind) {
  first = std::clamp(first, 0, size_.height);
  behind = std::clamp(behind, first, size_.height);
  std::fill(characters_.begin() + static_cast<std::ptrdiff_t>(first) * size_.width,
            characters_.begin() + static_cast<std::ptrdiff_t>(behind) * size_.width, Character{});
}

const Character& CharacterGrid::at(int column, int row) const {
  return characters_.at(static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.width) +
                        static_cast<std::size_t>(column));
}

std::string CharacterGrid::row_text(int row) const {
  std::string text;
  for (int column = 0; column < size_.width; ++column) append_utf8(text, at(column, row).glyph);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

int columns_of(std::string_view text) {
  int columns = 0;
  for (; !text.empty(); ++columns) text.remove_prefix(decode(text).bytes);
  return columns;
}

std::string_view cut(std::string_view text, int columns) {
  std::size_t bytes = 0;
  for (; columns > 0 && bytes < text.size(); --columns) bytes += decode(text.substr(bytes)).bytes;
  return text.substr(0, bytes);
}

}  // namespace tcptwin::system
