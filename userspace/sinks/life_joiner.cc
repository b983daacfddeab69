// SPDX-License-Identifier: MIT
#include "sinks/life_joiner.h"

#include <utility>

namespace tcptwin::sinks {
namespace {

// How long the first end waits for the second. Both ends of an orderly close are done within a
// round trip of the loopback; what takes longer is worth a line of its own.
constexpr Duration kPatience = std::chrono::seconds{1};

// Ends that may wait at once; beyond it the one that waits longest is shown alone.
constexpr std::size_t kHeldLimit = 1u << 16;

// The end to name first: who connected, else who was reported first.
bool comes_first(const tracker::Life& life, const tracker::Life& other) {
  const bool connected = life.connection.role == tracker::Role::Active;
  return connected || other.connection.role != tracker::Role::Active;
}

}  // namespace

void LifeJoiner::on_life(const tracker::Life& life) {
  if (ends_ == BothEnds::Apart) {
    lives_.on_life_record({life, std::nullopt});
    return;
  }
  advance(life.ended);
  if (const auto mine = awaited_.find(life.connection.id); mine != awaited_.end()) {
    join(mine->second, life);
    return;
  }
  // Its twin is no more: whatever there was to say of the other end has been said.
  const bool expects_more = life.other_end && !life.other_end->is_gone;
  if (!expects_more || awaited_.contains(life.other_end->id)) {
    lives_.on_life_record({life});
    return;
  }
  hold(life);
}

void LifeJoiner::on_step(const tracker::Step& step) {
  advance(step.time);
  // What will be said of an end that does not end in time shall be its latest state.
  if (const auto held = awaited_.find(step.connection.id); held != awaited_.end()) {
    held->second->other_end->state = step.to;
    if (step.owner.is_known()) held->second->other_end->owner = step.owner;
  }
  others_.on_step(step);
}

void LifeJoiner::hold(const tracker::Life& life) {
  if (held_.size() >= kHeldLimit) release(held_.begin());
  held_.push_back(life);
  awaited_.emplace(life.other_end->id, std::prev(held_.end()));
}

tracker::Life LifeJoiner::take(Held::iterator held) {
  tracker::Life life = std::move(*held);
  awaited_.erase(life.other_end->id);
  held_.erase(held);
  return life;
}

void LifeJoiner::release(Held::iterator held) {
  lives_.on_life_record({take(held)});
}

void LifeJoiner::join(Held::iterator held, const tracker::Life& life) {
  tracker::Life first = take(held);
  if (comes_first(first, life)) {
    lives_.on_life_record({std::move(first), life});
  } else {
    lives_.on_life_record({life, std::move(first)});
  }
}

void LifeJoiner::advance(KernelTime now) {
  while (!held_.empty() && now - held_.front().ended > kPatience) release(held_.begin());
}

void LifeJoiner::finish() {
  while (!held_.empty()) release(held_.begin());
}

}  // namespace tcptwin::sinks
