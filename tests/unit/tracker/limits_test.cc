// SPDX-License-Identifier: MIT
// Memory is bounded, and what the bounds cost is counted.
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

TEST(Limits, evict_the_twin_that_acted_least_recently_and_say_so) {
  TrackerOptions options;
  options.twins = 3;
  Host host(options);
  std::vector<SimulatedSocket> sockets;
  for (std::uint16_t i = 0; i < 4; ++i) {
    sockets.emplace_back(host, static_cast<std::uint16_t>(40000 + i));
    sockets.back().connects();
  }
  EXPECT_EQ(host.tracker.counts().evicted, 1u);
  EXPECT_EQ(host.tracker.counts().twins, 3u);
  ASSERT_EQ(host.findings.losses.size(), 1u);
  EXPECT_EQ(host.findings.losses[0].where, LossPlace::Table);
  // The evicted one comes back as a connection whose beginning is not known.
  sockets[0].gets_syn_ack();
  EXPECT_TRUE(host.findings.steps.back().connection.adopted);
  EXPECT_NE(host.findings.steps.back().verdict, model::Verdict::Divergence);
}

TEST(Limits, of_waiting_steps_judge_the_oldest_early) {
  TrackerOptions options;
  options.pending_steps = 4;
  Host host(options);
  for (std::uint16_t i = 0; i < 20; ++i) {
    SimulatedSocket socket(host, static_cast<std::uint16_t>(40000 + i));
    socket.is_established();
    socket.closes_with_unread_data();
  }
  EXPECT_GT(host.tracker.counts().settled_early, 0u);
  host.settle();
  EXPECT_EQ(host.findings.steps.size(), 60u);
  EXPECT_EQ(host.findings.divergences.size(), 0u);
}

TEST(Limits, of_connects_without_a_port_forget_the_oldest_quietly) {
  TrackerOptions options;
  options.unnamed_connects = 2;
  Host host(options);
  for (int i = 0; i < 10; ++i) SimulatedSocket(host, 0).connects();
  SimulatedSocket named(host, 0);
  named.connects();
  named.tuple.local.port = 40000;
  named.gets_syn_ack();
  EXPECT_EQ(host.tracker.counts().twins, 2u);
  EXPECT_TRUE(host.findings.losses.empty());
  EXPECT_EQ(line(host.findings.steps.back()), "SYN_SENT -> ESTABLISHED synack_accepted conformant");
}

TEST(Limits, of_a_filter_on_ports_make_no_gap_of_what_it_dropped) {
  TrackerOptions options;
  options.unnamed_connects = 2;
  Host host(options);
  SimulatedSocket other(host, 0);
  other.connects();
  other.is_destroyed();  // all in between was filtered out in the kernel
  // tcp_abort() of a listener that the filter hides shows its second event only.
  SimulatedSocket aborted(host, 80, 0, kServer);
  aborted.snapshot.error = 103;
  aborted.changes_to(model::State::Closed, model::Context::Process);
  host.settle();
  EXPECT_EQ(host.findings.count(model::Verdict::Gap), 0u);
  EXPECT_EQ(host.findings.divergences.size(), 0u);
  EXPECT_EQ(host.findings.steps.back().verdict, model::Verdict::Unverified);
}

TEST(Limits, a_minisocket_whose_address_is_reused_while_its_end_waits_is_ended_once) {
  Host host;
  SimulatedSocket first(host, 40000);
  SimulatedSocket second(host, 40001);
  for (SimulatedSocket* socket : {&first, &second}) {
    socket->is_established();
    socket->closes();
    socket->gets_ack_of_fin();
  }
  first.enters_time_wait();
  first.minisocket_timer(TimerOperation::Cancel);
  host.next_address = first.minisocket_address;  // the slab gives the same memory again
  second.enters_time_wait();
  SimulatedSocket third(host, 40002);
  third.connects();
  SimulatedSocket fourth(host, 40003);
  fourth.is_established();
  third.gets_syn_ack();
  host.wait(60s);
  second.minisocket_ends();
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()), "TIME_WAIT -> CLOSE time_wait_expired conformant");
  EXPECT_EQ(host.tracker.counts().time_wait, 0u);
  EXPECT_EQ(host.findings.divergences.size(), 0u);
  EXPECT_EQ(host.findings.count(model::Verdict::Gap), 0u);
}

TEST(Limits, needless_calls_change_nothing) {
  Host host;
  EXPECT_FALSE(host.tracker.next_deadline());
  host.tracker.advance(host.now, host.findings);
  SimulatedSocket client(host);
  client.is_established();
  EXPECT_FALSE(host.tracker.next_deadline());
  client.closes_with_unread_data();
  ASSERT_TRUE(host.tracker.next_deadline());
  host.tracker.advance(host.now, host.findings);
  EXPECT_EQ(host.findings.steps.size(), 2u);
  host.tracker.advance(*host.tracker.next_deadline(), host.findings);
  EXPECT_EQ(host.findings.steps.size(), 3u);
}

TEST(Limits, nothing_is_left_after_the_last_end) {
  Host host;
  for (std::uint16_t i = 0; i < 1000; ++i) {
    SimulatedSocket socket(host, static_cast<std::uint16_t>(20000 + i));
    socket.is_established();
    socket.closes();
    socket.gets_ack_of_fin();
    socket.enters_time_wait();
    socket.is_destroyed();
    host.wait(61s);
    socket.minisocket_ends();
  }
  host.settle();
  EXPECT_EQ(host.tracker.counts().twins, 0u);
  EXPECT_EQ(host.tracker.counts().time_wait, 0u);
  EXPECT_EQ(host.findings.divergences.size(), 0u);
}

}  // namespace
}  // namespace tcptwin::tracker::testing
