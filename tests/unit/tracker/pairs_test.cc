// SPDX-License-Identifier: MIT
// Connections whose two ends are on this host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// A client and the server's end of the same connection, both established.
struct BothEnds {
  explicit BothEnds(Host& host)
      : listener(host, 80, 0, kServer), client(host, 40000, 80), server(host, 80, 40000, kServer) {
    listener.listens();
    client.connects();
    server.mirrors(client);
    server.is_born_of(listener);
    server.tuple.local = client.tuple.remote;
    client.gets_syn_ack();
    server.gets_handshake_ack();
  }
  SimulatedSocket listener;
  SimulatedSocket client;
  SimulatedSocket server;
};

TEST(Pairs, find_each_other_by_their_sequence_numbers) {
  Host host;
  BothEnds ends(host);
  std::size_t paired = 0;
  host.tracker.visit([&](const TwinView& twin) { paired += twin.other_end ? 1u : 0u; });
  EXPECT_EQ(paired, 2u);
  ends.client.closes();
  ends.server.gets_fin();
  ends.client.gets_ack_of_fin();
  ends.server.closes();
  ends.client.enters_time_wait();
  ends.client.is_destroyed();
  ends.server.gets_ack_of_last_fin();
  ends.server.is_destroyed();
  host.settle();
  ASSERT_THAT(host.findings.lives, SizeIs(2));
  ASSERT_TRUE(host.findings.lives[0].other_end);
  ASSERT_TRUE(host.findings.lives[1].other_end);
  EXPECT_EQ(host.findings.lives[0].other_end->id, ends.server.id());
  EXPECT_EQ(host.findings.lives[1].other_end->id, ends.client.id());
  EXPECT_EQ(host.findings.lives[0].other_end->owner.actor.comm, kServer.comm);
  EXPECT_EQ(host.findings.lives[0].iss, host.findings.lives[1].irs);
  EXPECT_THAT(host.findings.stuck, IsEmpty());
}

TEST(Pairs, strangers_with_other_numbers_are_not_joined) {
  Host host;
  BothEnds ends(host);
  SimulatedSocket stranger(host, 40001, 80);
  stranger.is_established();  // same numbers as the client: not the other end's
  std::size_t paired = 0;
  host.tracker.visit([&](const TwinView& twin) { paired += twin.other_end ? 1u : 0u; });
  EXPECT_EQ(paired, 2u);
}

TEST(Pairs, an_end_that_is_left_alone_is_said) {
  Host host;
  BothEnds ends(host);
  ends.client.snapshot.error = 110;
  ends.client.snapshot.retransmits = 8;
  ends.client.snapshot.write_seq = SequenceNumber{1101};
  ends.client.changes_to(model::State::Closed);
  ends.client.is_destroyed();
  host.settle();
  host.wait(11s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::OtherEndGone);
  EXPECT_EQ(host.findings.stuck[0].connection.id, ends.server.id());
}

TEST(Pairs, states_that_cannot_occur_together_diverge_when_two_censuses_show_them) {
  Host host;
  BothEnds ends(host);
  ends.client.closes();
  ends.client.gets_ack_of_fin();  // although the server never got the FIN
  host.wait(1s);
  const auto look = [&] {
    host.census(
        {ends.listener.as_it_exists(), ends.client.as_it_exists(), ends.server.as_it_exists()});
  };
  look();
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_TRUE(host.tracker.wants_census());
  look();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, model::DivergenceKind::PairInconsistent);
}

TEST(Pairs, a_leak_is_consistent) {
  Host host;
  BothEnds ends(host);
  ends.client.closes();
  ends.server.gets_fin();
  ends.client.gets_ack_of_fin();
  host.wait(1s);
  for (int i = 0; i < 3; ++i) {
    host.census(
        {ends.listener.as_it_exists(), ends.client.as_it_exists(), ends.server.as_it_exists()});
  }
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_FALSE(host.tracker.wants_census());
}

}  // namespace
}  // namespace tcptwin::tracker::testing
