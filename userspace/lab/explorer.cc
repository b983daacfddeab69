// SPDX-License-Identifier: MIT
#include "lab/explorer.h"

#include <algorithm>

#include "lab/moves.h"
#include "lab/properties.h"
#include "lab/world_set.h"

namespace tcptwin::lab {
namespace {

void note_pair(const World& world, StatePairs& pairs) {
  if (!are_connected(world)) return;
  const std::size_t one = model::index(world.ends[0].state);
  const std::size_t other = model::index(world.ends[1].state);
  pairs.set(one * model::kStateCount + other);
  pairs.set(other * model::kStateCount + one);
}

std::optional<Property> first_of(PropertySet violated) {
  for (std::size_t i = 0; i < kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    if (violated.contains(property)) return property;
  }
  return std::nullopt;
}

class Walk {
 public:
  Walk(const Rules& rules, const Bounds& bounds, PropertySet wanted)
      : bounds_(bounds), wanted_(wanted & bounds.claims), moves_(rules, bounds) {}

  Exploration run(std::size_t most_worlds);

 private:
  // True if a wanted property is violated.
  bool expand(std::uint32_t number);
  void check_promises();
  void keep(Property property, std::uint32_t last, const Successor* beyond);
  std::vector<std::uint32_t> path_to(std::uint32_t number) const;

  const Bounds& bounds_;
  PropertySet wanted_;
  Moves moves_;
  WorldSet known_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> edges_;      // successors, world after world
  std::vector<std::size_t> edges_begin_;  // of each world
  Exploration result_;
};

Exploration Walk::run(std::size_t most_worlds) {
  known_.add(pack(representative(initial_world(bounds_), bounds_)));
  parents_.push_back(0);
  std::size_t level_end = 1;
  for (std::uint32_t next = 0; next < known_.size(); ++next) {
    if (next == level_end) {
      ++result_.depth;
      level_end = known_.size();
    }
    edges_begin_.push_back(edges_.size());
    if (expand(next) || known_.size() > most_worlds) {
      result_.is_whole = false;
      break;
    }
  }
  result_.worlds = known_.size();
  result_.steps = edges_.size();
  result_.asked = moves_.asked();
  edges_begin_.push_back(edges_.size());
  if (result_.is_whole) check_promises();
  return std::move(result_);
}

bool Walk::expand(std::uint32_t number) {
  const World world = unpack(known_[number], bounds_);
  note_pair(world, result_.pairs);
  const Questions asked_before = moves_.asked();
  const auto& successors = moves_.from(world);
  const Questions new_ones = moves_.asked_last() & ~asked_before;
  for (std::size_t i = 0; new_ones.any() && i < new_ones.size(); ++i) {
    if (new_ones[i]) result_.first_asked.emplace_back(i, world);
  }
  for (const Successor& successor : successors) {
    if (const auto property = first_of(successor.step.violated & wanted_)) {
      keep(*property, number, &successor);
      return true;
    }
    const auto [place, is_new] = known_.add(pack(representative(successor.world, bounds_)));
    if (is_new) parents_.push_back(number);
    edges_.push_back(place);
  }
  return false;
}

// Backwards from the goal, as sweeps over the forward edges until nothing changes.
void Walk::check_promises() {
  for (const Promise& promise : promises()) {
    if (!wanted_.contains(promise.property)) continue;
    std::vector<bool> reaches(known_.size());
    std::vector<bool> holds(known_.size());
    for (std::uint32_t i = 0; i < known_.size(); ++i) {
      const World world = unpack(known_[i], bounds_);
      reaches[i] = promise.goal(world);
      holds[i] = promise.holds(world);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = known_.size(); i-- > 0;) {
        if (reaches[i]) continue;
        for (std::size_t e = edges_begin_[i]; e < edges_begin_[i + 1] && !reaches[i]; ++e) {
          if (reaches[edges_[e]]) reaches[i] = changed = true;
        }
      }
    }
    // The first one with nothing on the way tells the story best: nothing more is to be hoped for.
    std::optional<std::uint32_t> bad;
    for (std::uint32_t i = 0; i < known_.size() && !(bad && known_.is_quiet(*bad)); ++i) {
      if (holds[i] && !reaches[i] && (!bad || known_.is_quiet(i))) bad = i;
    }
    if (bad) return keep(promise.property, *bad, nullptr);
  }
}

std::vector<std::uint32_t> Walk::path_to(std::uint32_t number) const {
  std::vector<std::uint32_t> path{number};
  while (number != 0) path.push_back(number = parents_[number]);
  std::ranges::reverse(path);
  return path;
}

// The path is kept in representatives; walked again, no end changes its place.
void Walk::keep(Property property, std::uint32_t last, const Successor* beyond) {
  const auto path = path_to(last);
  Counterexample found{property, {initial_world(bounds_)}, {}};
  const auto take = [&](const Successor& successor) {
    found.steps.push_back(successor.step);
    found.worlds.push_back(successor.world);
  };
  std::optional<Packed> goal;
  if (beyond != nullptr) goal = pack(representative(beyond->world, bounds_));
  for (std::size_t i = 1; i < path.size(); ++i) {
    const Packed wanted = known_[path[i]];
    const auto& successors = moves_.from(found.worlds.back());
    take(*std::ranges::find_if(successors, [&](const Successor& successor) {
      return pack(representative(successor.world, bounds_)) == wanted;
    }));
  }
  if (goal) {
    const auto& successors = moves_.from(found.worlds.back());
    take(*std::ranges::find_if(successors, [&](const Successor& successor) {
      return successor.step.violated.contains(property) &&
             pack(representative(successor.world, bounds_)) == *goal;
    }));
  }
  result_.counterexample = std::move(found);
}

}  // namespace

Exploration explore(const Rules& rules, const Bounds& bounds, PropertySet wanted,
                    std::size_t most_worlds) {
  return Walk{rules, bounds, wanted}.run(most_worlds);
}

}  // namespace tcptwin::lab
