// SPDX-License-Identifier: MIT
// States that last too long, and the wheel that says when to look.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "simulated_host.h"
#include "tracker/timing_wheel.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// A connection that its server has not accepted.
struct Unaccepted {
  Host host;
  SimulatedSocket listener{host, 80, 0, kServer};
  SimulatedSocket child{host, 80, 40000, kServer};

  Unaccepted() { child.accepts = false; }
  void is_established() {
    listener.listens();
    SimulatedRequest request(listener, 40000);
    request.arrives();
    request.becomes(child);
  }
  void census() { host.census({listener.as_it_exists(), child.as_it_exists()}); }
};

TEST(Stuck, close_wait_is_said_at_its_threshold_and_again_at_double_its_age) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  host.wait(59s);
  host.status();
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  host.wait(2s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWait);
  EXPECT_GE(*host.findings.stuck[0].age, 60s);
  EXPECT_FALSE(host.findings.stuck[0].is_repeated);
  EXPECT_EQ(host.findings.stuck[0].owners.best().actor.comm, kClient.comm);
  host.wait(50s);
  host.status();
  EXPECT_THAT(host.findings.stuck, SizeIs(1));
  host.wait(15s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(2));
  EXPECT_TRUE(host.findings.stuck[1].is_repeated);
  const auto kind = static_cast<std::size_t>(StuckKind::CloseWait);
  EXPECT_EQ(host.tracker.counts().stuck[kind], 1u);
}

TEST(Stuck, what_is_stuck_now_is_listed_with_its_present_age_until_it_moves_on) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  const auto listed = [&host] {
    std::vector<Stuck> all;
    host.tracker.list_stuck(host.now, [&](const Stuck& stuck) { all.push_back(stuck); });
    return all;
  };
  EXPECT_THAT(listed(), IsEmpty());
  host.wait(70s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  host.wait(20s);
  ASSERT_THAT(listed(), SizeIs(1));
  EXPECT_EQ(listed()[0].kind, StuckKind::CloseWait);
  EXPECT_EQ(listed()[0].threshold, 60s);
  EXPECT_GE(*listed()[0].age, 90s);
  EXPECT_FALSE(listed()[0].is_repeated);
  EXPECT_EQ(listed()[0].connection.id, host.findings.stuck[0].connection.id);
  EXPECT_THAT(host.findings.stuck, SizeIs(1)) << "to list is not to report";
  client.closes();
  host.status();
  EXPECT_THAT(listed(), IsEmpty());
}

TEST(History, each_step_is_kept_with_its_verdict) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  host.wait(1s);
  host.status();
  std::size_t seen = 0;
  host.tracker.visit([&](const TwinView& twin) {
    ++seen;
    ASSERT_EQ(twin.history.size(), host.findings.steps.size());
    for (std::size_t i = 0; i < twin.history.size(); ++i) {
      EXPECT_EQ(twin.history[i].time, host.findings.steps[i].time);
      EXPECT_EQ(twin.history[i].cause, host.findings.steps[i].cause);
      EXPECT_EQ(twin.history[i].verdict, host.findings.steps[i].verdict);
      EXPECT_EQ(twin.history[i].verdict, model::Verdict::Conformant);
    }
  });
  EXPECT_EQ(seen, 1u);
}

TEST(Stuck, what_is_stuck_now_is_counted_until_it_moves_on) {
  const auto stuck_now = [](const Host& host, model::State state) {
    return host.tracker.counts().stuck_now[model::index(state)];
  };
  Host host;
  SimulatedSocket leaked(host, 40000);
  SimulatedSocket cured(host, 40001);
  for (SimulatedSocket* socket : {&leaked, &cured}) {
    socket->is_established();
    socket->gets_fin();
  }
  host.wait(61s);
  host.status();
  host.wait(61s);
  host.status();  // said again, counted once
  EXPECT_EQ(stuck_now(host, model::State::CloseWait), 2u);
  cured.closes();
  EXPECT_EQ(stuck_now(host, model::State::CloseWait), 1u);
  leaked.gets_rst();
  host.settle();
  EXPECT_EQ(stuck_now(host, model::State::CloseWait), 0u);
}

TEST(Stuck, thresholds_that_change_while_it_runs_hold_for_what_is_there) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  host.wait(5s);
  host.status();
  StuckThresholds shorter;
  shorter.close_wait = 2s;
  host.tracker.set_stuck_thresholds(shorter);
  host.wait(1s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].threshold, 2s);
  // Never: what was said is not said again, and is no longer counted.
  StuckThresholds never;
  never.close_wait = 0s;
  host.tracker.set_stuck_thresholds(never);
  host.wait(600s);
  host.status();
  EXPECT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.tracker.counts().stuck_now[model::index(model::State::CloseWait)], 0u);
}

