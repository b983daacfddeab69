// SPDX-License-Identifier: MIT
// Who makes each state change in the kernel, and the facts beside the lab's questions. For the
// pages of `explain`.
#pragma once

#include <span>
#include <string_view>

#include "commands/page_facts.h"

namespace tcptwin::commands {

struct EdgeFacts {
  std::string_view from;  // as printed: "NEW_SYN_RECV"
  std::string_view to;
  std::string_view kernel;
};

std::span<const EdgeFacts> edge_facts();
std::span<const PageFacts> lab_facts();

}  // namespace tcptwin::commands
