// SPDX-License-Identifier: MIT
// Compile-time proofs about the reference: for every state, every RFC stimulus and both origins
// exactly one row applies; every state is reachable from CLOSED, and CLOSED from every state; every
// row says where it comes from and why.
#pragma once

#include "model/transition_table.h"

namespace tcptwin::model::proofs {

constexpr int rows_that_apply(State from, Stimulus stimulus, Origin origin) {
  int count = 0;
  for (const TransitionRow& row : kArrows) count += applies(row, from, stimulus, origin) ? 1 : 0;
  for (const StayRow& row : kStays) count += applies(row, from, stimulus, origin) ? 1 : 0;
  return count;
}

constexpr bool exactly_one_row_applies_everywhere() {
  for (const State from : kAllStates) {
    for (std::size_t i = 0; i < kRfcStimulusCount; ++i) {
      for (const Origin origin : {Origin::Passive, Origin::Active}) {
        if (rows_that_apply(from, static_cast<Stimulus>(i), origin) != 1) return false;
      }
    }
  }
  return true;
}

constexpr bool arrows_change_the_state_and_stimuli_are_the_rfcs() {
  for (const TransitionRow& row : kArrows) {
    if (row.from == row.to || !is_rfc(row.stimulus)) return false;
  }
  for (const StayRow& row : kStays) {
    if (row.from.is_empty() || !is_rfc(row.stimulus)) return false;
  }
  return true;
}

constexpr bool every_row_has_section_and_reason() {
  for (const TransitionRow& row : kArrows) {
    if (row.section.empty() || row.reason.empty()) return false;
  }
  for (const StayRow& row : kStays) {
    if (row.section.empty() || row.reason.empty()) return false;
  }
  return true;
}

constexpr bool reaches(State start, State goal) {
  std::array<bool, kStateCount> reached{};
  reached[index(start)] = true;
  // Each round adds at least one state or nothing more can be reached.
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const TransitionRow& row : kArrows) {
      if (reached[index(row.from)]) reached[index(row.to)] = true;
    }
  }
  return reached[index(goal)];
}

constexpr bool all_states_reachable_and_all_can_end() {
  for (const State state : kAllStates) {
    if (!reaches(State::Closed, state) || !reaches(state, State::Closed)) return false;
  }
  return true;
}

static_assert(exactly_one_row_applies_everywhere(), "the table is not a function");
static_assert(arrows_change_the_state_and_stimuli_are_the_rfcs());
static_assert(every_row_has_section_and_reason());
static_assert(all_states_reachable_and_all_can_end());

}  // namespace tcptwin::model::proofs
