// SPDX-License-Identifier: MIT
#include "sinks/life_joiner.h"

#include <gtest/gtest.h>

#include <vector>

#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using std::chrono::milliseconds;

class Joining : public testing::Test {
 protected:
  struct Kept final : tracker::FindingHandler, sinks::LifeReceiver {
    void on_step(const tracker::Step&) override { ++steps; }
    void on_divergence(const tracker::Divergence&) override {}
    void on_loss(const tracker::Loss&) override {}
    void on_call_path(const tracker::CallPath&) override {}
    void on_life_record(const sinks::LifeRecord& record) override { records.push_back(record); }

    std::vector<sinks::LifeRecord> records;
    int steps = 0;
  } kept;
  sinks::LifeJoiner joiner{kept, kept};
};

TEST_F(Joining, both_ends_become_one_record_that_begins_with_who_connected) {
  joiner.on_life(client_life());
  EXPECT_TRUE(kept.records.empty());
  joiner.on_life(served_life());
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_EQ(kept.records[0].life.connection.role, tracker::Role::Active);
  ASSERT_TRUE(kept.records[0].other_end);
  EXPECT_EQ(kept.records[0].other_end->connection.id, served_life().connection.id);
}

TEST_F(Joining, ends_that_shall_stay_apart_are_two_records_at_once) {
  sinks::LifeJoiner apart{kept, kept, sinks::BothEnds::Apart};
  apart.on_life(client_life());
  ASSERT_EQ(kept.records.size(), 1u);
  apart.on_life(served_life());
  ASSERT_EQ(kept.records.size(), 2u);
  EXPECT_FALSE(kept.records[0].other_end || kept.records[1].other_end);
}

TEST_F(Joining, the_order_of_the_ends_does_not_matter) {
  tracker::Life served = served_life();
  served.ended = client_life().ended - milliseconds{1};
  joiner.on_life(served);
  joiner.on_life(client_life());
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_EQ(kept.records[0].life.connection.role, tracker::Role::Active);
  EXPECT_TRUE(kept.records[0].other_end);
}

TEST_F(Joining, the_second_end_need_not_know_the_first) {
  tracker::Life served = served_life();
  served.other_end.reset();
  joiner.on_life(client_life());
  joiner.on_life(served);
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_TRUE(kept.records[0].other_end);
}

TEST_F(Joining, an_end_whose_other_end_is_elsewhere_goes_out_at_once) {
  joiner.on_life(refused_life());
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_FALSE(kept.records[0].other_end);
}

TEST_F(Joining, an_end_whose_other_end_is_gone_does_not_wait) {
  tracker::Life life = client_life();
  life.other_end->is_gone = true;
  joiner.on_life(life);
  EXPECT_EQ(kept.records.size(), 1u);
}

TEST_F(Joining, after_a_second_the_first_end_stands_alone_with_the_latest_state_of_the_other) {
  joiner.on_life(client_life());
  tracker::Step step = child_step();
  step.connection.id = served_life().connection.id;
  step.time = client_life().ended + milliseconds{500};
  step.to = {model::State::CloseWait, model::Holder::Socket};
  joiner.on_step(step);
  EXPECT_TRUE(kept.records.empty());
  joiner.advance(client_life().ended + milliseconds{1001});
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_FALSE(kept.records[0].other_end);
  EXPECT_EQ(kept.records[0].life.other_end->state.state, model::State::CloseWait);
  EXPECT_EQ(kept.steps, 1);
  // The other end, when it comes at last, is a line of its own.
  tracker::Life late = served_life();
  late.ended = client_life().ended + milliseconds{5'000};
  late.other_end->is_gone = true;
  joiner.on_life(late);
  EXPECT_EQ(kept.records.size(), 2u);
}

TEST_F(Joining, nothing_that_waits_is_lost_at_the_end) {
  joiner.on_life(client_life());
  joiner.finish();
  EXPECT_EQ(kept.records.size(), 1u);
}

TEST_F(Joining, what_waits_is_bounded) {
  constexpr std::size_t kMany = 70'000;
  for (std::size_t i = 0; i < kMany; ++i) {
    tracker::Life life = client_life();
    life.connection.id.cookie = 1'000'000 + i;
    life.other_end->id.cookie = 2'000'000 + i;
    joiner.on_life(life);
  }
  EXPECT_EQ(kept.records.size(), kMany - 65'536);
  joiner.finish();
  EXPECT_EQ(kept.records.size(), kMany);
}

}  // namespace
}  // namespace tcptwin::test
