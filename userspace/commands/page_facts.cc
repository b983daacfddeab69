// SPDX-License-Identifier: MIT
#include "commands/page_facts.h"

#include <algorithm>

namespace tcptwin::commands {

const PageFacts& facts_of(std::span<const PageFacts> rows, std::string_view name) {
  static constexpr PageFacts kNone{};
  const auto found = std::ranges::find(rows, name, &PageFacts::name);
  return found == rows.end() ? kNone : *found;
}

}  // namespace tcptwin::commands
