// SPDX-License-Identifier: MIT
#include "sinks/ladder_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sinks/table_text.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kStateWidth = 13;
constexpr std::size_t kLeastColumns = 72;  // the longest label and its arrow
constexpr std::string_view kRed = "\x1b[31m";

struct Signs {
  std::string_view rail, passing, from_left, from_right, line, dash, right, left, lost;
};
constexpr Signs kUnicode{"│", "┊", "├", "┤", "─", "╌", "▶", "◀", "✗"};
constexpr Signs kAscii{"|", ":", "|", "|", "-", ".", ">", "<", "X"};

class Drawing {
 public:
  explicit Drawing(const LadderLook& look)
      : look_(look),
        signs_(look.repertoire == system::Repertoire::Unicode ? kUnicode : kAscii),
        columns_(std::max(look.columns, kLeastColumns)),
        span_(columns_ - 2 * (kStateWidth + 2)) {}

  std::string draw(const Ladder& ladder) {
    text_ = fmt::format("{:>{}}  {:{}}  {}\n", ladder.titles[0], kStateWidth, "", span_ - 2,
                        ladder.titles[1]);
    std::size_t number = 0;
    for (const LadderRung& rung : ladder.rungs) {
      if (!rung.sentence.empty()) {
        text_ += wrapped(fmt::format("{:>2}. {}", ++number, rung.sentence), columns_, 4);
      }
      append(rung);
    }
    return std::move(text_);
  }

 private:
  void append(const LadderRung& rung) {
    const bool leaves_left = rung.arrow && rung.arrow->to_the_right && starts_at_rail(rung);
    const bool leaves_right = rung.arrow && !rung.arrow->to_the_right && starts_at_rail(rung);
    const std::string_view plain = rung.time_passes ? signs_.passing : signs_.rail;
    append_state(rung, 0);
    text_ += ' ';
    text_ += leaves_left ? signs_.from_left : plain;
    text_ += rung.arrow ? arrow(*rung.arrow) : std::string(span_ - 2, ' ');
    text_ += leaves_right ? signs_.from_right : plain;
    text_ += ' ';
    append_state(rung, 1);
    text_ += '\n';
  }

  static bool starts_at_rail(const LadderRung& rung) {
    return rung.arrow->course != Course::ArrivesLate;
  }

  void append_state(const LadderRung& rung, std::size_t end) {
    const bool stands_out = look_.colour == Colour::Always && rung.changed[end];
    const std::string& state = rung.states[end];
    if (end == 0) text_.append(kStateWidth - std::min(kStateWidth, state.size()), ' ');
    if (stands_out) text_ += kBold;
    text_ += state;
    if (stands_out) text_ += kNormal;
  }

  std::string repeated(std::string_view sign, std::size_t times) const {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += sign;
    return text;
  }

  std::string coloured(std::string_view sign, std::string_view colour) const {
    if (look_.colour == Colour::Never) return std::string{sign};
    return fmt::format("{}{}{}", colour, sign, kNormal);
  }

  // In the direction of travel: a tail, the label, a head.
  std::string arrow(const LadderArrow& arrow) const {
    const std::string label = ' ' + arrow.label.substr(0, span_ - 16) + ' ';
    const std::size_t room = span_ - 2 - label.size();
    const std::size_t tail = std::min<std::size_t>(4, room);
    const std::size_t head = room - tail;
    std::string first =
        repeated(arrow.course == Course::ArrivesLate ? signs_.dash : signs_.line, tail);
    std::string last;
    switch (arrow.course) {
      case Course::Arrives:
      case Course::ArrivesLate:
        last = pointed(repeated(signs_.line, head - 1),
                       arrow.to_the_right ? signs_.right : signs_.left, arrow.to_the_right);
        break;
      case Course::Leaves:
        last = pointed(repeated(signs_.dash, 5), repeated(" ", head - 5), arrow.to_the_right);
        break;
      case Course::IsLost:
        last = pointed(
            repeated(signs_.line, 5),
            pointed(coloured(signs_.lost, kRed), repeated(" ", head - 6), arrow.to_the_right),
            arrow.to_the_right);
        break;
    }
    return arrow.to_the_right ? first + label + last : last + label + first;
  }

  static std::string pointed(std::string_view near, std::string_view far, bool to_the_right) {
    return to_the_right ? fmt::format("{}{}", near, far) : fmt::format("{}{}", far, near);
  }

  const LadderLook& look_;
  const Signs& signs_;
  std::size_t columns_;
  std::size_t span_;  // both rails and what is between them
  std::string text_;
};

}  // namespace

std::string wrapped(const std::string& words, std::size_t columns, std::size_t indent) {
  std::string text;
  std::size_t used = 0;
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find(' ', begin == 0 ? indent : begin), words.size());
    const std::size_t length = end - begin;
    const bool begins_line = used == 0 || used + 1 + length > columns;
    if (begins_line && used > 0) {
      text += '\n';
      text.append(indent, ' ');
      used = indent;
    } else if (used > 0) {
      text += ' ';
      ++used;
    }
    text.append(words, begin, length);
    used += length;
    begin = end + 1;
  }
  return text + '\n';
}

std::string ladder_text(const Ladder& ladder, const LadderLook& look) {
  return Drawing{look}.draw(ladder);
}

}  // namespace tcptwin::sinks
