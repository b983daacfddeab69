// SPDX-License-Identifier: MIT
// What all pictures share: escaping, palette and fonts, arrow heads. For diagram_svg and
// ladder_svg.
#pragma once

#include <string>
#include <string_view>

namespace tcptwin::sinks {

std::string svg_escaped(std::string_view text);

// Colours that can be told apart by those who see red and green alike: thickness says it as well.
inline constexpr std::string_view kSvgStyle =
    "<style>\n"
    "text { font: 12px ui-monospace, 'DejaVu Sans Mono', monospace; fill: #24292f }\n"
    ".state { font-weight: bold; font-size: 14px }\n"
    ".faint { fill: #7d858d } .number { fill: #0a6640; font-weight: bold }\n"
    ".dialect { fill: #8a5a00 } .box { fill: #f6f8fa; stroke: #24292f; stroke-width: 1.5 }\n"
    ".way { fill: none } .plain { stroke: #24292f } .idle { stroke: #b6bec6 }\n"
    ".taken { stroke: #0a6640 } path.wrong { stroke: #c00020 }\n"
    "text.wrong { fill: #c00020; font-weight: bold } .ground { fill: #ffffff }\n"
    ".head-plain { fill: #24292f } .head-idle { fill: #b6bec6 } .head-taken { fill: #0a6640 }\n"
    ".head-wrong { fill: #c00020 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e6edf3 } .faint { fill: #8b949e } .number { fill: #56d364 }\n"
    ".dialect { fill: #e3b341 } .box { fill: #161b22; stroke: #c9d1d9 } .plain { stroke: #c9d1d9 "
    "}\n"
    ".idle { stroke: #484f58 } .taken { stroke: #56d364 } path.wrong { stroke: #ff7b72 }\n"
    "text.wrong, .head-wrong { fill: #ff7b72 } .ground { fill: #0d1117 }\n"
    ".head-plain { fill: #c9d1d9 } .head-idle { fill: #484f58 } .head-taken { fill: #56d364 }\n"
    "}\n"
    "</style>\n";

// Markers "plain", "idle", "taken" and "wrong", in <defs>.
std::string svg_heads();

}  // namespace tcptwin::sinks
