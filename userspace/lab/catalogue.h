// SPDX-License-Identifier: MIT
// The worlds that `tcptwin lab verify` walks through.
#pragma once

#include <span>
#include <string_view>

#include "lab/bounds.h"

namespace tcptwin::lab {

std::span<const Bounds> catalogue();
const Bounds& world_named(std::string_view name);

}  // namespace tcptwin::lab
