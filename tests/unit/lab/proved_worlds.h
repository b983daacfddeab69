// SPDX-License-Identifier: MIT
// The catalogue's worlds, walked through once for all tests of this program.
#pragma once

#include <vector>

#include "lab/explorer.h"

namespace tcptwin::lab {

struct ProvedWorld {
  const Bounds* bounds;
  Exploration exploration;
};

const std::vector<ProvedWorld>& proved_worlds();
Questions all_asked();

}  // namespace tcptwin::lab
