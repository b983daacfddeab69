// SPDX-License-Identifier: MIT
#include "sinks/diagram_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "sinks/svg_text.h"

namespace tcptwin::sinks {
namespace {

// A cell of text in SVG's units.
constexpr double kAcross = 9.0;
constexpr double kDown = 17.0;
constexpr double kMargin = 12.0;
constexpr double kCorner = 8.0;  // radius
constexpr double kListLine = 18.0;

struct Point {
  double x = 0;
  double y = 0;
};

Point middle_of(Cell cell) {
  return {kMargin + (cell.column + 0.5) * kAcross, kMargin + (cell.row + 0.5) * kDown};
}

// The arrow's ends lie at the edges of the boxes, not in the middle of the neighbouring cells.
Point towards(Point from, Point to, double beyond_across, double beyond_down) {
  if (from.x < to.x) return {to.x + beyond_across, to.y};
  if (from.x > to.x) return {to.x - beyond_across, to.y};
  if (from.y < to.y) return {to.x, to.y + beyond_down};
  return {to.x, to.y - beyond_down};
}

Point nearer(Point corner, Point other) {
  const double length = std::hypot(other.x - corner.x, other.y - corner.y);
  const double part = std::min(kCorner, length / 2) / length;
  return {corner.x + (other.x - corner.x) * part, corner.y + (other.y - corner.y) * part};
}

std::string path_of(const FigureArrow& arrow) {
  std::vector<Point> points;
  for (const Cell& cell : arrow.way()) points.push_back(middle_of(cell));
  points.front() = towards(points[1], points.front(), kAcross / 2, kDown / 2);
  // The head of the arrow is drawn beyond the end of the line.
  points.back() = towards(points[points.size() - 2], points.back(), kAcross / 2 - 7, kDown / 2 - 7);
  std::string path = fmt::format("M{:.1f} {:.1f}", points.front().x, points.front().y);
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const Point before = nearer(points[i], points[i - 1]);
    const Point after = nearer(points[i], points[i + 1]);
    path += fmt::format(" L{:.1f} {:.1f} Q{:.1f} {:.1f} {:.1f} {:.1f}", before.x, before.y,
                        points[i].x, points[i].y, after.x, after.y);
  }
  return path + fmt::format(" L{:.1f} {:.1f}", points.back().x, points.back().y);
}

std::string words(Cell place, Aligned aligned, std::string_view text, std::string_view look) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", look,
                     kMargin + place.column * kAcross, middle_of(place).y + 4,
                     aligned == Aligned::Left ? "" : " text-anchor=\"end\"", svg_escaped(text));
}

// An arrow that was taken is as thick as the logarithm of how often.
std::string arrow_of(const FigureArrow& arrow, const DiagramCounts* counts) {
  const std::uint64_t taken = counts == nullptr ? 0 : counts->along(arrow);
  const std::uint64_t divergent = counts == nullptr ? 0 : counts->divergent_along(arrow);
  std::string_view look = counts == nullptr ? "plain" : taken > 0 ? "taken" : "idle";
  if (divergent > 0) look = "wrong";
  const double width = 1.5 + (taken > 0 ? 0.7 * std::log10(static_cast<double>(taken)) : 0.0);
  std::string text = fmt::format(
      "<path class=\"way {0}\" stroke-width=\"{1:.1f}\" marker-end=\"url(#{0})\" d=\"{2}\"/>\n",
      look, width, path_of(arrow));
  text += words(arrow.label, arrow.aligned, arrow.words,
                counts != nullptr && taken == 0 ? "faint" : "");
  if (divergent > 0) {
    text += words(arrow.count, arrow.aligned, grouped(divergent) + " divergent", "wrong");
  } else if (taken > 0) {
    text += words(arrow.count, arrow.aligned, grouped(taken), "number");
  }
  return text;
}

std::string box_of(const FigureBox& box, const DiagramCounts* counts) {
  const double x = kMargin + box.corner.column * kAcross;
  const double y = kMargin + box.corner.row * kDown;
  const double width = kBoxWidth * kAcross;
  const double height = kBoxHeight * kDown;
  std::string text = fmt::format(
      "<rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "rx=\"7\"/>\n",
      x, y, width, height);
  const auto centred = [&](double down, std::string_view line, std::string_view look) {
    text += fmt::format(
        "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", look,
        x + width / 2, y + down, line);
  };
  centred(29, name(box.state), "state");
  const bool is_end = box.state == model::State::Closed || box.state == model::State::Listen;
  if (counts == nullptr) {
    centred(50, rfc_name(box.state), "faint");
  } else if (!is_end && counts->now(box.state) > 0) {
    centred(50, "now " + grouped(counts->now(box.state)), "number");
  }
  return text;
}

std::string_view look_of(WayKind kind) {
  switch (kind) {
    case WayKind::Reference:
      return "";
    case WayKind::Dialect:
      return "dialect";
    case WayKind::Unproven:
      return "faint";
    case WayKind::Divergence:
      return "wrong";
  }
  return "";
}

// A person's list stays a list: what is left out is said.
constexpr std::size_t kListed = 40;

std::string list_of(const std::vector<Way>& ways, double top) {
  if (ways.empty()) return {};
  std::string text = fmt::format("<text class=\"state\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                                 kMargin, top, "Besides the arrows");
  for (std::size_t i = 0; i < ways.size(); ++i) {
    top += kListLine;
    if (i == kListed) {
      text += fmt::format("<text class=\"faint\" x=\"{:.1f}\" y=\"{:.1f}\">and {} more</text>\n",
                          kMargin + 70, top, ways.size() - kListed);
      break;
    }
    const Way& way = ways[i];
    const auto field = [&](double x, std::string_view value, std::string_view anchor) {
      if (value.empty()) return;
      text += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n",
                          look_of(way.kind), kMargin + x, top, anchor, svg_escaped(value));
    };
    field(60, grouped(way.count), " text-anchor=\"end\"");
    field(70, way.what, "");
    field(290, short_rule(way), "");
    field(370, ways_text(way), "");
  }
  return text;
}

}  // namespace

std::string diagram_svg(const DiagramCounts* counts) {
  const std::vector<Way> ways = counts == nullptr ? std::vector<Way>{} : counts->other_ways();
  const double width = 2 * kMargin + kFigureWidth * kAcross;
  const double figure = 2 * kMargin + kFigureHeight * kDown;
  const auto lines = static_cast<double>(std::min(ways.size(), kListed + 1));
  const double height = figure + (ways.empty() ? 0 : 30 + kListLine * lines);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n"
      "<title>TCP's states{2}</title>\n",
      width, height,
      counts == nullptr ? "" : fmt::format(", {} changes", grouped(counts->steps())));
  text += kSvgStyle;
  text += svg_heads();
  text += "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n";
  for (const FigureArrow& arrow : figure_arrows()) text += arrow_of(arrow, counts);
  for (const FigureBox& box : figure_boxes()) text += box_of(box, counts);
  text += list_of(ways, figure + 14);
  return text + "</svg>\n";
}

}  // namespace tcptwin::sinks
