// SPDX-License-Identifier: MIT
// The one record a finished connection leaves: who, how, why, and what is known of its past.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> lives(const Host& host) {
  std::vector<std::string> lines;
  for (const Life& life : host.findings.lives) lines.push_back(line(life));
  return lines;
}

TEST(LifeSummary, of_a_client_is_told_when_it_enters_time_wait_and_only_once) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  host.wait(30ms);
  client.gets_syn_ack();
  client.has_sent(100);
  client.receives(5000);
  host.wait(1s);
  client.closes();
  client.gets_ack_of_fin();
  host.wait(200ms);
  client.enters_time_wait();
  client.is_destroyed();
  ASSERT_THAT(lives(host),
              ElementsAre("local fin local_close: SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 "
                          "TIME_WAIT"));
  const Life& life = host.findings.lives[0];
  EXPECT_EQ(life.bytes_out, 100u);
  EXPECT_EQ(life.bytes_in, 5000u);
  EXPECT_EQ(life.iss, 1000u);
  EXPECT_EQ(life.irs, 5000u);
  EXPECT_EQ(to_us(*life.handshake), 30'010);
  EXPECT_EQ(life.owners.creator.actor.comm, kClient.comm);
  EXPECT_EQ(life.owners.creator.confidence, OwnerConfidence::Acted);
  EXPECT_EQ(life.owners.closer.actor.comm, kClient.comm);
  ASSERT_TRUE(life.half_closed);
  EXPECT_TRUE(life.half_closed->by_local);
  EXPECT_GE(life.half_closed->span, 200ms);
  EXPECT_EQ(life.half_closed->bytes, 0u);
  EXPECT_GE(*life.path[1].span, 1s);
  EXPECT_FALSE(life.path[4].span);  // TIME_WAIT lasts
  host.wait(60s);
  client.minisocket_ends();
  host.settle();
  EXPECT_THAT(host.findings.lives, SizeIs(1));
}

TEST(LifeSummary, of_an_orphan_keeps_the_verdict_of_the_handover) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.gets_ack_of_fin();
  client.is_handed_over();
  client.is_destroyed();
  host.wait(5ms);
  client.minisocket_gets_fin();
  host.settle();
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  EXPECT_EQ(host.findings.lives[0].verdict, model::Verdict::Deviation);  // L03
}

TEST(LifeSummary, of_a_server_counts_from_the_syn_and_names_who_closed) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  host.wait(30ms);
  const Actor worker{81, 81, 33, Comm{"worker"}};
  SimulatedSocket child(host, 80, 40000, worker);
  request.becomes(child);
  child.receives(7);
  host.wait(1s);
  child.gets_fin();
  host.wait(3s);
  child.has_sent(11);
  child.closes();
  child.gets_ack_of_last_fin();
  child.is_destroyed();
  host.settle();
  ASSERT_THAT(lives(host),
              ElementsAre("remote fin fin_received: NEW_SYN_RECV SYN_RECV ESTABLISHED CLOSE_WAIT "
                          "LAST_ACK"));
  const Life& life = host.findings.lives[0];
  EXPECT_GE(*life.handshake, 30ms);
  EXPECT_LT(*life.handshake, 31ms);
  EXPECT_EQ(life.owners.creator.actor.comm, kServer.comm);
  EXPECT_EQ(life.owners.creator.confidence, OwnerConfidence::Listener);
  EXPECT_EQ(life.owners.closer.actor.comm, worker.comm);
  EXPECT_EQ(life.bytes_in, 7u);
  EXPECT_EQ(life.bytes_out, 11u);
  ASSERT_TRUE(life.half_closed);
  EXPECT_FALSE(life.half_closed->by_local);
  EXPECT_EQ(life.half_closed->bytes, 11u);
  ASSERT_TRUE(life.accept_wait_at_most);
  EXPECT_GE(*life.accept_wait_at_most, 1s);  // accept() is only seen at the next event
  EXPECT_FALSE(life.never_accepted);
}

TEST(LifeSummary, of_a_reset_has_no_closer) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_rst();
  client.is_destroyed();
  host.settle();
  ASSERT_THAT(lives(host), ElementsAre("remote rst_received rst_received: SYN_SENT ESTABLISHED"));
  EXPECT_FALSE(host.findings.lives[0].owners.closer.is_known());
  EXPECT_EQ(host.findings.lives[0].owners.best().actor.comm, kClient.comm);
}

TEST(LifeSummary, of_a_refused_connect_and_of_a_half_open_connection) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_rst();
  client.is_destroyed();
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  request.times_out_and_is_sent_again(1);
  request.timer(TimerOperation::Cancel);
  request.timer(TimerOperation::Expire);
  host.settle();
  EXPECT_THAT(lives(host), ElementsAre("remote refused rst_received: SYN_SENT",
                                       "kernel timeout request_timeout: NEW_SYN_RECV"));
  EXPECT_EQ(host.findings.lives[1].synack_retransmits, 1);
}

TEST(LifeSummary, follows_the_orphan_into_its_minisocket) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.gets_ack_of_fin();
  client.is_handed_over();
  client.is_destroyed();
  host.settle();
  EXPECT_THAT(lives(host), IsEmpty());  // the peer's FIN may still come
  client.minisocket_ends();
  host.settle();
  EXPECT_THAT(lives(host), ElementsAre("kernel timeout fin_wait2_timeout: SYN_SENT ESTABLISHED "
                                       "FIN_WAIT1 FIN_WAIT2 FIN_WAIT2"));
}

TEST(LifeSummary, of_both_ends_at_once_is_both) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.gets_fin();
  client.enters_time_wait();
  host.settle();
  EXPECT_THAT(lives(host), ElementsAre("both fin fin_received_before_ack: SYN_SENT ESTABLISHED "
                                       "FIN_WAIT1 CLOSING TIME_WAIT"));
}

TEST(LifeSummary, after_a_loss_says_that_the_end_was_not_seen) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.is_destroyed();  // everything between was lost
  host.settle();
  ASSERT_THAT(lives(host), ElementsAre("unknown unknown resynchronised: SYN_SENT ESTABLISHED"));
  EXPECT_EQ(host.findings.lives[0].verdict, model::Verdict::Gap);
}

TEST(LifeSummary, of_one_socket_that_connects_twice_is_two) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_rst();
  client.connects();
  client.gets_syn_ack();
  client.gets_rst();
  host.settle();
  ASSERT_THAT(lives(host), ElementsAre("remote refused rst_received: SYN_SENT",
                                       "remote rst_received rst_received: SYN_SENT ESTABLISHED"));
  EXPECT_EQ(host.findings.lives[1].connection.id.generation, 2u);
}

TEST(LifeSummary, of_a_child_nobody_accepted_says_so) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  SimulatedSocket child(host, 80, 40000, kServer);
  child.accepts = false;
  request.becomes(child);
  host.wait(2s);
  child.gets_rst();
  child.is_destroyed();
  host.settle();
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  EXPECT_TRUE(host.findings.lives[0].never_accepted);
  EXPECT_GE(*host.findings.lives[0].accept_wait_at_least, 2s);
  EXPECT_FALSE(host.findings.lives[0].accept_wait_at_most);
}

}  // namespace
}  // namespace tcptwin::tracker::testing
