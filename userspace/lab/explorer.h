// SPDX-License-Identifier: MIT
// Walks through all worlds that can be reached, breadth first: the first counterexample is a
// shortest one. Deterministic: the same bounds and rules give the same numbers everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "lab/bounds.h"
#include "lab/rules.h"
#include "lab/step.h"
#include "lab/world.h"

namespace tcptwin::lab {

// Which of the eleven states the two ends were in at once, while they were connected.
using StatePairs = std::bitset<model::kStateCount * model::kStateCount>;

struct Counterexample {
  Property property;
  // From the initial world on; with a property of the graph, to a world from which its goal cannot
  // be reached any more.
  std::vector<World> worlds;
  std::vector<Step> steps;  // steps[i] leads to worlds[i + 1]
};

struct Exploration {
  std::size_t worlds = 0;
  std::size_t steps = 0;
  std::size_t depth = 0;
  bool is_whole = true;  // false: ended at the first violation, or at the limit
  Questions asked;
  // For each question, the first world in which something asks it.
  std::vector<std::pair<std::size_t, World>> first_asked;
  StatePairs pairs;
  std::optional<Counterexample> counterexample;
};

inline constexpr std::size_t kMostWorlds = 20'000'000;

// Ends at the first violation of a property that is both claimed by `bounds` and in `wanted`.
Exploration explore(const Rules& rules, const Bounds& bounds, PropertySet wanted,
                    std::size_t most_worlds = kMostWorlds);
inline Exploration explore(const Rules& rules, const Bounds& bounds) {
  return explore(rules, bounds, bounds.claims);
}

}  // namespace tcptwin::lab
