// SPDX-License-Identifier: MIT
// What was lost is a gap, and what follows a gap accuses nobody. Records are dropped, repeated,
// reordered and altered at random; seeds are fixed, and printed when a case fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using model::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Loss, of_a_state_change_is_a_gap_that_is_counted_and_healed) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  host.recording = true;  // the next event never reaches us
  client.closes();
  host.recording = false;
  client.gets_ack_of_fin();
  client.enters_time_wait();
  host.settle();
  EXPECT_EQ(line(host.findings.steps[2]), "ESTABLISHED -> FIN_WAIT1 resynchronised gap");
  EXPECT_EQ(line(host.findings.steps[3]), "FIN_WAIT1 -> FIN_WAIT2 fin_acked unverified");
  EXPECT_EQ(line(host.findings.steps[4]), "FIN_WAIT2 -> TIME_WAIT time_wait_entered unverified");
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_EQ(host.tracker.counts().gaps, 1u);
  EXPECT_EQ(host.tracker.counts().healed, 1u);
  ASSERT_THAT(host.findings.losses, SizeIs(1));
  EXPECT_EQ(host.findings.losses[0].where, LossPlace::Unseen);
}

TEST(Loss, of_the_end_is_noticed_when_the_socket_is_destroyed) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.is_destroyed();
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()), "ESTABLISHED -> CLOSE resynchronised gap");
  EXPECT_EQ(host.tracker.counts().twins, 0u);
}

// The side program records what the main program was refused, and now and then what it was not:
// here SYN_SENT -> ESTABLISHED is recorded by both.
void connects_and_is_recorded_twice(SimulatedSocket& client) {
  Host& host = client.host;
  client.connects();
  host.recording = true;
  client.gets_syn_ack();
  host.recording = false;
  auto change = std::get<StateChanged>(host.recorded.front());
  host.see(change);
  change.recovered = true;
  host.see(change);
}

TEST(SideProgram, that_repeats_a_change_is_not_believed_twice) {
  Host host;
  SimulatedSocket client(host);
  connects_and_is_recorded_twice(client);
  client.closes();
  client.gets_ack_of_fin();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> SYN_SENT active_open conformant",
                          "SYN_SENT -> ESTABLISHED synack_accepted conformant",
                          "ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"));
  EXPECT_EQ(host.tracker.counts().repeated, 1u);
  EXPECT_THAT(host.findings.losses, IsEmpty());
}

TEST(SideProgram, makes_up_for_what_it_saved_and_for_nothing_else) {
  Host host;
  SimulatedSocket client(host);
  connects_and_is_recorded_twice(client);
  StreamStatus status{};
  status.time = status.counted_at = host.now;
  status.recursion_misses = 2;
  status.side_recovered = 2;
  host.see(status);
  ASSERT_THAT(host.findings.losses, SizeIs(1));
  EXPECT_EQ(host.findings.losses[0].where, LossPlace::Recursion);
  EXPECT_EQ(host.findings.losses[0].lost, 1u);
  status.side_recovered = 3;  // counted late: it was not lost
  status.recursion_misses = 3;
  host.see(status);
  EXPECT_THAT(host.findings.losses, SizeIs(1));
}

TEST(Loss, ends_with_the_generation) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  host.recording = true;
  client.gets_syn_ack();
  host.recording = false;
  client.gets_rst();
  host.settle();
  client.connects();
  host.settle();
  EXPECT_EQ(line(host.findings.steps.back()), "CLOSE -> SYN_SENT active_open conformant");
}

TEST(Loss, reported_by_the_ring_turns_a_divergence_into_unverified) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  host.recording = true;
  client.receives_reset_event();  // lost: the RST that explains what follows
  host.recording = false;
  client.snapshot.error = 104;
  client.changes_to(model::State::Closed);
  host.wait(1s);
  host.status(1);
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_EQ(host.findings.steps.back().verdict, Verdict::Unverified);
  EXPECT_FALSE(host.findings.steps.back().reason.empty());
}

TEST(Loss, makes_a_missing_request_no_proof_of_a_syn_cookie) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedSocket child(host, 80, 40000, kServer);
  child.is_born_of(listener);
  child.gets_handshake_ack();
  host.wait(1s);
  host.status(2);
  EXPECT_EQ(line(host.findings.steps[1]), "LISTEN -> SYN_RECV child_from_syncookie unverified");
}