TEST(States, are_counted_as_the_sockets_change_and_vanish) {
  const auto count = [](const Host& host, model::State state) {
    return host.tracker.counts().states[model::index(state)];
  };
  Host host;
  SimulatedSocket client(host);
  client.connects();
  EXPECT_EQ(count(host, model::State::SynSent), 1u);
  client.gets_syn_ack();
  EXPECT_EQ(count(host, model::State::SynSent), 0u);
  EXPECT_EQ(count(host, model::State::Established), 1u);
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40001);
  request.arrives();
  EXPECT_EQ(count(host, model::State::Listen), 1u);
  EXPECT_EQ(host.tracker.counts().states[model::kStateCount], 1u) << "half-open";
  EXPECT_EQ(count(host, model::State::SynReceived), 0u);
  client.gets_rst();
  client.is_destroyed();
  host.settle();
  EXPECT_EQ(count(host, model::State::Established), 0u);
  EXPECT_EQ(count(host, model::State::Closed), 0u) << "no connection";
}

TEST(Stuck, nothing_is_said_of_a_state_that_was_left_in_time) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  host.wait(50s);
  client.closes();
  host.wait(25s);
  client.gets_ack_of_last_fin();
  client.is_destroyed();
  host.wait(500s);
  host.settle();
  EXPECT_THAT(host.findings.stuck, IsEmpty());
}

TEST(Stuck, a_child_nobody_accepts_is_told_from_a_leak) {
  Unaccepted server;
  Host& host = server.host;
  server.is_established();
  server.child.gets_fin();
  server.census();
  host.wait(61s);
  host.status();
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  server.census();
  host.wait(1s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWaitUnaccepted);
  EXPECT_EQ(host.findings.stuck[0].owners.creator.actor.comm, kServer.comm);
}

TEST(Stuck, without_a_census_no_child_is_said_to_wait_for_accept) {
  Unaccepted server;
  Host& host = server.host;
  server.is_established();
  server.child.gets_fin();
  host.wait(61s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWait);
  EXPECT_EQ(host.findings.stuck[0].owners.creator.actor.comm, kServer.comm);
}

TEST(Stuck, a_late_accept_is_told_by_a_census_and_so_is_who_holds_it_now) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  SimulatedRequest request(listener, 40000);
  request.arrives();
  SimulatedSocket child(host, 80, 40000, kServer);
  child.accepts = false;
  host.census({listener.as_it_exists()});
  request.becomes(child);
  child.gets_fin();
  host.wait(60500ms);
  host.status();
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  EXPECT_TRUE(host.tracker.wants_census());
  child.snapshot.has_socket = true;
  const Actor worker{77, 77, 0, Comm{"worker"}};
  host.census({listener.as_it_exists(), child.as_it_exists()},
              {{host.now, child.reference, worker, 5}});
  EXPECT_FALSE(host.tracker.wants_census());
  host.wait(2s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWait);
  EXPECT_EQ(host.findings.stuck[0].owners.best().actor.comm, worker.comm);
}

TEST(Stuck, an_adopted_child_nobody_accepted_is_told_from_a_leak) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.state = model::State::Listen;
  SimulatedSocket child(host, 80, 40000, kServer);
  child.state = model::State::CloseWait;
  child.snapshot.has_socket = false;
  const auto look = [&] { host.census({listener.as_it_exists(), child.as_it_exists()}); };
  look();
  host.wait(61s);
  host.status();
  look();
  host.wait(1s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::CloseWaitUnaccepted);
}

TEST(Stuck, a_connect_nobody_answers_is_said_with_the_port_that_a_census_tells) {
  Host host;
  host.census({});
  SimulatedSocket client(host);
  const Tuple whole = client.tuple;
  client.tuple.local.port = 0;
  client.connects();
  client.tuple = whole;
  host.wait(10500ms);
  host.status();
  EXPECT_TRUE(host.tracker.wants_census());
  host.census({client.as_it_exists()});
  host.wait(2s);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::SynSent);
  EXPECT_EQ(host.findings.stuck[0].connection.tuple.local.port, whole.local.port);
}

TEST(Stuck, a_connection_that_ended_unseen_is_not_reported) {
  Host host;
  host.census({});
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  host.wait(31s);
  host.status();
  EXPECT_TRUE(host.tracker.wants_census());
  for (int i = 0; i < 3; ++i) {
    host.census({});
    host.wait(1s);
    host.status();
  }
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  EXPECT_EQ(host.tracker.counts().ghosts, 1u);
}

