// SPDX-License-Identifier: MIT
#include "sinks/ladder_svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "sinks/svg_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

constexpr double kWidth = 900;
constexpr double kLeft = 200;  // the rails
constexpr double kRight = 700;
constexpr double kTimes = 84;        // where the left times end; the right ones mirror it
constexpr double kLine = 18;         // of text
constexpr double kArrow = 34;        // a rung with an arrow
constexpr double kSlope = 8;         // time passes downwards
constexpr double kHead = 8;          // the marker is drawn beyond the line's end
constexpr std::size_t kWords = 108;  // of a footnote's line
constexpr std::size_t kInside = 62;  // between the rails

constexpr std::string_view kLadderStyle =
    "<style>\n"
    ".rail { stroke: #24292f; stroke-width: 1.5 } .open { stroke-dasharray: 2 4 }\n"
    ".sent { stroke: #24292f; stroke-width: 1.5; fill: none }\n"
    ".told { stroke: #7d858d; stroke-width: 1.5; fill: none; stroke-dasharray: 5 4 }\n"
    ".dash { stroke-dasharray: 5 4 } .mark { fill: #8a5a00; font-weight: bold }\n"
    ".again { stroke: #8a5a00 } .cross { stroke: #c00020; stroke-width: 2 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".rail, .sent { stroke: #c9d1d9 } .told { stroke: #8b949e } .mark { fill: #e3b341 }\n"
    ".again { stroke: #e3b341 } .cross { stroke: #ff7b72 }\n"
    "}\n"
    "</style>\n";

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

class Painter {
 public:
  std::string paint(const std::vector<LadderPicture>& pictures) {
    for (const LadderPicture& picture : pictures) {
      paint(picture);
      y_ += 24;
    }
    const std::string title = pictures.size() == 1
                                  ? pictures.front().heading
                                  : fmt::format("{} TCP connections as ladders", pictures.size());
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
               "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n",
               kWidth, y_, svg_escaped(title)) +
           std::string{kSvgStyle} + std::string{kLadderStyle} + svg_heads() +
           "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n" + text_ + "</svg>\n";
  }

 private:
  enum class Anchor { Start, Middle, End };

  void paint(const LadderPicture& picture) {
    for (const std::string& line : lines_of(picture.heading, kWords)) {
      words(kWidth / 2, y_, line, "faint", Anchor::Middle);
      y_ += kLine;
    }
    y_ += 6;
    words(kLeft, y_, picture.ladder.titles[0], "state", Anchor::Middle);
    words(kRight, y_, picture.ladder.titles[1], "state", Anchor::Middle);
    y_ += 10;
    is_begun_ = false;
    std::size_t number = 0;
    for (const LadderRung& rung : picture.ladder.rungs) {
      if (!rung.sentence.empty()) append_sentence(picture.ladder, rung, ++number);
      append(picture.ladder, rung);
    }
    y_ += kLine;
    for (const std::string& footnote : picture.ladder.footnotes) {
      for (const std::string& line : lines_of(footnote, kWords)) {
        words(kTimes - 50, y_, line, "faint", Anchor::Start);
        y_ += kLine - 2;
      }
    }
  }

  void append_sentence(const Ladder& ladder, const LadderRung& rung, std::size_t number) {
    for (const std::string& line :
         lines_of(fmt::format("{}. {}", number, rung.sentence), kInside)) {
      rails(ladder, rung, kLine);
      words(kLeft + 14, y_ + 13, line, "", Anchor::Start);
      y_ += kLine;
    }
  }

  void append(const Ladder& ladder, const LadderRung& rung) {
    std::vector<std::string> below;
    std::string label;
    if (rung.arrow) below = split_label(*rung.arrow, label);
    const std::vector<std::string> notes = rung.arrow || rung.note.text.empty()
                                               ? std::vector<std::string>{""}
                                               : lines_of(rung.note.text, kInside);
    const double height = rung.arrow ? kArrow + static_cast<double>(below.size()) * (kLine - 4)
                                     : (kLine + 2) * static_cast<double>(notes.size());
    rails(ladder, rung, height);
    if (rung.arrow) {
      arrow(*rung.arrow, label, below);
    } else {
      for (std::size_t i = 0; i < notes.size(); ++i) {
        note(rung.note, notes[i], y_ + 14 + static_cast<double>(i) * kLine);
      }
    }
    const double base = rung.arrow ? y_ + 24 : y_ + 14;
    const double left = base + (rung.arrow && !rung.arrow->to_the_right ? kSlope : 0);
    const double right = base + (rung.arrow && rung.arrow->to_the_right ? kSlope : 0);
    words(kTimes, left, rung.times[0], "faint", Anchor::End);
    words(kWidth - 16, right, rung.times[1], "faint", Anchor::End);
    state(ladder, rung, 0, left);
    state(ladder, rung, 1, right);
    is_begun_ = true;
    y_ += height;
  }

  void state(const Ladder& ladder, const LadderRung& rung, std::size_t end, double y) {
    if (!ladder.repeats_states && !rung.changed[end] && is_begun_) return;
    words(end == 0 ? kLeft - 10 : kRight + 10, y, rung.states[end],
          rung.changed[end] ? "number" : "faint", end == 0 ? Anchor::End : Anchor::Start);
  }

  void rails(const Ladder& ladder, const LadderRung& rung, double height) {
    for (std::size_t end = 0; end < 2; ++end) {
      const bool is_open = rung.time_passes || ladder.unseen[end];
      line(end == 0 ? kLeft : kRight, y_, end == 0 ? kLeft : kRight, y_ + height,
           is_open ? "rail open" : "rail");
    }
  }

  void note(const LadderNote& note, const std::string& text, double y) {
    const std::string_view look = note.is_wrong ? "wrong" : "";
    switch (note.place) {
      case LadderNote::Place::AtLeft:
        return words(kLeft + 10, y, text, look, Anchor::Start);
      case LadderNote::Place::AtRight:
        return words(kRight - 10, y, text, look, Anchor::End);
      case LadderNote::Place::Middle:
        return words((kLeft + kRight) / 2, y, text, "faint", Anchor::Middle);
    }
  }

  // What has room on the line; the rest goes below it.
  static std::vector<std::string> split_label(const LadderArrow& arrow, std::string& label) {
    label = arrow.label;
    std::string rest;
    for (const std::string& detail : arrow.details) {
      if (rest.empty() && label.size() + 1 + detail.size() <= kInside - 8) {
        label += ' ' + detail;
      } else {
        rest += (rest.empty() ? "" : " ") + detail;
      }
    }
    return rest.empty() ? std::vector<std::string>{} : lines_of(rest, kInside - 8);
  }

  void arrow(const LadderArrow& arrow, const std::string& label,
             const std::vector<std::string>& below) {
    const double begin = arrow.to_the_right ? kLeft : kRight;
    const double end = arrow.to_the_right ? kRight - kHead : kLeft + kHead;
    const double top = y_ + 20;
    const auto x = [&](double part) { return begin + (end - begin) * part; };
    const auto piece = [&](double from, double to, std::string_view look, bool has_head) {
      text_ += fmt::format("<path class=\"{}\"{} d=\"M{:.1f} {:.1f} L{:.1f} {:.1f}\"/>\n", look,
                           has_head ? " marker-end=\"url(#plain)\"" : "", x(from),
                           top + kSlope * from, x(to), top + kSlope * to);
    };
    switch (arrow.course) {
      case Course::Arrives:
        piece(0, 1, "sent", true);
        break;
      case Course::IsInferred:
        piece(0, 1, "told", true);
        break;
      case Course::Leaves:
        piece(0, 0.5, "sent", false);
        piece(0.5, 0.62, "sent dash", false);
        break;
      case Course::ArrivesLate:
        piece(0, 0.25, "sent dash", false);
        piece(0.25, 1, "sent", true);
        break;
      case Course::IsLost:
        piece(0, 0.62, "sent", false);
        cross(x(0.62), top + kSlope * 0.62);
        break;
    }
    words((kLeft + kRight) / 2, y_ + 14, label, arrow.is_remarkable ? "mark" : "", Anchor::Middle);
    for (std::size_t i = 0; i < below.size(); ++i) {
      words((kLeft + kRight) / 2, y_ + kArrow + 6 + static_cast<double>(i) * (kLine - 4), below[i],
            "faint", Anchor::Middle);
    }
  }

  void cross(double x, double y) {
    line(x - 5, y - 5, x + 5, y + 5, "cross");
    line(x - 5, y + 5, x + 5, y - 5, "cross");
  }

  void line(double x1, double y1, double x2, double y2, std::string_view look) {
    text_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", look, x1,
        y1, x2, y2);
  }

  void words(double x, double y, std::string_view text, std::string_view look, Anchor anchor) {
    if (text.empty()) return;
    const std::string_view side = anchor == Anchor::Middle ? " text-anchor=\"middle\""
                                  : anchor == Anchor::End  ? " text-anchor=\"end\""
                                                           : "";
    text_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", look, x, y,
                         side, svg_escaped(text));
  }

  double y_ = 28;
  bool is_begun_ = false;
  std::string text_;
};

}  // namespace

std::string ladder_svg(const std::vector<LadderPicture>& pictures) {
  return Painter{}.paint(pictures);
}

}  // namespace tcptwin::sinks
