// SPDX-License-Identifier: MIT
// All that can happen next in a world: calls, arrivals, losses, timers, time itself.
#pragma once

#include <vector>

#include "lab/bounds.h"
#include "lab/rules.h"
#include "lab/step.h"
#include "lab/world.h"

namespace tcptwin::lab {

struct Successor {
  World world;
  Step step;
};

class Moves {
 public:
  Moves(const Rules& rules, const Bounds& bounds) : rules_(rules), bounds_(bounds) {}

  // Successors that differ from `world`, or violate something. Valid until the next call.
  const std::vector<Successor>& from(const World& world);

  // All questions that the table was asked so far.
  const Questions& asked() const { return asked_; }
  // Those of the last call of from() alone.
  const Questions& asked_last() const { return asked_last_; }

 private:
  void calls(std::uint8_t end);
  void arrivals(std::uint8_t end);
  bool what_does_not_wait();
  void retransmission(std::uint8_t end);
  void timers(std::uint8_t end);
  void hardships(std::uint8_t end);
  void tick();
  bool may_tick() const;
  void call(std::uint8_t end, Stimulus stimulus);
  void idle_call(std::uint8_t end, Stimulus stimulus);
  void finish(Successor&& successor);

  const Rules& rules_;
  const Bounds& bounds_;
  World world_;
  std::vector<Successor> found_;
  Questions asked_;
  Questions asked_last_;
};

}  // namespace tcptwin::lab