TEST(Stuck, where_no_census_comes_a_finding_does_not_wait_for_ever) {
  Host host;
  host.census({});
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  for (int i = 0; i < 70; ++i) {
    host.wait(1s);
    host.status();
  }
  EXPECT_THAT(host.findings.stuck, SizeIs(1));
}

TEST(Stuck, half_open_connections_are_reported_together_at_their_listener) {
  Host host;
  SimulatedSocket listener(host, 80, 0, kServer);
  listener.listens();
  std::vector<SimulatedRequest> requests;
  for (std::uint16_t port = 40000; port < 40050; ++port) requests.emplace_back(listener, port);
  for (SimulatedRequest& request : requests) request.arrives();
  host.wait(10500ms);
  host.status();
  host.wait(1500ms);
  host.status();
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  const Stuck& found = host.findings.stuck[0];
  EXPECT_EQ(found.kind, StuckKind::HalfOpen);
  EXPECT_EQ(found.connections, 50u);
  EXPECT_EQ(found.connection.role, Role::Listener);
  EXPECT_EQ(found.connection.tuple.local.port, 80);
  host.tracker.visit([&](const TwinView& twin) {
    if (twin.listener == nullptr) return;
    EXPECT_EQ(twin.listener->half_open, 50u);
    EXPECT_EQ(twin.listener->requests, 50u);
    EXPECT_TRUE(twin.listener->oldest);
  });
  for (SimulatedRequest& request : requests) {
    request.timer(TimerOperation::Cancel);
    request.timer(TimerOperation::Expire);
  }
  host.settle();
  host.wait(100s);
  host.status();
  EXPECT_THAT(host.findings.stuck, SizeIs(1));
  host.tracker.visit([&](const TwinView& twin) {
    if (twin.listener == nullptr) return;
    EXPECT_EQ(twin.listener->half_open, 0u);
    EXPECT_EQ(twin.listener->request_timeouts, 50u);
  });
}

TEST(Stuck, a_fin_that_waits_for_data_to_be_acknowledged_makes_progress) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.snapshot.write_seq = SequenceNumber{100000};
  client.closes();
  ExistingSocket seen = client.as_it_exists();
  for (std::uint32_t una = 2000; una < 8000; una += 1000) {
    host.wait(20s);
    seen.snapshot->snd_una = SequenceNumber{una};
    host.census({seen});
  }
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  for (int i = 0; i < 9; ++i) {
    host.wait(20s);
    host.status();
  }
  ASSERT_THAT(host.findings.stuck, SizeIs(1));
  EXPECT_EQ(host.findings.stuck[0].kind, StuckKind::FinWait1);
  EXPECT_GT(host.findings.stuck[0].unacknowledged, 0u);
}

TEST(Stuck, thresholds_of_zero_switch_off) {
  TrackerOptions options;
  options.stuck = {0s, 0s, 0s, 0s, 0s, 0s};
  Host host(options);
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  host.wait(1000s);
  host.status();
  EXPECT_THAT(host.findings.stuck, IsEmpty());
  EXPECT_FALSE(host.tracker.next_deadline());
}

// Against the simplest thing that could be right: a list of deadlines.
TEST(TimingWheel, takes_every_twin_in_time_and_none_early) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    TimingWheel wheel;
    std::map<TwinHandle, KernelTime> expected;
    KernelTime now = kernel_time_from_ns(random() % 1'000'000'000'000ull);
    EXPECT_EQ(wheel.take_due(now), kNoTwin);
    for (int i = 0; i < 2000; ++i) {
      now += std::chrono::milliseconds{random() % (random() % 50 == 0 ? 600'000 : 300)};
      const auto twin = static_cast<TwinHandle>(random() % 50);
      if (random() % 4 == 0) {
        wheel.cancel(twin);
        expected.erase(twin);
      } else {
        const KernelTime deadline = now + std::chrono::milliseconds{random() % 700'000};
        wheel.set(twin, deadline);
        expected[twin] = deadline;
      }
      for (TwinHandle due = wheel.take_due(now); due != kNoTwin; due = wheel.take_due(now)) {
        ASSERT_TRUE(expected.contains(due)) << "seed " << seed;
        ASSERT_LE(expected[due], now) << "early, seed " << seed;
        expected.erase(due);
      }
      for (const auto& [left, deadline] : expected) {
        ASSERT_GT(deadline + 250ms, now) << "twin " << left << " is late, seed " << seed;
      }
      ASSERT_EQ(wheel.size(), expected.size());
      ASSERT_EQ(wheel.next_deadline().has_value(), !expected.empty());
    }
  }
}

}  // namespace
}  // namespace tcptwin::tracker::testing
