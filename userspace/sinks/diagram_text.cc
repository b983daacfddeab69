// SPDX-License-Identifier: MIT
#include "sinks/diagram_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sinks/table_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using system::CharacterGrid;
using system::Ink;
using system::Repertoire;

// Lines leave a cell in four directions.
enum Direction : std::uint8_t { kUp = 1, kRight = 2, kDown = 4, kLeft = 8 };

constexpr std::array<std::string_view, 16> kUnicodeLines = {" ", "╵", "╶", "└", "╷", "│", "┌", "├",
                                                            "╴", "┘", "─", "┴", "┐", "┤", "┬", "┼"};
constexpr std::array<std::string_view, 16> kAsciiLines = {" ", "|", "-", "+", "|", "|", "+", "+",
                                                          "-", "+", "-", "+", "+", "+", "+", "+"};

struct Line {
  std::uint8_t directions = 0;
  Ink ink = Ink::Faint;
};

class Canvas {
 public:
  explicit Canvas(Repertoire repertoire)
      : grid_({kFigureWidth, kFigureHeight}, repertoire),
        lines_(static_cast<std::size_t>(kFigureWidth) * kFigureHeight) {}

  void box(const FigureBox& box, const DiagramCounts* counts) {
    const Cell end{box.corner.column + kBoxWidth - 1, box.corner.row + kBoxHeight - 1};
    const Cell right{end.column, box.corner.row};
    const Cell below{box.corner.column, end.row};
    for (const auto& [from, to] : {std::pair{box.corner, right}, std::pair{right, end},
                                   std::pair{end, below}, std::pair{below, box.corner}}) {
      line(from, to, Ink::Plain);
    }
    centre(box.corner, 1, name(box.state), Ink::Strong);
    const bool is_end = box.state == model::State::Closed || box.state == model::State::Listen;
    if (counts == nullptr) {
      centre(box.corner, 2, rfc_name(box.state), Ink::Faint);
    } else if (!is_end && counts->now(box.state) > 0) {
      centre(box.corner, 2, "now " + grouped(counts->now(box.state)), Ink::Info);
    }
  }

  void arrow(const FigureArrow& arrow, const DiagramCounts* counts) {
    const std::uint64_t taken = counts == nullptr ? 0 : counts->along(arrow);
    const std::uint64_t divergent = counts == nullptr ? 0 : counts->divergent_along(arrow);
    const Ink ink = divergent > 0 ? Ink::Alarm : taken > 0 ? Ink::Good : Ink::Faint;
    const auto way = arrow.way();
    line(in_box(way[0], way[1]), way[0], ink);
    for (std::size_t i = 1; i < way.size(); ++i) line(way[i - 1], way[i], ink);
    heads_.push_back({way[way.size() - 2], way.back(), ink});
    label(arrow.label, arrow.aligned, arrow.words, taken > 0 ? Ink::Plain : Ink::Faint);
    if (divergent > 0) {
      label(arrow.count, arrow.aligned, "!" + grouped(divergent), Ink::Alarm);
    } else if (taken > 0) {
      label(arrow.count, arrow.aligned, grouped(taken), Ink::Good);
    }
  }

  CharacterGrid& finished() {
    const bool ascii = grid_.repertoire() == Repertoire::Ascii;
    for (int row = 0; row < kFigureHeight; ++row) {
      for (int column = 0; column < kFigureWidth; ++column) {
        const Line& drawn = at({column, row});
        if (drawn.directions == 0) continue;
        grid_.put(column, row, (ascii ? kAsciiLines : kUnicodeLines)[drawn.directions], drawn.ink);
      }
    }
    for (const Head& head : heads_) put_head(head);
    return grid_;
  }

 private:
  struct Head {
    Cell before;
    Cell end;
    Ink ink;
  };

  // The cell of the box's edge at which an arrow that goes from `begin` to `next` begins.
  static Cell in_box(Cell begin, Cell next) {
    const int across = (next.column > begin.column) - (next.column < begin.column);
    const int down = (next.row > begin.row) - (next.row < begin.row);
    return {begin.column - across, begin.row - down};
  }

  Line& at(Cell cell) {
    return lines_[static_cast<std::size_t>(cell.row) * kFigureWidth +
                  static_cast<std::size_t>(cell.column)];
  }

  void join(Cell cell, std::uint8_t direction, Ink ink) {
    Line& drawn = at(cell);
    drawn.directions |= direction;
    if (drawn.ink != Ink::Alarm) drawn.ink = ink;
  }

  void line(Cell from, Cell to, Ink ink) {
    while (from.column != to.column || from.row != to.row) {
      const int across = (to.column > from.column) - (to.column < from.column);
      const int down = (to.row > from.row) - (to.row < from.row);
      const Cell next{from.column + across, from.row + down};
      join(from, across > 0 ? kRight : across < 0 ? kLeft : down > 0 ? kDown : kUp, ink);
      join(next, across > 0 ? kLeft : across < 0 ? kRight : down > 0 ? kUp : kDown, ink);
      from = next;
    }
  }

