// SPDX-License-Identifier: MIT
// What hooks on the kernel's functions show (T2) leads to the same steps as the timers do (T0).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExactTier : public ::testing::Test {
 protected:
  ExactTier() { host.exact = true; }
  void reach(model::State substate) {
    client.is_established();
    client.closes();
    client.gets_ack_of_fin();
    substate == model::State::TimeWait ? client.enters_time_wait() : client.is_handed_over();
    client.is_destroyed();
  }
  const Step& last_step() {
    host.settle();
    return host.findings.steps.back();
  }

  Host host;
  SimulatedSocket client{host};
  SimulatedSocket listener{host, 80, 0, kServer};
};

TEST_F(ExactTier, expiry_alone_ends_a_time_wait) {
  reach(model::State::TimeWait);
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(line(last_step()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_EQ(last_step().observed_by, ObservedBy::Exact);
  EXPECT_EQ(host.tracker.counts().time_wait, 0u);
}

TEST_F(ExactTier, expiry_alone_ends_an_orphans_fin_wait2) {
  reach(model::State::FinWait2);
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(line(last_step()), "FIN_WAIT2 -> CLOSE fin_wait2_timeout deviation L04");
}

TEST_F(ExactTier, restart_at_a_fin_is_the_moment_of_the_fin) {
  reach(model::State::FinWait2);
  host.wait(10s);
  client.substate = model::State::TimeWait;
  client.minisocket_restarts();
  EXPECT_EQ(line(last_step()), "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant");
  EXPECT_EQ(last_step().observed_by, ObservedBy::Exact);
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(line(last_step()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_THAT(host.findings.divergences, IsEmpty());
}

TEST_F(ExactTier, restart_of_a_time_wait_is_no_end) {
  reach(model::State::TimeWait);
  const std::size_t steps = (host.settle(), host.findings.steps.size());
  host.wait(30s);
  client.minisocket_restarts();
  host.settle();
  EXPECT_THAT(host.findings.steps, SizeIs(steps));
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(line(last_step()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
}

TEST_F(ExactTier, cancellation_is_always_an_end) {
  reach(model::State::TimeWait);
  client.minisocket_gets_rst();
  EXPECT_EQ(line(last_step()), "TIME_WAIT -> CLOSE time_wait_assassinated deviation L10");
}

TEST_F(ExactTier, expiry_of_a_time_wait_older_than_the_tracer_still_shows) {
  client.minisocket_address = 0xffff'8880'dead'0000;
  client.minisocket_ends();
  EXPECT_EQ(line(last_step()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_TRUE(last_step().connection.adopted);
}

TEST_F(ExactTier, request_is_kept_while_its_timer_is_set_again_and_given_up_otherwise) {
  listener.listens();
  SimulatedRequest request(listener, 40001);
  request.arrives();
  host.wait(1s);
  request.times_out_and_is_sent_again(1);
  host.settle();
  EXPECT_EQ(host.tracker.counts().half_open, 1u);
  host.wait(2s);
  request.times_out();
  EXPECT_EQ(line(last_step()), "NEW_SYN_RECV -> CLOSE request_timeout conformant");
  EXPECT_EQ(host.tracker.counts().half_open, 0u);
}

TEST_F(ExactTier, timer_that_is_said_to_be_set_again_after_the_end_begins_nothing) {
  listener.listens();
  SimulatedRequest request(listener, 40001);
  SimulatedSocket child(host, 80, 40001, kServer);
  request.arrives();
  host.wait(1s);
  request.times_out();
  request.becomes(child);  // on another processor, before the handler's hook could speak
  request.timer(TimerOperation::Start, 1);
  host.settle();
  EXPECT_EQ(host.tracker.counts().half_open, 0u);
  EXPECT_THAT(host.findings.lines(),
              Contains("NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12"));
  EXPECT_THAT(host.findings.lines_of(child.id()), IsEmpty());  // it kept the request's id
}

TEST_F(ExactTier, half_open_connection_that_changes_its_listener_stays_half_open) {
  listener.listens();
  SimulatedRequest request(listener, 40001);
  SimulatedRequest copy(listener, 40001);
  request.arrives();
  host.wait(1s);
  request.times_out();
  copy.timer(TimerOperation::Start, 1);
  host.settle();
  EXPECT_EQ(host.tracker.counts().half_open, 1u);
}

TEST_F(ExactTier, accept_tells_the_moment_and_the_process) {
  listener.listens();
  SimulatedRequest request(listener, 40001);
  SimulatedSocket child(host, 80, 40001, kServer);
  child.accepts = false;
  request.arrives();
  request.becomes(child);
  host.wait(30ms);
  constexpr Actor kWorker{81, 81, 33, Comm{"worker"}};
  child.is_accepted_by(kWorker);
  host.wait(1s);
  child.snapshot.has_socket = true;
  child.gets_rst();
  child.is_destroyed();
  host.settle();
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  const Life& life = host.findings.lives[0];
  ASSERT_TRUE(life.accept_wait_at_least);
  EXPECT_EQ(life.accept_wait_at_least, life.accept_wait_at_most);
  EXPECT_GE(*life.accept_wait_at_least, Duration{30ms});
  EXPECT_LT(*life.accept_wait_at_least, Duration{31ms});
  EXPECT_FALSE(life.never_accepted);
  EXPECT_EQ(life.owners.last_user.actor.pid, 81u);
  EXPECT_EQ(life.owners.last_user.confidence, OwnerConfidence::LastUser);
}

TEST_F(ExactTier, accept_of_a_socket_that_nobody_knows_is_left_alone) {
  SimulatedSocket stranger(host, 80, 40002, kServer);
  stranger.is_accepted_by(kServer);
  host.settle();
  EXPECT_THAT(host.findings.steps, IsEmpty());
}

}  // namespace
}  // namespace tcptwin::tracker::testing
