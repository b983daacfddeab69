// SPDX-License-Identifier: MIT
// Adoption of what was there before, and reconciliation: after a census the mirror is the kernel's
// table, and nothing was called a divergence on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What the mirror holds, as "STATE local_port".
std::multiset<std::string> mirror_of(const Host& host) {
  std::multiset<std::string> all;
  host.tracker.visit([&](const TwinView& twin) {
    all.insert(std::string{name(twin.state)} + " " +
               std::to_string(twin.connection.tuple.local.port));
  });
  return all;
}

SimulatedSocket older_socket(Host& host, model::State state, std::uint16_t port) {
  SimulatedSocket socket(host, port);
  socket.generation = 1;
  socket.state = state;
  socket.snapshot.segs_in = 5;
  socket.snapshot.segs_out = 5;
  return socket;
}

TEST(Census, adopts_what_is_older_than_the_tracer_and_follows_it_to_its_end) {
  Host host;
  SimulatedSocket client = older_socket(host, model::State::Established, 40000);
  host.wait(5s);
  host.census({client.as_it_exists()}, {{host.now, client.reference, kClient, 3}});
  ASSERT_THAT(host.findings.adopted, SizeIs(1));
  EXPECT_EQ(host.findings.adopted[0].owners.last_user.actor.comm, kClient.comm);
  EXPECT_EQ(host.findings.adopted[0].owners.last_user.confidence, OwnerConfidence::Holder);
  ASSERT_THAT(host.findings.reconciliations, SizeIs(1));
  EXPECT_EQ(host.findings.reconciliations[0].adopted, 1u);
  EXPECT_EQ(host.findings.reconciliations[0].missing, 0u);
  EXPECT_TRUE(host.findings.reconciliations[0].is_complete);

  host.wait(10s);
  client.closes();
  client.gets_ack_of_fin();
  client.enters_time_wait();
  client.is_destroyed();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                          "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"));
  EXPECT_FALSE(host.findings.steps[0].dwell);
  EXPECT_GE(*host.findings.steps[0].dwell_at_least, 10s);
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  EXPECT_EQ(line(host.findings.lives[0]),
            "local fin local_close: ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT");
  EXPECT_GE(*host.findings.lives[0].duration_at_least, 10s);
  EXPECT_FALSE(host.findings.lives[0].duration);
}

TEST(Census, knows_how_long_a_minisocket_and_an_idle_close_wait_have_lasted) {
  Host host;
  SimulatedSocket waiting = older_socket(host, model::State::TimeWait, 40000);
  waiting.minisocket_address = 0xffff'8881'0000'0000;
  SimulatedSocket leaking = older_socket(host, model::State::CloseWait, 40001);
  ExistingSocket leak = leaking.as_it_exists();
  host.wait(100s);
  host.census({waiting.minisocket_as_it_exists(20s), leak});
  ASSERT_THAT(host.findings.adopted, SizeIs(2));
  EXPECT_GE(*host.findings.adopted[0].age_at_least, 40s);
  EXPECT_LT(*host.findings.adopted[0].age_at_least, 41s);
  EXPECT_GE(*host.findings.adopted[1].age_at_least, 100s);
  // Already past its threshold: said at once.
  host.wait(1s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWait);
  EXPECT_GE(*host.findings.stuck[0].age_at_least, 101s);
}

TEST(Census, an_adopted_twin_accuses_nobody_on_its_first_step) {
  Host host;
  SimulatedSocket client = older_socket(host, model::State::FinWait1, 40000);
  host.census({client.as_it_exists()});
  client.snapshot.write_seq = SequenceNumber{2000};
  client.changes_to(model::State::Closed);  // no evidence for anything
  host.settle();
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  ASSERT_THAT(host.findings.steps, SizeIs(1));
  EXPECT_EQ(host.findings.steps[0].verdict, model::Verdict::Unverified);
}

TEST(Census, agrees_with_a_mirror_that_saw_everything) {
  Host host;
  SimulatedSocket one(host, 40000);
  one.is_established();
  SimulatedSocket two(host, 40001);
  two.connects();
  host.wait(1s);
  for (int i = 0; i < 3; ++i) host.census({one.as_it_exists(), two.as_it_exists()});
  for (const Reconciliation& found : host.findings.reconciliations) {
    EXPECT_EQ(found.adopted + found.missing + found.ghosts + found.mismatches + found.suspected,
              0u);
  }
  EXPECT_FALSE(host.tracker.wants_census());
}

