// SPDX-License-Identifier: MIT
// How minisockets end, and that TIME_WAIT lasts as long as it must.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Minisocket : public ::testing::Test {
 protected:
  void reach_time_wait() {
    client.is_established();
    client.closes();
    client.gets_ack_of_fin();
    client.enters_time_wait();
    client.is_destroyed();
  }
  void reach_orphan_fin_wait2() {
    client.is_established();
    client.closes();
    client.gets_ack_of_fin();
    client.is_handed_over();
    client.is_destroyed();
  }
  std::string last_line() {
    host.settle();
    return line(host.findings.steps.back());
  }

  Host host;
  SimulatedSocket client{host};
};

TEST_F(Minisocket, of_an_orphan_times_out_silently) {
  reach_orphan_fin_wait2();
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(last_line(), "FIN_WAIT2 -> CLOSE fin_wait2_timeout deviation L04");
}

TEST_F(Minisocket, in_time_wait_is_assassinated_by_a_rst) {
  reach_time_wait();
  host.wait(1s);
  client.minisocket_gets_rst();
  EXPECT_EQ(last_line(), "TIME_WAIT -> CLOSE time_wait_assassinated deviation L10");
}

TEST_F(Minisocket, in_fin_wait2_is_reset_like_any_connection) {
  reach_orphan_fin_wait2();
  client.minisocket_gets_rst();
  EXPECT_EQ(last_line(), "FIN_WAIT2 -> CLOSE rst_received conformant");
}

TEST_F(Minisocket, that_resets_late_data_is_gone) {
  reach_orphan_fin_wait2();
  ResetSentObserved reset{};
  reset.time = host.now;
  reset.socket = {client.reference.cookie, client.minisocket_address};
  reset.tuple = client.tuple;
  reset.holder = model::Holder::Minisocket;
  reset.answers_segment = true;
  host.see(reset);
  client.minisocket_timer(TimerOperation::Cancel);
  EXPECT_EQ(last_line(), "FIN_WAIT2 -> CLOSE minisock_reset_peer deviation L50");
}

TEST_F(Minisocket, is_reopened_by_a_syn) {
  SimulatedSocket listener(host, client.tuple.local.port, 0, kServer);
  listener.listens();
  reach_time_wait();
  host.wait(1s);
  client.minisocket_timer(TimerOperation::Cancel);
  SimulatedRequest request(listener, client.tuple.remote.port);
  request.tuple = client.tuple;
  request.arrives();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ::testing::Contains("TIME_WAIT -> CLOSE time_wait_reopened_by_syn deviation L09"));
  EXPECT_EQ(line(host.findings.steps.back()), "LISTEN -> NEW_SYN_RECV syn_received conformant");
}

TEST_F(Minisocket, is_reused_by_connect) {
  reach_time_wait();
  host.wait(2s);
  SimulatedSocket again(host, 0, client.tuple.remote.port);
  again.connects();
  client.minisocket_timer(TimerOperation::Cancel);
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ::testing::Contains("TIME_WAIT -> CLOSE time_wait_reused_by_connect deviation L08"));
}

TEST_F(Minisocket, is_reused_by_a_connection_that_is_over_before_its_end_is_judged) {
  reach_time_wait();
  host.wait(2s);
  SimulatedSocket again(host, 0, client.tuple.remote.port);
  again.connects();
  client.minisocket_timer(TimerOperation::Cancel);
  again.tuple.local.port = client.tuple.local.port;
  again.gets_syn_ack();
  again.closes();
  again.gets_ack_of_fin();
  host.next_address = client.minisocket_address;  // and its minisocket gets the same memory
  again.enters_time_wait();
  again.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ::testing::Contains("TIME_WAIT -> CLOSE time_wait_reused_by_connect deviation L08"));
  EXPECT_EQ(last_line(), "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant");
  EXPECT_EQ(host.tracker.counts().time_wait, 1u);
}

TEST_F(Minisocket, that_vanishes_without_a_reason_was_killed) {
  reach_time_wait();
  client.minisocket_timer(TimerOperation::Cancel);
  EXPECT_EQ(last_line(), "TIME_WAIT -> CLOSE minisock_killed deviation L46");
}

TEST_F(Minisocket, that_ignored_a_rst_and_is_killed_later_was_killed) {
  reach_time_wait();
  host.see(MinisocketSegment{host.now,
                             {client.reference.cookie, client.minisocket_address},
                             client.tuple,
                             client.substate,
                             false,
                             false,
                             true});
  host.wait(1s);
  client.minisocket_timer(TimerOperation::Cancel);
  EXPECT_EQ(last_line(), "TIME_WAIT -> CLOSE minisock_killed deviation L46");
}

