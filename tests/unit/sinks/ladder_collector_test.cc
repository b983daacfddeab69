// SPDX-License-Identifier: MIT
#include "sinks/ladder_collector.h"

#include <gtest/gtest.h>

#include "unit/sinks/synthetic_exchange.h"
#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {
namespace {

using model::Cause;
using model::State;
using std::chrono::milliseconds;

class Collecting : public testing::Test {
 protected:
  KeptExchanges kept;
  sinks::LadderCollector collector{kept};
  PlayedConnection connection{collector};
};

TEST_F(Collecting, both_ends_become_one_exchange_after_a_second_of_silence) {
  connection.handshake(1000);
  connection.close(1100, 0, 0);
  collector.advance(at(milliseconds{2000}));
  EXPECT_TRUE(kept.all.empty());
  collector.advance(at(milliseconds{2200}));
  ASSERT_EQ(kept.all.size(), 1u);
  const sinks::Exchange& exchange = kept.all[0];
  EXPECT_EQ(exchange.ends[0].endpoint.port, 33012);
  EXPECT_EQ(exchange.ends[1].endpoint.port, 443);
  EXPECT_TRUE(exchange.ends[0].was_seen && exchange.ends[1].was_seen);
  EXPECT_TRUE(exchange.has_segments);
  EXPECT_TRUE(exchange.ends[0].life && exchange.ends[1].life);
  EXPECT_EQ(exchange.events.size(), 24u);
}

TEST_F(Collecting, what_comes_after_a_ladder_begins_no_other) {
  connection.handshake(1000);
  connection.close(1100, 0, 0);
  collector.advance(at(milliseconds{2200}));
  connection.step(At::Client, 61100, State::TimeWait, State::Closed, Cause::TimeWaitExpired);
  collector.finish();
  EXPECT_EQ(kept.all.size(), 1u);
}

TEST_F(Collecting, an_end_waits_for_the_other_one_until_the_run_ends) {
  connection.handshake(1000);
  connection.step(At::Client, 1100, State::Established, State::Closed, Cause::Linger0Abort);
  connection.life(At::Client, 1100);
  collector.advance(at(milliseconds{90000}));
  EXPECT_TRUE(kept.all.empty());
  collector.finish();
  ASSERT_EQ(kept.all.size(), 1u);
  EXPECT_TRUE(kept.all[0].ends[1].was_seen);
}

TEST_F(Collecting, an_end_alone_knows_the_other_by_its_address) {
  connection.names_the_other_end = false;
  connection.step(At::Server, 1000, State::Listen, State::SynReceived, Cause::SynReceived);
  connection.step(At::Server, 1001, State::SynReceived, State::Closed, Cause::RstReceived);
  collector.advance(at(milliseconds{2500}));
  ASSERT_EQ(kept.all.size(), 1u);
  EXPECT_FALSE(kept.all[0].ends[0].was_seen);
  EXPECT_EQ(kept.all[0].ends[0].endpoint.port, 33012);
  EXPECT_FALSE(kept.all[0].has_segments);
}

TEST_F(Collecting, a_closed_port_is_the_other_end_of_who_is_refused) {
  connection.server_is_nobody = true;
  connection.names_the_other_end = false;
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.passes(At::Client, 1000, {"S"});
  connection.passes(At::Server, 1000, {"RA", 0, 1});
  connection.step(At::Client, 1000, State::SynSent, State::Closed, Cause::RstReceived);
  connection.life(At::Client, 1000);
  collector.advance(at(milliseconds{2100}));
  ASSERT_EQ(kept.all.size(), 1u);
  EXPECT_TRUE(kept.all[0].ends[1].was_seen);
  EXPECT_FALSE(kept.all[0].ends[1].connection);
  EXPECT_EQ(kept.all[0].events.size(), 6u);
}

// The same addresses in two namespaces: only the numbers can tell that it is one connection.
TEST_F(Collecting, ends_in_two_namespaces_need_the_same_numbers) {
  connection.names_the_other_end = false;
  connection.server_netns = 4026532999u;
  connection.handshake(1000);
  collector.finish();
  EXPECT_EQ(kept.all.size(), 1u);

  KeptExchanges strangers;
  sinks::LadderCollector apart{strangers};
  PlayedConnection silent{apart};
  silent.names_the_other_end = false;
  silent.server_netns = 4026532999u;
  silent.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  silent.step(At::Server, 1000, State::Listen, State::SynReceived, Cause::SynReceived);
  apart.finish();
  EXPECT_EQ(strangers.all.size(), 2u);
}

TEST_F(Collecting, a_long_exchange_keeps_its_beginning_and_its_end) {
  sinks::LadderCollector bounded{kept, {.ends = 8, .events = 10}};
  PlayedConnection talk{bounded};
  for (int i = 0; i < 100; ++i)
    talk.sent(At::Client, 1000 + i, {"A", 1u + static_cast<unsigned>(i), 1});
  bounded.finish();
  ASSERT_EQ(kept.all.size(), 1u);
  const auto& events = kept.all[0].events;
  ASSERT_EQ(events.size(), 11u);
  EXPECT_EQ(std::get<sinks::ExchangeSegment>(events.front().what).relative_sequence, 1u);
  EXPECT_EQ(std::get<sinks::ExchangeOmission>(events[5].what).segments, 90u);
  EXPECT_EQ(std::get<sinks::ExchangeSegment>(events.back().what).relative_sequence, 100u);
}

// However much data passes, the handshake and the end of the connection stay.
TEST_F(Collecting, data_displaces_no_other_segments) {
  sinks::LadderCollector bounded{kept, {.ends = 8, .events = 60}};
  PlayedConnection talk{bounded};
  talk.handshake(1000);
  for (unsigned i = 0; i < 100; ++i) {
    talk.passes(At::Client, 1001 + static_cast<int>(i), data(1 + 10 * i, 10));
  }
  talk.close(1200, 1000, 0);
  bounded.finish();
  ASSERT_EQ(kept.all.size(), 1u);
  std::uint64_t left_out = 0;
  std::size_t others = 0;
  for (const sinks::ExchangeEvent& event : kept.all[0].events) {
    const auto* seen = std::get_if<sinks::ExchangeSegment>(&event.what);
    if (seen == nullptr || !seen->segment.is_traffic()) ++others;
    const auto* omission = std::get_if<sinks::ExchangeOmission>(&event.what);
    if (omission == nullptr) continue;
    EXPECT_TRUE(omission->is_traffic);
    EXPECT_EQ(omission->since, at(milliseconds{1001 + 30}));
    left_out += omission->segments;
  }
  EXPECT_EQ(left_out, 80u);
  EXPECT_EQ(others, 24u + 2u);
}

TEST_F(Collecting, beyond_the_bound_who_is_silent_longest_makes_room_and_is_counted) {
  sinks::LadderCollector bounded{kept, {.ends = 4, .events = 10}};
  PlayedConnection talk{bounded};
  talk.names_the_other_end = false;
  for (talk.generation = 1; talk.generation <= 10; ++talk.generation) {
    talk.step(At::Client, 1000 + static_cast<int>(talk.generation), State::Closed, State::SynSent,
              Cause::ActiveOpen);
  }
  bounded.finish();
  EXPECT_EQ(bounded.left_out(), 6u);
  EXPECT_EQ(kept.all.size(), 4u);
}

TEST_F(Collecting, listeners_have_no_ladder_and_losses_are_remembered) {
  tracker::Step listening = adopted_step();
  listening.connection.role = tracker::Role::Listener;
  collector.on_step(listening);
  connection.handshake(1000);
  tracker::Loss loss = ring_loss();
  loss.lost = 12;
  collector.on_loss(loss);
  collector.finish();
  ASSERT_EQ(kept.all.size(), 1u);
  EXPECT_EQ(kept.all[0].lost, 12u);
}

}  // namespace
}  // namespace tcptwin::test