TEST(Census, a_difference_seen_once_is_suspected_and_seen_twice_is_set_right) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.state = model::State::CloseWait;  // nobody saw it
  host.wait(1s);
  host.census({client.as_it_exists()});
  EXPECT_EQ(host.findings.reconciliations.back().suspected, 1u);
  EXPECT_EQ(host.findings.reconciliations.back().mismatches, 0u);
  EXPECT_TRUE(host.tracker.wants_census());
  host.census({client.as_it_exists()});
  EXPECT_EQ(host.findings.reconciliations.back().mismatches, 1u);
  EXPECT_THAT(mirror_of(host), ElementsAre("CLOSE_WAIT 40000"));
  EXPECT_EQ(host.findings.steps.back().verdict, model::Verdict::Gap);
  EXPECT_THAT(host.findings.divergences, IsEmpty());

  // Healed: what follows is judged again.
  client.snapshot.done = client.snapshot.receive_shutdown = true;
  client.closes();
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()),
            "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant");
}

TEST(Census, after_a_known_loss_one_look_is_enough) {
  Host host;
  SimulatedSocket client(host, 40000);
  client.is_established();
  SimulatedSocket gone(host, 40001);
  gone.is_established();
  SimulatedSocket born(host, 40002);
  host.census({client.as_it_exists(), gone.as_it_exists()});
  born.state = model::State::Established;
  client.state = model::State::CloseWait;
  host.status(7);
  EXPECT_TRUE(host.tracker.wants_census());
  host.census({client.as_it_exists(), born.as_it_exists()});
  EXPECT_EQ(host.findings.reconciliations.back().mismatches, 1u);
  EXPECT_EQ(host.findings.reconciliations.back().ghosts, 1u);
  EXPECT_EQ(host.findings.reconciliations.back().missing, 1u);
  EXPECT_THAT(mirror_of(host), ElementsAre("CLOSE_WAIT 40000", "ESTABLISHED 40002"));
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_FALSE(host.tracker.wants_census());
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  EXPECT_EQ(host.findings.lives[0].ending.by, model::EndedBy::Unknown);
}

TEST(Census, what_happens_after_a_socket_was_listed_is_no_difference) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  ExistingSocket seen = client.as_it_exists();
  host.census({});
  EXPECT_EQ(host.findings.reconciliations.back().suspected, 1u);
  // Listed as ESTABLISHED, closed while the census was still under way.
  seen.time = host.now;
  client.closes();
  host.see(CensusMark{host.now, CensusPhase::Began, ++host.censuses, 0, 0, false});
  seen.time = host.now - 1ms;
  host.see(seen);
  host.see(CensusMark{host.now, CensusPhase::NamespaceListed, host.censuses, kNamespace, 0, false});
  host.see(CensusMark{host.now, CensusPhase::Ended, host.censuses, 0, 0, false});
  EXPECT_EQ(host.findings.reconciliations.back().mismatches, 0u);
  EXPECT_EQ(host.findings.reconciliations.back().suspected, 0u);
  EXPECT_THAT(mirror_of(host), ElementsAre("FIN_WAIT1 40000"));
}

TEST(Census, of_a_filtered_or_refused_namespace_lets_nothing_go) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  for (int i = 0; i < 3; ++i) host.census({}, {}, true);
  EXPECT_THAT(mirror_of(host), ElementsAre("ESTABLISHED 40000"));
  for (int i = 0; i < 3; ++i) {
    host.see(CensusMark{host.now, CensusPhase::Began, ++host.censuses, 0, 0, false});
    host.see(
        CensusMark{host.now, CensusPhase::NamespaceRefused, host.censuses, kNamespace, 1, false});
    host.see(CensusMark{host.now, CensusPhase::Ended, host.censuses, 0, 0, false});
    EXPECT_EQ(host.findings.reconciliations.back().unseen_in_mirror, 1u);
    EXPECT_FALSE(host.findings.reconciliations.back().is_complete);
  }
  EXPECT_THAT(mirror_of(host), ElementsAre("ESTABLISHED 40000"));
}

