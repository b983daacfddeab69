// SPDX-License-Identifier: MIT
// FindingFilter where the subject is whole connections, or what is stuck.
#include <gtest/gtest.h>

#include "sinks/finding_filter.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using sinks::FindingConditions;
using sinks::Subject;

struct Counted final : tracker::FindingHandler, sinks::LifeReceiver {
  void on_step(const tracker::Step&) override { ++steps; }
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  void on_stuck(const tracker::Stuck&) override { ++stuck; }
  void on_adopted(const tracker::Adopted&) override { ++adopted; }
  void on_life_record(const sinks::LifeRecord&) override { ++lives; }

  int steps = 0;
  int stuck = 0;
  int adopted = 0;
  int lives = 0;
};

// Of client (joined with its server), refused, adopted, half-open and lingering.
int shown(FindingConditions conditions) {
  Counted counted;
  conditions.subject = Subject::Lives;
  sinks::FindingFilter filter{std::move(conditions), counted, &counted};
  for (const sinks::LifeRecord& record : life_records()) filter.on_life_record(record);
  EXPECT_EQ(filter.seen(), 5u);
  EXPECT_EQ(filter.shown(), static_cast<std::uint64_t>(counted.lives));
  return counted.lives;
}

TEST(LifeFilter, nothing_asked_lets_everything_pass) {
  EXPECT_EQ(shown({}), 5);
}

TEST(LifeFilter, endings_are_chosen_by_who_how_and_why) {
  EXPECT_EQ(shown({.closed_by = {model::EndedBy::Kernel}}), 2);
  EXPECT_EQ(shown({.how = {model::EndedHow::Refused}}), 1);
  EXPECT_EQ(shown({.why = {model::Cause::KeepaliveTimeout, model::Cause::RequestTimeout}}), 2);
  EXPECT_EQ(shown({.closed_by = {model::EndedBy::Kernel}, .how = {model::EndedHow::Refused}}), 0);
}

TEST(LifeFilter, either_end_of_a_joined_connection_may_match) {
  EXPECT_EQ(shown({.local_ports = {443}}), 3);  // the joined one, half-open, lingering
  EXPECT_EQ(shown({.comms = {"nginx"}}), 3);
  EXPECT_EQ(shown({.why = {model::Cause::LocalClose}}), 1);
}

TEST(LifeFilter, a_shortest_duration_takes_lower_bounds_as_they_are) {
  EXPECT_EQ(shown({.min_duration = std::chrono::seconds{60}}), 2);
  EXPECT_EQ(shown({.min_duration = std::chrono::milliseconds{100}}), 4);
}

TEST(LifeFilter, a_process_is_found_in_every_part_it_plays) {
  EXPECT_EQ(shown({.pid = 101}), 2);
  EXPECT_EQ(shown({.pid = 99}), 3);
  EXPECT_EQ(shown({.pid = 1}), 0);
}

TEST(LifeFilter, the_limit_counts_connections) {
  EXPECT_EQ(shown({.limit = 2}), 2);
}

TEST(LifeFilter, steps_are_no_business_of_a_command_about_lives) {
  Counted counted;
  sinks::FindingFilter filter{{.subject = Subject::Lives}, counted, &counted};
  filter.on_step(synack_step());
  filter.on_stuck(close_wait_stuck());
  EXPECT_EQ(counted.steps + counted.stuck, 0);
  EXPECT_EQ(filter.seen(), 0u);
}

TEST(LifeFilter, a_followed_process_keeps_its_connection_to_the_end) {
  Counted counted;
  sinks::FindingFilter filter{{.pid = 812, .subject = Subject::Lives}, counted, &counted};
  filter.on_step(synack_step());  // 812 acts on the connection
  tracker::Life life = client_life();
  life.owners = {};
  filter.on_life_record({life});
  EXPECT_EQ(counted.lives, 1);
}

TEST(StuckFilter, ports_states_and_owners_narrow_what_is_stuck) {
  const auto count = [](FindingConditions conditions) {
    Counted counted;
    conditions.subject = Subject::Stuck;
    sinks::FindingFilter filter{std::move(conditions), counted};
    for (const auto& stuck : {close_wait_stuck(), half_open_stuck(), last_ack_stuck()}) {
      filter.on_stuck(stuck);
    }
    return counted.stuck;
  };
  EXPECT_EQ(count({}), 3);
  EXPECT_EQ(count({.comms = {"nginx"}}), 2);
  EXPECT_EQ(count({.remote_ports = {33012}}), 2);
  EXPECT_EQ(count({.states = {{model::State::LastAck, model::Holder::Socket}}}), 1);
  EXPECT_EQ(count({.limit = 1}), 1);
}

TEST(TraceFilter, adopted_connections_pass_the_same_filter) {
  Counted counted;
  sinks::FindingFilter everything{{}, counted};
  everything.on_adopted(adopted());
  sinks::FindingFilter elsewhere{{.local_ports = {1}}, counted};
  elsewhere.on_adopted(adopted());
  sinks::FindingFilter resets{{.causes = {model::Cause::RstReceived}}, counted};
  resets.on_adopted(adopted());
  EXPECT_EQ(counted.adopted, 1);
}

}  // namespace
}  // namespace tcptwin::test