TEST(Loss, of_a_whole_kind_of_evidence_accuses_nobody) {
  // A kernel without tcp_send_reset: an abort looks like a close that led to the wrong state.
  TrackerOptions options;
  options.shows_all_evidence = false;
  Host host(options);
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(model::State::Closed);
  host.settle();
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_EQ(host.findings.steps.back().verdict, Verdict::Unverified);
}

TEST(Loss, long_before_a_connection_does_not_excuse_it) {
  Host host;
  host.status(5);
  host.wait(1s);
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(model::State::CloseWait);
  host.settle();
  EXPECT_THAT(host.findings.divergences, SizeIs(1));
}

// A mixed load of whole lives, interleaved, as it was emitted.
std::vector<Observation> mixed_load(std::mt19937& random) {
  Host host;
  host.recording = true;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  for (std::uint16_t i = 0; i < 40; ++i) {
    const std::uint16_t port = static_cast<std::uint16_t>(30000 + i);
    SimulatedSocket client(host, port);
    SimulatedRequest request(listener, port);
    SimulatedSocket child(host, 80, port, kServer);
    switch (random() % 6) {
      case 0:
        client.connects();
        client.gets_rst();
        client.is_destroyed();
        break;
      case 1:
        client.is_established();
        client.closes();
        client.gets_ack_of_fin();
        client.enters_time_wait();
        client.is_destroyed();
        host.wait(61s);
        client.minisocket_ends();
        break;
      case 2:
        request.arrives();
        request.becomes(child);
        child.gets_fin();
        child.closes();
        child.gets_ack_of_last_fin();
        child.is_destroyed();
        break;
      case 3:
        client.is_established();
        client.closes_with_unread_data();
        client.is_destroyed();
        break;
      case 4:
        request.arrives();
        request.times_out_and_is_sent_again(1);
        request.timer(TimerOperation::Cancel);
        request.timer(TimerOperation::Expire);
        break;
      case 5:
        client.is_established();
        client.closes();
        client.gets_ack_of_fin();
        client.is_handed_over();
        client.is_destroyed();
        client.minisocket_gets_fin();
        host.wait(61s);
        client.minisocket_ends();
        break;
    }
    host.wait(Duration{static_cast<std::int64_t>(random() % 40'000'000)});
  }
  return host.recorded;
}

KernelTime time_of(const Observation& observation) {
  return std::visit([](const auto& event) { return event.time; }, observation);
}

TEST(Loss, at_random_never_invents_a_divergence) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto load = mixed_load(random);
    Host host;
    for (const Observation& observation : load) {
      host.now = time_of(observation);
      if (random() % 12 == 0) {
        host.status(1);  // this record did not fit into the ring, and the ring says so
        continue;
      }
      host.see(observation);
    }
    host.settle();
    host.tracker.finish(host.findings);
    ASSERT_THAT(host.findings.divergences, IsEmpty())
        << "seed " << seed << ": " << label(host.findings.divergences[0].kind) << " "
        << name(host.findings.divergences[0].from) << " -> "
        << name(host.findings.divergences[0].observed);
  }
}

// Things a process does are never hidden by the host's policy: only softirqs are.
bool happens_in_softirq(const Observation& observation) {
  if (const auto* change = std::get_if<StateChanged>(&observation)) {
    return change->context == model::Context::Softirq;
  }
  if (const auto* reset = std::get_if<ResetSentObserved>(&observation)) {
    return reset->answers_segment;
  }
  return true;
}

TEST(Loss, of_whole_softirqs_that_nobody_counts_never_invents_a_divergence) {
  // What a host's policy hides is everything between two moments, for every program at once.
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto load = mixed_load(random);
    Host host;
    std::optional<KernelTime> blind_until;
    for (const Observation& observation : load) {
      host.now = time_of(observation);
      if (random() % 40 == 0) blind_until = host.now + 1ms;
      if (blind_until && host.now < *blind_until && happens_in_softirq(observation)) continue;
      host.see(observation);
    }
    host.settle();
    host.tracker.finish(host.findings);
    ASSERT_THAT(host.findings.divergences, IsEmpty())
        << "seed " << seed << ": " << label(host.findings.divergences[0].kind) << " "
        << name(host.findings.divergences[0].from) << " -> "
        << name(host.findings.divergences[0].observed) << " "
        << label(host.findings.divergences[0].cause);
  }
}