TEST(Census, missing_and_ghost_are_divergences_only_where_nothing_can_hide) {
  for (const bool nothing_is_hidden : {false, true}) {
    TrackerOptions options;
    options.nothing_is_hidden = nothing_is_hidden;
    Host host(options);
    SimulatedSocket ghost(host, 40000);
    ghost.is_established();
    host.census({ghost.as_it_exists()});
    SimulatedSocket missing = older_socket(host, model::State::Established, 40001);
    host.census({missing.as_it_exists()});
    host.census({missing.as_it_exists()});
    std::vector<model::DivergenceKind> kinds;
    for (const Divergence& divergence : host.findings.divergences) kinds.push_back(divergence.kind);
    if (nothing_is_hidden) {
      EXPECT_THAT(kinds, ElementsAre(model::DivergenceKind::Missing, model::DivergenceKind::Ghost));
    } else {
      EXPECT_THAT(kinds, IsEmpty());
    }
    EXPECT_THAT(mirror_of(host), ElementsAre("ESTABLISHED 40001"));
  }
}

TEST(Census, adopted_half_open_connections_become_children) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.generation = 1;
  listener.state = model::State::Listen;
  listener.tuple.remote = {};
  SimulatedRequest request(listener, 40000);
  ExistingSocket half_open{};
  half_open.socket = request.reference;
  half_open.tuple = request.tuple;
  half_open.state = {model::State::SynReceived, model::Holder::RequestSocket};
  half_open.listener = listener.reference.address;
  half_open.began = host.now;
  half_open.timeouts = 2;
  host.wait(3s);
  host.census({half_open, listener.as_it_exists()}, {{host.now, listener.reference, kServer, 4}});
  SimulatedSocket child(host, 80, 40000, kServer);
  request.becomes(child);
  child.gets_rst();
  child.is_destroyed();
  host.settle();
  ASSERT_THAT(host.findings.lives, SizeIs(1));
  const Life& life = host.findings.lives[0];
  EXPECT_EQ(line(life), "remote rst_received rst_received: NEW_SYN_RECV SYN_RECV ESTABLISHED");
  EXPECT_GE(*life.path[0].span, 3s);  // the kernel says when the first SYN+ACK was sent
  EXPECT_EQ(life.synack_retransmits, 2);
  EXPECT_EQ(life.owners.creator.actor.comm, kServer.comm);
  EXPECT_EQ(life.owners.creator.confidence, OwnerConfidence::Listener);
}

// Random traffic with random losses: one reconciliation later the mirror equals the kernel, socket
// for socket, and nothing was called a divergence.
TEST(Census, heals_whatever_was_lost) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Host host;
    host.census({});
    std::vector<std::unique_ptr<SimulatedSocket>> sockets;
    for (std::uint16_t port = 40000; port < 40030; ++port) {
      sockets.push_back(std::make_unique<SimulatedSocket>(host, port));
    }
    host.recording = true;
    for (int i = 0; i < 200; ++i) {
      SimulatedSocket& socket = *sockets[random() % sockets.size()];
      host.wait(1ms);
      switch (socket.state) {
        case model::State::Closed:
          if (socket.generation == 0) socket.connects();
          break;
        case model::State::SynSent:
          random() % 4 == 0 ? socket.gets_rst() : socket.gets_syn_ack();
          break;
        case model::State::Established:
          random() % 3 == 0 ? socket.gets_rst() : socket.gets_fin();
          break;
        case model::State::CloseWait:
          socket.closes();
          break;
        case model::State::LastAck:
          socket.gets_ack_of_last_fin();
          break;
        default:
          break;
      }
    }
    host.recording = false;
    std::uint64_t lost = 0;
    for (const Observation& observation : host.recorded) {
      if (random() % 6 == 0) {
        ++lost;
        continue;
      }
      host.tracker.observe(observation, host.findings);
    }
    host.wait(1s);
    host.status(lost);
    std::vector<ExistingSocket> truth;
    std::multiset<std::string> expected;
    for (const auto& socket : sockets) {
      if (socket->state == model::State::Closed) continue;
      truth.push_back(socket->as_it_exists());
      expected.insert(std::string{name(socket->state)} + " " +
                      std::to_string(socket->tuple.local.port));
    }
    host.census(truth);
    EXPECT_EQ(mirror_of(host), expected) << "seed " << seed;
    EXPECT_THAT(host.findings.divergences, IsEmpty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tcptwin::tracker::testing
