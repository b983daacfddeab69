// SPDX-License-Identifier: MIT
#include "sinks/diagram_dot.h"

#include "base/text.h"

namespace tcptwin::sinks {
namespace {

std::string_view style_of(WayKind kind) {
  switch (kind) {
    case WayKind::Reference:
      return "";
    case WayKind::Dialect:
      return ", style=dashed, color=\"#b07400\"";
    case WayKind::Unproven:
      return ", style=dotted, color=\"#777777\"";
    case WayKind::Divergence:
      return ", color=\"#c00020\", fontcolor=\"#c00020\", penwidth=3";
  }
  return "";
}

std::string edge(std::string_view from, std::string_view to, const std::string& label,
                 std::string_view style) {
  return "  " + std::string{from} + " -> " + std::string{to} + " [label=\"" + label + "\"" +
         std::string{style} + "];\n";
}

std::string counted(std::string_view words, std::uint64_t count) {
  return std::string{words} + (count > 0 ? "\\n" + grouped(count) : "");
}

}  // namespace

std::string diagram_dot(const DiagramCounts* counts) {
  std::string text =
      "digraph tcp {\n"
      "  // RFC 9293 3.3.2 figure 5, from tcptwin's table; dashed: documented ways of Linux\n"
      "  graph [fontname=\"sans-serif\", nodesep=0.5, ranksep=0.6];\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const model::State state : model::kAllStates) {
    text += "  " + std::string{name(state)} + " [label=\"" + std::string{name(state)};
    if (counts != nullptr && counts->now(state) > 0)
      text += "\\nnow " + grouped(counts->now(state));
    text += "\"];\n";
  }
  for (const FigureArrow& arrow : figure_arrows()) {
    const std::uint64_t taken = counts == nullptr ? 0 : counts->along(arrow);
    text += edge(name(arrow.from), name(arrow.to), counted(arrow.words, taken),
                 taken > 0 ? ", penwidth=2" : "");
  }
  for (const Way& way : counts == nullptr ? ways_beside_the_figure() : counts->other_ways()) {
    for (const model::MirrorState& from : way.from) {
      const std::string words = std::string{way.what} + "\\n" + std::string{way.rule};
      text +=
          edge(name(from.state), name(way.to.state), counted(words, way.count), style_of(way.kind));
    }
  }
  return text + "}\n";
}

}  // namespace tcptwin::sinks