  void put_head(const Head& head) {
    const bool ascii = grid_.repertoire() == Repertoire::Ascii;
    std::string_view glyph;
    if (head.end.row > head.before.row) glyph = ascii ? "v" : "▼";
    if (head.end.row < head.before.row) glyph = ascii ? "^" : "▲";
    if (head.end.column > head.before.column) glyph = ascii ? ">" : "▶";
    if (head.end.column < head.before.column) glyph = ascii ? "<" : "◀";
    grid_.put(head.end.column, head.end.row, glyph, head.ink);
  }

  void centre(Cell corner, int row, std::string_view text, Ink ink) {
    const int width = static_cast<int>(text.size());
    grid_.put(corner.column + (kBoxWidth - width) / 2, corner.row + row, text, ink);
  }

  void label(Cell place, Aligned aligned, std::string_view text, Ink ink) {
    if (aligned == Aligned::Left) {
      grid_.put(place.column, place.row, text, ink);
    } else {
      grid_.put_right(place.column, place.row, text, ink);
    }
  }

  CharacterGrid grid_;
  std::vector<Line> lines_;
  std::vector<Head> heads_;
};

std::string_view colour_of(Ink ink) {
  switch (ink) {
    case Ink::Faint:
      return kFaint;
    case Ink::Strong:
      return kBold;
    case Ink::Good:
      return "\x1b[32m";
    case Ink::Info:
      return "\x1b[36m";
    case Ink::Warning:
      return kYellow;
    case Ink::Alarm:
      return kStrongRed;
    default:
      return {};
  }
}

std::string inked(std::string_view text, Ink ink, Colour colour) {
  const std::string_view begin = colour_of(ink);
  if (colour == Colour::Never || begin.empty()) return std::string{text};
  return std::string{begin} + std::string{text} + std::string{kNormal};
}

std::string inked_row(const CharacterGrid& grid, int row, Colour colour) {
  const std::string characters = grid.row_text(row);
  std::string_view rest = characters;
  std::string text;
  for (int column = 0; !rest.empty();) {
    const Ink ink = grid.at(column, row).ink;
    int end = column + 1;
    while (end < grid.width() && grid.at(end, row).ink == ink) ++end;
    const std::string_view piece = system::cut(rest, end - column);
    text += inked(piece, ink, colour);
    rest.remove_prefix(piece.size());
    column = end;
  }
  return text;
}

std::string figure(const DiagramCounts* counts, Repertoire repertoire, Colour colour) {
  Canvas canvas{repertoire};
  for (const FigureArrow& arrow : figure_arrows()) canvas.arrow(arrow, counts);
  for (const FigureBox& box : figure_boxes()) canvas.box(box, counts);
  const CharacterGrid& grid = canvas.finished();
  std::string text;
  for (int row = 0; row < grid.height(); ++row) text += inked_row(grid, row, colour) + "\n";
  return text;
}

Ink ink_of(WayKind kind) {
  switch (kind) {
    case WayKind::Reference:
      return Ink::Plain;
    case WayKind::Dialect:
      return Ink::Warning;
    case WayKind::Unproven:
      return Ink::Faint;
    case WayKind::Divergence:
      return Ink::Alarm;
  }
  return Ink::Plain;
}

struct ListColumns {
  std::size_t what;
  bool counts;
};

std::string way_line(const Way& way, const ListColumns& columns, Colour colour) {
  constexpr std::size_t kCount = 10;
  constexpr std::size_t kRule = 9;
  std::string head = "  ";
  if (columns.counts) {
    const std::string count = grouped(way.count);
    head.append(kCount - std::min(kCount, count.size()), ' ');
    head += count + "  ";
  }
  append_column(head, way.what, columns.what);
  append_column(head, short_rule(way), kRule);
  std::string line;
  append_wrapped(line, head, std::string(head.size() + 2, ' '), ways_text(way), kFigureWidth);
  line.pop_back();  // the newline stays uncoloured
  return inked(line, ink_of(way.kind), colour) + "\n";
}

std::string list(std::string_view heading, const std::vector<Way>& ways,
                 const std::function<bool(const Way&)>& belongs, bool counts, Colour colour) {
  ListColumns columns{0, counts};
  std::string text;
  for (const Way& way : ways)
    columns.what = std::max(columns.what, belongs(way) ? way.what.size() : 0);
  for (const Way& way : ways) {
    if (belongs(way)) text += way_line(way, columns, colour);
  }
  return text.empty() ? text : "\n" + std::string{heading} + "\n" + text;
}

}  // namespace

std::string diagram_text(const DiagramCounts* counts, Repertoire repertoire, Colour colour) {
  const std::string drawn = figure(counts, repertoire, colour);
  const auto all = [](const Way&) { return true; };
  const auto is_reference = [](const Way& way) { return way.kind == WayKind::Reference; };
  const auto is_dialect = [](const Way& way) { return way.kind == WayKind::Dialect; };
  if (counts != nullptr) {
    return drawn + list("Besides the arrows:", counts->other_ways(), all, true, colour);
  }
  const std::vector<Way> ways = ways_beside_the_figure();
  return drawn +
         list("RFC 9293 has these ways as well (section):", ways, is_reference, false, colour) +
         list("Linux by its documented deviations (tcptwin explain ID):", ways, is_dialect, false,
              colour);
}

}  // namespace tcptwin::sinks
