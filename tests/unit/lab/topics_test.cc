// SPDX-License-Identifier: MIT
// Without its rule each topic has a counterexample, and with it none: the worlds of the topics are
// those of the catalogue, where the same property is claimed and proved.
#include "lab/topics.h"

#include <gtest/gtest.h>

#include "lab/catalogue.h"

namespace tcptwin::lab {
namespace {

TEST(Topics, without_its_rule_each_shows_a_counterexample) {
  for (const Topic& topic : topics()) {
    for (const Harm& harm : topic.harms) {
      SCOPED_TRACE(std::string{topic.name} + " in " + std::string{harm.world});
      const Exploration found = explore_without_rule(topic, harm);
      ASSERT_TRUE(found.counterexample);
      EXPECT_EQ(found.counterexample->property, harm.property);
      ASSERT_EQ(found.counterexample->worlds.size(), found.counterexample->steps.size() + 1);
      EXPECT_FALSE(found.counterexample->steps.empty());
    }
  }
}

TEST(Topics, with_its_rule_the_property_is_one_that_the_catalogue_proves) {
  for (const Topic& topic : topics()) {
    for (const Harm& harm : topic.harms) {
      SCOPED_TRACE(topic.name);
      const Bounds& proved = world_named(harm.world);
      EXPECT_EQ(proved.name, harm.world);
      EXPECT_TRUE(proved.claims.contains(harm.property));
      const Bounds with = topic.bounds(proved, true);
      EXPECT_EQ(with.time_wait_ticks, proved.time_wait_ticks);
      EXPECT_EQ(with.heeds_rst_in_time_wait, proved.heeds_rst_in_time_wait);
    }
  }
  const Topic& open = *topic_named("simultaneous-open");  // its users do less than the world allows
  const Exploration proof = explore_with_rule(open, open.harms[0]);
  EXPECT_TRUE(proof.is_whole);
  EXPECT_FALSE(proof.counterexample);
}

TEST(Topics, the_old_syn_comes_when_its_connection_is_over) {
  const Topic& topic = *topic_named("third-ack");
  const Exploration found = explore_without_rule(topic, topic.harms[0]);
  ASSERT_TRUE(found.counterexample);
  const World& last = found.counterexample->worlds.back();
  EXPECT_EQ(last.ends[0].state, State::TimeWait);
  EXPECT_EQ(last.ends[1].state, State::Established);
  EXPECT_EQ(found.counterexample->steps.back().segment.syn, true);
}

TEST(Topics, an_unknown_one_is_none) {
  EXPECT_EQ(topic_named("fourth-ack"), nullptr);
}

}  // namespace
}  // namespace tcptwin::lab