// Nothing shows what reaches a minisocket; the client has closed, and its FIN is acknowledged.
class MinisocketBefore611 : public ::testing::Test {
 protected:
  MinisocketBefore611() {
    client.is_established();
    client.closes();
    client.gets_ack_of_fin();
  }
  static TrackerOptions options() {
    TrackerOptions result;
    result.shows_minisocket_segments = false;
    return result;
  }

  Host host{options()};
  SimulatedSocket client{host};
};

TEST_F(MinisocketBefore611, that_vanishes_without_a_reason_accuses_nobody) {
  client.enters_time_wait();
  client.minisocket_timer(TimerOperation::Cancel);
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()), "TIME_WAIT -> CLOSE minisock_killed unverified");
}

TEST_F(MinisocketBefore611, of_an_orphan_that_vanishes_has_an_unknown_end) {
  client.is_handed_over();
  client.minisocket_timer(TimerOperation::Cancel);
  host.settle();
  ASSERT_EQ(host.findings.lives.size(), 1u);
  EXPECT_EQ(host.findings.lives[0].ending.by, model::EndedBy::Unknown);
  EXPECT_EQ(host.findings.lives[0].ending.why, model::Cause::MinisockKilled);
}

TEST_F(Minisocket, survives_a_restart_of_its_timer) {
  reach_time_wait();
  host.wait(30s);
  client.minisocket_restarts();
  host.wait(60s);
  client.minisocket_ends();
  EXPECT_EQ(last_line(), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_THAT(host.findings.steps, SizeIs(6));
  EXPECT_THAT(host.findings.divergences, IsEmpty());
}

TEST_F(Minisocket, learns_of_a_fin_from_its_substate_where_segments_are_not_shown) {
  reach_orphan_fin_wait2();
  host.wait(60s);
  client.substate = model::State::TimeWait;
  client.minisocket_ends();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ::testing::Contains("FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"));
  EXPECT_EQ(line(host.findings.steps.back()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
}

TEST_F(Minisocket, that_expires_too_early_is_a_timer_violation) {
  reach_time_wait();
  host.wait(20s);
  client.minisocket_ends();
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  const Divergence& divergence = host.findings.divergences[0];
  EXPECT_EQ(divergence.kind, model::DivergenceKind::TimerViolation);
  EXPECT_LT(*divergence.measured, 21s);
  EXPECT_EQ(*divergence.lower_bound, 59500ms);
  EXPECT_EQ(host.findings.steps.back().verdict, model::Verdict::Divergence);
}

TEST_F(Minisocket, that_outlives_its_bound_is_a_timer_violation) {
  reach_time_wait();
  host.wait(90s);
  client.minisocket_ends();
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, model::DivergenceKind::TimerViolation);
}

TEST_F(Minisocket, older_than_the_tracer_can_be_reused_by_connect) {
  SimulatedSocket again(host, 0, client.tuple.remote.port);
  client.minisocket_address = 0xffff'8880'dead'0000;
  again.connects();
  client.minisocket_timer(TimerOperation::Cancel);
  again.tuple.local.port = client.tuple.local.port;
  again.gets_syn_ack();
  again.gets_rst();
  again.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ::testing::Contains("TIME_WAIT -> CLOSE time_wait_reused_by_connect deviation L08"));
}

TEST_F(Minisocket, older_than_the_tracer_ends_without_an_accusation) {
  client.starts_minisocket(model::State::TimeWait);
  host.findings = {};
  Host fresh;
  SimulatedSocket unknown(fresh);
  unknown.minisocket_address = 0xffff'8880'dead'0000;
  unknown.minisocket_ends();
  fresh.settle();
  ASSERT_THAT(fresh.findings.steps, SizeIs(1));
  EXPECT_EQ(line(fresh.findings.steps[0]), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_TRUE(fresh.findings.steps[0].connection.adopted);
  EXPECT_THAT(fresh.findings.divergences, IsEmpty());
}

// On 5.10 the socket's address stands in for the cookie, and serves the next socket at once.
TEST(WithoutCookies, two_connections_at_one_address_have_two_ids) {
  Host host;
  for (const int port : {40000, 40001}) {
    SimulatedSocket client(host, static_cast<std::uint16_t>(port));
    client.reference = {0, 0xffff'8880'1234'0000};
    client.is_established();
    client.closes();
    client.gets_ack_of_fin();
    client.enters_time_wait();
    client.is_destroyed();
  }
  host.settle();
  EXPECT_EQ(host.findings.count(model::Verdict::Gap), 0u);
  std::set<ConnectionId> distinct;
  for (const Step& step : host.findings.steps) distinct.insert(step.connection.id);
  EXPECT_THAT(distinct, SizeIs(2));
}

}  // namespace
}  // namespace tcptwin::tracker::testing
