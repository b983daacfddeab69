// SPDX-License-Identifier: MIT
// Which programs run where two tiers can show the same.
#include "sources/program_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tcptwin::sources {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

const char* const kTimers[] = {"timers_started", "timers_cancelled", "timers_expired"};

// A kernel that has everything (6.12 or later) and permits hooks.
ProgramFacts everything() {
  return {};
}

ProgramFacts hooks_refused() {
  ProgramFacts facts;
  for (const PlannedProgram& program : kPlannedPrograms) {
    if (program.is_exact()) facts.obstacles[std::string{program.name}] = "not permitted";
  }
  return facts;
}

TEST(TierPlanTest, hooks_take_the_place_of_the_timer_tracepoints) {
  const TierPlan plan = plan_tiers(everything(), TierChoice::Best);
  EXPECT_TRUE(plan.is_exact(Part::Minisockets));
  EXPECT_TRUE(plan.is_exact(Part::Requests));
  EXPECT_TRUE(plan.runs("minisockets_killed"));
  EXPECT_TRUE(plan.runs("requests_dropped"));
  EXPECT_TRUE(plan.runs("accepted"));
  for (const char* timers : kTimers) EXPECT_FALSE(plan.runs(timers)) << timers;
  EXPECT_THAT(plan.missing, IsEmpty());
}

TEST(TierPlanTest, where_hooks_are_refused_the_timers_show_everything_and_nothing_is_missing) {
  const TierPlan plan = plan_tiers(hooks_refused(), TierChoice::Best);
  for (const char* timers : kTimers) EXPECT_TRUE(plan.runs(timers)) << timers;
  for (const PlannedProgram& program : kPlannedPrograms) {
    EXPECT_FALSE(program.is_exact() && plan.runs(program.name)) << program.name;
  }
  EXPECT_THAT(plan.missing, IsEmpty());
  EXPECT_THAT(plan.inexact, Contains(Pair(Part::Minisockets, "not permitted")));
}

TEST(TierPlanTest, one_obstacle_leaves_the_whole_part_to_the_timers_and_no_other_part) {
  ProgramFacts facts = everything();
  facts.obstacles["requests_dropped"] = "this kernel has no such function";
  const TierPlan plan = plan_tiers(facts, TierChoice::Best);
  EXPECT_FALSE(plan.is_exact(Part::Requests));
  EXPECT_FALSE(plan.runs("requests_added"));
  EXPECT_FALSE(plan.runs("requests_kept"));
  EXPECT_TRUE(plan.is_exact(Part::Minisockets));
  EXPECT_TRUE(plan.runs("minisockets_expired"));
  for (const char* timers : kTimers) EXPECT_TRUE(plan.runs(timers)) << timers;
  EXPECT_EQ(plan.inexact.at(Part::Requests), "this kernel has no such function");
}

TEST(TierPlanTest, what_a_kernel_has_no_use_for_is_no_obstacle) {
  ProgramFacts facts = everything();
  facts.useless = {"minisockets_started", "requests_migrated"};
  facts.obstacles["minisockets_started"] = "this kernel has no such function";
  const TierPlan plan = plan_tiers(facts, TierChoice::Best);
  EXPECT_TRUE(plan.is_exact(Part::Minisockets));
  EXPECT_TRUE(plan.is_exact(Part::Requests));
  EXPECT_FALSE(plan.runs("minisockets_started"));
  EXPECT_FALSE(plan.runs("requests_migrated"));
  EXPECT_TRUE(plan.runs("minisockets_scheduled"));
}

TEST(TierPlanTest, segments_at_minisockets_are_hooked_only_where_no_tracepoint_shows_them) {
  const TierPlan newer = plan_tiers(everything(), TierChoice::Best);
  EXPECT_TRUE(newer.runs("minisocket_segments"));
  EXPECT_FALSE(newer.runs("segments_at_minisockets"));

  ProgramFacts before_6_11 = everything();
  before_6_11.obstacles["minisocket_segments"] = "has only 3 arguments";
  const TierPlan older = plan_tiers(before_6_11, TierChoice::Best);
  EXPECT_TRUE(older.runs("segments_at_minisockets"));
  EXPECT_THAT(older.missing, Not(Contains(Key("minisocket_segments"))));

  ProgramFacts neither = hooks_refused();
  neither.obstacles["minisocket_segments"] = "has only 3 arguments";
  EXPECT_THAT(plan_tiers(neither, TierChoice::Best).missing,
              Contains(Pair("minisocket_segments", "has only 3 arguments")));
}

TEST(TierPlanTest, a_user_can_do_without_hooks) {
  const TierPlan plan = plan_tiers(everything(), TierChoice::TracepointsOnly);
  for (const char* timers : kTimers) EXPECT_TRUE(plan.runs(timers)) << timers;
  EXPECT_FALSE(plan.runs("minisockets_killed"));
  EXPECT_FALSE(plan.runs("accepted"));
  EXPECT_EQ(plan.inexact.at(Part::Accepts), "switched off");
}

TEST(TierPlanTest, both_tiers_run_side_by_side_for_tests) {
  const TierPlan plan = plan_tiers(everything(), TierChoice::Both);
  for (const char* timers : kTimers) EXPECT_TRUE(plan.runs(timers)) << timers;
  EXPECT_TRUE(plan.runs("minisockets_killed"));
  EXPECT_TRUE(plan.runs("requests_added"));
}

TEST(TierPlanTest, evidence_that_no_tier_shows_is_missing) {
  ProgramFacts facts = hooks_refused();
  facts.obstacles["timers_cancelled"] = "this kernel has no tracepoint timer_cancel";
  const TierPlan plan = plan_tiers(facts, TierChoice::Best);
  EXPECT_THAT(plan.missing, Contains(Key("timers_cancelled")));
  // Hooks that are permitted make up for it.
  facts = everything();
  facts.obstacles["timers_cancelled"] = "this kernel has no tracepoint timer_cancel";
  EXPECT_THAT(plan_tiers(facts, TierChoice::Best).missing, IsEmpty());
}

}  // namespace
}  // namespace tcptwin::sources
