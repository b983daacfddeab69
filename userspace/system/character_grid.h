// SPDX-License-Identifier: MIT
// A screen as a value: rows of characters, each with an ink. Layouts fill it, TerminalScreen draws
// it, tests read it. Nothing that is put on it can leave its place or reach the terminal as a
// command: every character is printable and one column wide.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tcptwin::system {

// What a piece of text means; the terminal decides how that looks.
enum class Ink : std::uint8_t {
  Plain,
  Faint,     // zeros, explanations
  Strong,    // numbers that matter
  Title,     // the bar at the top, the headings of tables
  Selected,  // the heading of the column that sorts
  Key,       // a key to press
  Good,
  Info,
  Warning,
  Alarm,
};
inline constexpr int kInkCount = 10;

// What the terminal can show: anything else becomes '?'.
enum class Repertoire { Ascii, Unicode };

struct Character {
  char32_t glyph = U' ';
  Ink ink = Ink::Plain;

  friend bool operator==(const Character&, const Character&) = default;
};

struct GridSize {
  int width = 0;
  int height = 0;

  friend bool operator==(const GridSize&, const GridSize&) = default;
};

class CharacterGrid {
 public:
  CharacterGrid(GridSize size, Repertoire repertoire);

  int width() const { return size_.width; }
  int height() const { return size_.height; }
  Repertoire repertoire() const { return repertoire_; }

  // Writes UTF-8 text; what does not fit is cut. Gives the column behind it, as if it had fitted.
  int put(int column, int row, std::string_view text, Ink ink = Ink::Plain);
  // The same, but the text ends before `end`.
  void put_right(int end, int row, std::string_view text, Ink ink = Ink::Plain);
  // Gives the whole row this ink.
  void colour_row(int row, Ink ink);
  void clear_rows(int first, int behind);

  const Character& at(int column, int row) const;
  // As UTF-8, without trailing blanks.
  std::string row_text(int row) const;

 private:
  GridSize size_;
  Repertoire repertoire_;
  std::vector<Character> characters_;
};

// Columns that `text` takes on a grid.
int columns_of(std::string_view text);
// The first `columns` of `text`.
std::string_view cut(std::string_view text, int columns);

}  // namespace tcptwin::system