TEST(Loss, repetition_and_disorder_are_survived_within_bounds) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    auto load = mixed_load(random);
    for (std::size_t i = 0; i < load.size(); ++i) {
      switch (random() % 10) {
        case 0:
          load.insert(load.begin() + static_cast<std::ptrdiff_t>(i), load[random() % load.size()]);
          break;
        case 1:
          std::swap(load[i], load[random() % load.size()]);
          break;
        case 2:
          if (auto* change = std::get_if<StateChanged>(&load[i])) {
            change->to = model::kAllStates[random() % model::kStateCount];
            change->snapshot.error = static_cast<std::uint16_t>(random() % 120);
          }
          break;
        default:
          break;
      }
    }
    TrackerOptions options;
    options.twins = 16;
    options.pending_steps = 8;
    Host host(options);
    for (const Observation& observation : load) host.tracker.observe(observation, host.findings);
    host.tracker.finish(host.findings);
    const auto counts = host.tracker.counts();
    EXPECT_LE(counts.twins, 16u) << "seed " << seed;
    EXPECT_EQ(counts.steps, host.findings.steps.size());
  }
}

// The counters are read after the ring was drained: a loss of the meantime is in them before the
// records of the same moment are delivered.
TEST(Loss, that_was_counted_early_still_protects_the_step_it_hit) {
  Host host;
  SimulatedSocket client(host);
  host.status();
  client.connects();
  const KernelTime drained_until = host.now;
  StreamStatus status{};
  status.time = drained_until;
  status.lost_in_ring = 1;
  status.counted_at = host.now + 20ms;
  host.wait(1ms);
  host.recording = true;
  client.gets_syn_ack();
  client.snapshot.linger_zero = client.snapshot.receive_shutdown = true;
  client.snapshot.send_shutdown = true;
  client.changes_to(model::State::Closed, model::Context::Process);  // its RST was lost
  host.recording = false;
  host.see(status);
  for (const Observation& observation : host.recorded) {
    host.tracker.observe(observation, host.findings);
  }
  host.wait(1s);
  status.time = status.counted_at = host.now;
  host.see(status);
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  EXPECT_EQ(host.findings.steps.back().verdict, Verdict::Unverified);
}

// A virtual processor is taken away in the middle of close(): CLOSE is seen, the RST comes later.
TEST(Stall, between_an_abort_and_its_reset_accuses_nobody) {
  for (const Duration stall : {1ms, 19ms, 21ms, 150ms}) {
    Host host;
    SimulatedSocket client(host);
    client.is_established();
    client.snapshot.linger_zero = client.snapshot.receive_shutdown = true;
    client.snapshot.send_shutdown = true;
    client.changes_to(model::State::Closed, model::Context::Process);
    host.wait(stall);
    client.sends_reset(false);
    client.is_destroyed();
    host.settle();
    EXPECT_THAT(host.findings.divergences, IsEmpty());
    EXPECT_EQ(host.findings.steps.back().cause, model::Cause::Linger0Abort);
  }
}

// Once the socket is destroyed nothing is waited for longer than after any other change.
TEST(Stall, is_over_when_the_socket_is_destroyed) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.snapshot.linger_zero = client.snapshot.receive_shutdown = true;
  client.snapshot.send_shutdown = true;
  client.changes_to(model::State::Closed, model::Context::Process);
  client.sends_reset(false);
  client.is_destroyed();
  const std::size_t steps = host.findings.steps.size();
  host.wait(25ms);
  host.status();
  EXPECT_EQ(host.findings.steps.size(), steps + 1);
}

TEST(Loss, without_any_of_it_the_same_load_is_free_of_gaps) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Host host;
    for (const Observation& observation : mixed_load(random)) {
      host.now = time_of(observation);
      host.see(observation);
    }
    host.settle();
    EXPECT_THAT(host.findings.divergences, IsEmpty()) << "seed " << seed;
    EXPECT_EQ(host.findings.count(Verdict::Gap), 0u) << "seed " << seed;
    EXPECT_EQ(host.findings.count(Verdict::Unverified), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tcptwin::tracker::testing
