// SPDX-License-Identifier: MIT
#include "unit/lab/proved_worlds.h"

#include "lab/catalogue.h"
#include "lab/verification.h"

namespace tcptwin::lab {

const std::vector<ProvedWorld>& proved_worlds() {
  static const std::vector<ProvedWorld> kWorlds = [] {
    std::vector<ProvedWorld> worlds;
    for (const Bounds& bounds : catalogue()) {
      worlds.push_back({&bounds, explore_reference(bounds)});
    }
    return worlds;
  }();
  return kWorlds;
}

Questions all_asked() {
  Questions asked;
  for (const ProvedWorld& world : proved_worlds()) asked |= world.exploration.asked;
  return asked;
}

}  // namespace tcptwin::lab
