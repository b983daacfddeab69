// SPDX-License-Identifier: MIT
// The reference holds in every world of the catalogue, and the worlds leave no row out.
#include "lab/verification.h"

#include <gtest/gtest.h>

#include "lab/catalogue.h"
#include "lab/world_set.h"
#include "model/composed_pairs.h"
#include "unit/lab/proved_worlds.h"

namespace tcptwin::lab {
namespace {

TEST(Verification, every_world_is_walked_through_and_every_claim_holds) {
  for (const ProvedWorld& world : proved_worlds()) {
    SCOPED_TRACE(world.bounds->name);
    EXPECT_TRUE(world.exploration.is_whole);
    ASSERT_FALSE(world.exploration.counterexample)
        << text_of(world.exploration.counterexample->property).label << " after "
        << world.exploration.counterexample->steps.size() << " steps";
  }
}

TEST(Verification, every_property_is_claimed_in_some_world) {
  for (std::size_t i = 0; i < kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    bool claimed = false;
    for (const Bounds& bounds : catalogue()) claimed |= bounds.claims.contains(property);
    EXPECT_TRUE(claimed) << text_of(property).label;
  }
}

TEST(Verification, every_arrow_is_exercised_and_every_idle_row_has_its_reason) {
  for (const IdleRow& row : idle_rows(all_asked())) {
    EXPECT_FALSE(row.why.empty()) << model::name(row.stimulus) << ": " << row.reason;
    for (const model::TransitionRow& arrow : model::kArrows) {
      EXPECT_NE(row.reason, arrow.reason) << "an arrow that nothing takes";
    }
  }
}

// The tracker accuses a kernel whose two ends are in a pair that is not in model's list.
TEST(Verification, pairs_of_states_are_those_that_the_tracker_allows) {
  using model::State;
  StatePairs reached;
  for (const ProvedWorld& world : proved_worlds()) reached |= world.exploration.pairs;
  for (const State one : model::kAllStates) {
    for (const State other : model::kAllStates) {
      if (one == State::Closed || other == State::Closed) continue;  // not connected any more
      const bool found = reached[model::index(one) * model::kStateCount + model::index(other)];
      const auto is_opening = [](State state) { return state == State::SynReceived; };
      if (is_opening(one) || is_opening(other)) {
        // The tracker takes SYN-RECEIVED for ESTABLISHED: it allows at least as much.
        EXPECT_TRUE(!found || can_occur_together(one, other)) << name(one) << ' ' << name(other);
        continue;
      }
      EXPECT_EQ(found, can_occur_together(one, other)) << name(one) << ' ' << name(other);
    }
  }
}

TEST(Verification, is_the_same_each_time) {
  const Exploration once = explore_reference(world_named("crossing"));
  const Exploration twice = explore_reference(world_named("crossing"));
  EXPECT_EQ(once.worlds, twice.worlds);
  EXPECT_EQ(once.steps, twice.steps);
  EXPECT_EQ(once.depth, twice.depth);
}

TEST(Verification, exchanging_the_ends_makes_fewer_worlds_and_no_other_pairs) {
  Bounds apart = world_named("crossing");
  apart.symmetric = false;
  const Exploration with = explore_reference(world_named("crossing"));
  const Exploration without = explore_reference(apart);
  EXPECT_LT(with.worlds, without.worlds);
  EXPECT_EQ(with.pairs, without.pairs);
  EXPECT_FALSE(without.counterexample);
}

TEST(Verification, a_limit_ends_the_walk_and_proves_nothing) {
  const Bounds& bounds = world_named("client-server");
  const Exploration cut = explore(Rules{model::kReference}, bounds, bounds.claims, 1000);
  EXPECT_FALSE(cut.is_whole);
}

TEST(PackedWorld, is_unpacked_to_what_it_was) {
  const Bounds& bounds = world_named("old-text");
  World world = initial_world(bounds);
  End& end = world.ends[0];
  end = {State::TimeWait,
         Origin::Active,
         2,
         bounds.scripts[0].iss[1],
         3,
         15,
         7,
         true,
         true,
         true,
         true,
         true,
         4,
         true,
         1,
         2,
         2,
         1,
         9};
  world.towards[1] = {encode({.fin = true,
                              .text = true,
                              .sequence = 15,
                              .acknowledgment = 14,
                              .age = 1,
                              .incarnation = 2}),
                      0, 0};
  world.losses_left = kUnlimited;
  world.duplicates_left = 2;
  world.hardships_left = 1;
  EXPECT_EQ(unpack(pack(world), bounds), world);
  EXPECT_EQ(decode(world.towards[1][0]).sequence, 15);
  EXPECT_EQ(mirrored(mirrored(world)), world);
}

}  // namespace
}  // namespace tcptwin::lab
