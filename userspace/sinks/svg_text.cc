// SPDX-License-Identifier: MIT
#include "sinks/svg_text.h"

#include <fmt/format.h>

namespace tcptwin::sinks {

std::string svg_escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string svg_heads() {
  std::string text = "<defs>\n";
  for (const std::string_view look : {"plain", "idle", "taken", "wrong"}) {
    text += fmt::format(
        "<marker id=\"{0}\" viewBox=\"0 0 8 8\" refX=\"1\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path class=\"head-{0}\" d=\"M0 0 L8 4 L0 8 z\"/></marker>\n",
        look);
  }
  return text + "</defs>\n";
}

}  // namespace tcptwin::sinks
