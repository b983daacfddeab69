// SPDX-License-Identifier: MIT
// The properties that can be read off one world. Those of a step are noted by the machine, those of
// the whole graph by the explorer.
#pragma once

#include "lab/bounds.h"
#include "lab/property.h"
#include "lab/world.h"

namespace tcptwin::lab {

// RFC 9293 3.3.2 in terms of what was sent, received and acknowledged.
bool means_its_state(const End& end);

PropertySet violated_in(const World& world);

// Both ends have each other's SYN of the incarnation that they are in now.
bool are_connected(const World& world);

// For the properties of the graph: wherever `holds` is true, `goal` must stay reachable.
struct Promise {
  Property property;
  bool (*holds)(const World&);
  bool (*goal)(const World&);
};
inline constexpr std::size_t kPromiseCount = 3;
const std::array<Promise, kPromiseCount>& promises();

}  // namespace tcptwin::lab
