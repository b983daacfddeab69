// SPDX-License-Identifier: MIT
#include "sinks/ladder_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sinks/table_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kStateWidth = 13;
constexpr std::size_t kShortStateWidth = 12;  // as Linux spells them
constexpr std::size_t kLeastColumns = 72;     // the longest label and its arrow
constexpr std::size_t kBothTimes = 100;       // columns from which the right end has its own times
constexpr std::size_t kTail = 4;
constexpr std::size_t kShortTail = 2;  // where times take room
constexpr std::size_t kBroken = 5;     // the visible piece of an arrow that does not arrive
constexpr std::string_view kRed = "\x1b[31m";

struct Signs {
  std::string_view rail, passing, from_left, from_right, line, dash, right, left, lost;
};
constexpr Signs kUnicode{"│", "┊", "├", "┤", "─", "╌", "▶", "◀", "✗"};
constexpr Signs kAscii{"|", ":", "|", "|", "-", ".", ">", "<", "X"};

std::string repeated(std::string_view sign, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += sign;
  return text;
}

// Words on lines of at most `columns`.
std::vector<std::string> lines_of(std::string_view words, std::size_t columns) {
  std::string text;
  append_wrapped(text, "", "", words, columns);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string blanks(std::size_t count) {
  return std::string(count, ' ');
}

class Drawing {
 public:
  Drawing(const Ladder& ladder, const LadderLook& look)
      : ladder_(ladder),
        look_(look),
        signs_(look.repertoire == system::Repertoire::Unicode ? kUnicode : kAscii),
        columns_(std::max(look.columns, kLeastColumns)) {
    std::size_t right = 0;
    for (const LadderRung& rung : ladder.rungs) {
      if (!rung.times[0].empty() || !rung.times[1].empty()) is_timed_ = true;
      time_width_ = std::max({time_width_, rung.times[0].size(), rung.times[1].size()});
      if (columns_ >= kBothTimes && !rung.times[1].empty()) right = 1;
    }
    margin_ = is_timed_ ? time_width_ + 1 : 0;
    tail_ = is_timed_ ? kShortTail : kTail;
    state_width_ = is_timed_ ? kShortStateWidth : kStateWidth;
    right_margin_ = right * margin_;
    span_ = columns_ - margin_ - right_margin_ - 2 * (state_width_ + 2);
    inside_ = span_ - 2;
  }

  std::string draw() {
    append_titles();
    std::size_t number = 0;
    for (const LadderRung& rung : ladder_.rungs) {
      if (!rung.sentence.empty()) {
        text_ += wrapped(fmt::format("{:>2}. {}", ++number, rung.sentence), columns_, 4);
      }
      append(rung);
    }
    for (const std::string& footnote : ladder_.footnotes) {
      append_wrapped(text_, "  ", "  ", footnote, columns_);
    }
    return std::move(text_);
  }

 private:
  void append_titles() {
    const auto& [left, right] = ladder_.titles;
    if (!is_timed_) {
      text_ = fmt::format("{:>{}}  {:{}}  {}\n", left, kStateWidth, "", inside_, right);
      return;
    }
    // Names of ends begin at the edges, and take a line each where one has no room for both.
    text_ = fmt::format("{:>{}}  {}", "MS", time_width_, left);
    const std::size_t used = time_width_ + 2 + display_width(left);
    const std::size_t width = display_width(right);
    if (used + width + 2 <= columns_) {
      text_ += blanks(columns_ - used - width);
    } else {
      text_ += '\n' + blanks(columns_ - std::min(columns_, width));
    }
    text_ += right + '\n';
  }

  struct Piece {
    std::string text;
    std::string_view from = "";  // the sign of the rail where it begins or ends, if not the rail's
    std::string_view to = "";
  };

  void append(const LadderRung& rung) {
    if (!rung.arrow) {
      append_line(rung, {noted(rung.note)}, true);
      for (std::size_t i = 1; i < note_lines_.size(); ++i)
        append_line(rung, {note_lines_[i]}, false);
      return;
    }
    const LadderArrow& arrow = *rung.arrow;
    const bool starts_at_rail =
        arrow.course != Course::ArrivesLate && arrow.course != Course::IsInferred;
    Piece piece{drawn(arrow)};
    if (starts_at_rail) {
      (arrow.to_the_right ? piece.from : piece.to) =
          arrow.to_the_right ? signs_.from_left : signs_.from_right;
    }
    append_line(rung, piece, true);
    for (const std::string& line : details_) append_line(rung, {placed(line, arrow)}, false);
  }

  // One line of text: times, states, rails and what is between them.
  void append_line(const LadderRung& rung, const Piece& piece, bool is_first) {
    std::string line;
    if (margin_ > 0) {
      const std::string& left = rung.times[0];
      const std::string& time = left.empty() && right_margin_ == 0 ? rung.times[1] : left;
      line += in_colour(fmt::format("{:>{}} ", is_first ? time : "", time_width_), kFaint);
    }
    line += state(rung, 0, is_first) + ' ';
    line += piece.from.empty() ? rail(rung, 0) : piece.from;
    line += piece.text;
    line += piece.to.empty() ? rail(rung, 1) : piece.to;
    line += ' ' + state(rung, 1, is_first);
    if (right_margin_ > 0 && is_first && !rung.times[1].empty()) {
      const std::size_t used = shown_state(rung, 1, is_first).size();
      line += blanks(state_width_ - std::min(state_width_, used));
      line += in_colour(fmt::format("{:>{}}", rung.times[1], time_width_ + 1), kFaint);
    }
    while (line.ends_with(' ')) line.pop_back();
    text_ += line + '\n';
    if (is_first) is_begun_ = true;
  }

  std::string_view rail(const LadderRung& rung, std::size_t end) const {
    return rung.time_passes || ladder_.unseen[end] ? signs_.passing : signs_.rail;
  }

  std::string_view shown_state(const LadderRung& rung, std::size_t end, bool is_first) const {
    const bool is_told = ladder_.repeats_states || rung.changed[end] || !is_begun_;
    return is_first && is_told ? std::string_view{rung.states[end]} : std::string_view{};
  }

  std::string state(const LadderRung& rung, std::size_t end, bool is_first) const {
    const std::string_view shown = shown_state(rung, end, is_first);
    std::string text;
    if (end == 0) text = blanks(state_width_ - std::min(state_width_, shown.size()));
    return text + (rung.changed[end] ? in_colour(shown, kBold) : std::string{shown});
  }

  std::string in_colour(std::string_view words, std::string_view colour) const {
    if (look_.colour == Colour::Never || words.empty()) return std::string{words};
    return fmt::format("{}{}{}", colour, words, kNormal);
  }

  // A note's first line; all of them stay in note_lines_.
  std::string noted(const LadderNote& note) {
    note_lines_ = {blanks(inside_)};
    if (note.text.empty()) return note_lines_.front();
    note_lines_.clear();
    for (const std::string& line : lines_of(note.text, inside_ - 2)) {
      note_lines_.push_back(beside_rail(line, note));
    }
    return note_lines_.front();
  }

  std::string beside_rail(const std::string& words, const LadderNote& note) const {
    const std::size_t width = std::min(display_width(words), inside_ - 2);
    std::size_t before = 1;
    if (note.place == LadderNote::Place::AtRight) before = inside_ - 1 - width;
    if (note.place == LadderNote::Place::Middle) before = (inside_ - width) / 2;
    return blanks(before) + in_colour(words, note.is_wrong ? kRed : std::string_view{}) +
           blanks(inside_ - before - width);
  }

  // Below an arrow, where its label begins or ends.
  std::string placed(const std::string& words, const LadderArrow& arrow) const {
    const std::size_t width = std::min(display_width(words), inside_ - tail_ - 1);
    const std::size_t far = inside_ - tail_ - 1 - width;
    const std::size_t before = arrow.to_the_right ? tail_ + 1 : far;
    return blanks(before) + in_colour(words, kFaint) + blanks(inside_ - before - width);
  }

  // The label with those details that have room behind it; the rest goes below.
  std::string label_of(const LadderArrow& arrow) {
    const std::size_t room = inside_ - (is_timed_ ? kShortTail + 2 + kBroken + 1 : 14);
    std::string label = arrow.label.substr(0, room);
    std::string below;
    for (const std::string& detail : arrow.details) {
      if (below.empty() && label.size() + 1 + detail.size() <= room) {
        label += ' ' + detail;
      } else {
        below += (below.empty() ? "" : " ") + detail;
      }
    }
    details_.clear();
    if (!below.empty()) details_ = lines_of(below, inside_ - tail_ - 2);
    return label;
  }

  // In the direction of travel: a tail, the label, a head.
  std::string drawn(const LadderArrow& arrow) {
    const std::string label = label_of(arrow);
    const std::size_t room = inside_ - label.size() - 2;
    const std::size_t tail = std::min(tail_, room);
    const std::size_t head = room - tail;
    const bool is_dashed = arrow.course == Course::ArrivesLate;
    const bool is_inferred = arrow.course == Course::IsInferred;
    const std::string first = repeated(is_dashed || is_inferred ? signs_.dash : signs_.line, tail);
    const std::string last = head_of(arrow, head);
    const std::string words = ' ' + (arrow.is_remarkable ? in_colour(label, kYellow) : label) + ' ';
    return arrow.to_the_right ? first + words + last : last + words + first;
  }

  std::string head_of(const LadderArrow& arrow, std::size_t length) const {
    const bool right = arrow.to_the_right;
    const std::string_view point = right ? signs_.right : signs_.left;
    switch (arrow.course) {
      case Course::Leaves:
        return pointed(repeated(signs_.dash, kBroken), blanks(length - kBroken), right);
      case Course::IsLost:
        return pointed(repeated(signs_.line, kBroken),
                       pointed(in_colour(signs_.lost, kRed), blanks(length - kBroken - 1), right),
                       right);
      case Course::IsInferred:
        return pointed(repeated(signs_.dash, length - 1), point, right);
      case Course::Arrives:
      case Course::ArrivesLate:
        break;
    }
    return pointed(repeated(signs_.line, length - 1), point, right);
  }

  static std::string pointed(std::string_view near, std::string_view far, bool to_the_right) {
    return to_the_right ? fmt::format("{}{}", near, far) : fmt::format("{}{}", far, near);
  }

  const Ladder& ladder_;
  const LadderLook& look_;
  const Signs& signs_;
  std::size_t columns_;
  std::size_t time_width_ = 2;
  std::size_t state_width_ = kStateWidth;
  std::size_t tail_ = kTail;
  std::size_t margin_ = 0;        // for times, on the left
  std::size_t right_margin_ = 0;  // and on the right
  std::size_t span_ = 0;          // both rails and what is between them
  std::size_t inside_ = 0;
  bool is_timed_ = false;
  bool is_begun_ = false;
  std::vector<std::string> note_lines_;
  std::vector<std::string> details_;
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
  return Drawing{ladder, look}.draw();
}

}  // namespace tcptwin::sinks
