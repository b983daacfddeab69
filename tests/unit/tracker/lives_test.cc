// SPDX-License-Identifier: MIT
// Whole lives of connections: each must show exactly its path, its causes and its verdicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Life, of_a_client_that_closes_first_passes_through_time_wait) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.gets_ack_of_fin();
  client.enters_time_wait();
  client.is_destroyed();
  host.wait(60s);
  client.minisocket_ends();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> SYN_SENT active_open conformant",
                          "SYN_SENT -> ESTABLISHED synack_accepted conformant",
                          "ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                          "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant",
                          "TIME_WAIT -> CLOSE time_wait_expired conformant"));
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_EQ(host.tracker.counts().twins, 0u);
}

TEST(Life, of_an_orphan_waits_for_the_fin_in_a_minisocket) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.gets_ack_of_fin();
  client.is_handed_over();
  client.is_destroyed();
  host.wait(5ms);
  client.minisocket_gets_fin();
  host.wait(60s);
  client.minisocket_ends();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> SYN_SENT active_open conformant",
                          "SYN_SENT -> ESTABLISHED synack_accepted conformant",
                          "ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                          "FIN_WAIT2 -> FIN_WAIT2 orphan_fin_wait2_handover deviation L03",
                          "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant",
                          "TIME_WAIT -> CLOSE time_wait_expired conformant"));
}

TEST(Life, of_a_server_begins_half_open_and_ends_with_the_last_ack) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  host.wait(30ms);
  SimulatedSocket child(host, 80, 40000, kServer);
  request.becomes(child);
  child.gets_fin();
  child.closes();
  child.gets_ack_of_last_fin();
  child.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> LISTEN passive_open conformant",
                          "LISTEN -> NEW_SYN_RECV syn_received conformant",
                          "NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12",
                          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant",
                          "ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                          "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                          "LAST_ACK -> CLOSE last_ack_received conformant"));
  // One connection, one id, and the round trip of the SYN+ACK as the handshake's time.
  const auto& steps = host.findings.steps;
  for (std::size_t i = 2; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].connection.id, steps[1].connection.id) << line(steps[i]);
    EXPECT_EQ(steps[i].connection.role, Role::Passive);
  }
  EXPECT_GE(*steps[2].dwell, 30ms);
  EXPECT_EQ(host.tracker.counts().half_open, 0u);
}

TEST(Life, names_the_listeners_process_until_the_server_acts_and_never_the_bystander) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  SimulatedSocket child(host, 80, 40000, kClient);  // in softirq the client happens to be current
  request.becomes(child);
  child.gets_fin();
  child.actor = kServer;
  child.closes();
  host.settle();
  const auto& steps = host.findings.steps;
  ASSERT_EQ(steps.size(), 6u);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(steps[i].owner.actor.comm.view(), "nginx") << line(steps[i]);
    EXPECT_EQ(steps[i].owner.confidence, OwnerConfidence::Listener) << line(steps[i]);
  }
  EXPECT_EQ(steps[5].owner.confidence, OwnerConfidence::Acted);
}

TEST(Life, of_a_refused_connect) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_rst();
  client.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(), ElementsAre("CLOSE -> SYN_SENT active_open conformant",
                                                 "SYN_SENT -> CLOSE rst_received conformant"));
}

TEST(Life, of_a_socket_with_two_connections_counts_generations) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_rst();
  host.settle();
  client.connects();
  client.gets_syn_ack();
  host.settle();
  ASSERT_EQ(host.findings.steps.size(), 4u);
  EXPECT_EQ(host.findings.steps[0].connection.id.generation, 1u);
  EXPECT_EQ(host.findings.steps[3].connection.id.generation, 2u);
  EXPECT_EQ(host.findings.count(model::Verdict::Conformant), 4u);
  EXPECT_EQ(host.tracker.counts().connections, 2u);
}

TEST(Life, of_a_simultaneous_open_and_close) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_syn();
  client.gets_handshake_ack();
  client.closes();
  client.gets_fin();
  client.enters_time_wait();
  client.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> SYN_SENT active_open conformant",
                          "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant",
                          "ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                          "CLOSING -> TIME_WAIT time_wait_entered conformant"));
}

TEST(Life, of_a_half_close_ends_with_the_self_loop_of_close) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.shuts_down();
  client.gets_ack_of_fin();
  client.closes_again();
  host.settle();
  EXPECT_THAT(host.findings.lines_of(client.id()),
              ::testing::Contains("FIN_WAIT2 -> FIN_WAIT2 close_after_shutdown deviation L32"));
}

TEST(Life, ended_by_close_with_unread_data_waits_for_the_rst_that_proves_it) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes_with_unread_data();
  EXPECT_EQ(host.findings.steps.size(), 2u) << "judged before its evidence was complete";
  client.is_destroyed();
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()), "ESTABLISHED -> CLOSE close_unread_abort conformant");
}

TEST(Life, keeps_the_kernels_order_although_some_steps_wait) {
  Host host;
  SimulatedSocket aborting(host, 40000);
  SimulatedSocket other(host, 40001);
  aborting.is_established();
  aborting.closes_with_unread_data();
  other.connects();
  EXPECT_EQ(host.findings.steps.size(), 2u);
  host.settle();
  ASSERT_EQ(host.findings.steps.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_LE(host.findings.steps[i - 1].time, host.findings.steps[i].time);
  }
}

TEST(Life, that_began_before_the_tracer_is_adopted_with_a_lower_bound) {
  Host host;
  host.status();
  host.wait(2s);
  SimulatedSocket client(host);
  client.state = model::State::Established;
  client.generation = 1;
  client.closes();
  host.settle();
  ASSERT_EQ(host.findings.steps.size(), 1u);
  const Step& step = host.findings.steps[0];
  EXPECT_TRUE(step.connection.adopted);
  EXPECT_FALSE(step.dwell);
  ASSERT_TRUE(step.dwell_at_least);
  EXPECT_GE(*step.dwell_at_least, 2s);
  EXPECT_EQ(host.tracker.counts().adopted, 1u);
}

TEST(Life, measures_the_time_in_each_state) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  host.wait(7ms);
  client.gets_syn_ack();
  host.wait(3s);
  client.closes();
  host.settle();
  EXPECT_FALSE(host.findings.steps[0].dwell);
  EXPECT_NEAR(static_cast<double>(to_us(*host.findings.steps[1].dwell)), 7010.0, 1.0);
  EXPECT_NEAR(static_cast<double>(to_us(*host.findings.steps[2].dwell)), 3'000'010.0, 1.0);
}

}  // namespace
}  // namespace tcptwin::tracker::testing
