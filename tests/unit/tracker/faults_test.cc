// SPDX-License-Identifier: MIT
// Faults planted in the kernel's behaviour: each must be found and named rightly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using model::DivergenceKind;
using model::State;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(PlantedFault, an_edge_that_no_stimulus_explains_is_illegal) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(State::SynSent);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  const Divergence& divergence = host.findings.divergences[0];
  EXPECT_EQ(divergence.kind, DivergenceKind::IllegalEdge);
  EXPECT_EQ(divergence.from.state, State::Established);
  EXPECT_EQ(divergence.observed.state, State::SynSent);
  EXPECT_EQ(host.findings.steps.back().verdict, model::Verdict::Divergence);
}

TEST(PlantedFault, establishment_without_a_synack_is_unjustified) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.changes_to(State::Established);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, DivergenceKind::UnjustifiedEdge);
}

TEST(PlantedFault, close_wait_without_a_fin_is_unjustified) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(State::CloseWait);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, DivergenceKind::UnjustifiedEdge);
}

TEST(PlantedFault, fin_wait2_although_our_fin_is_not_acknowledged_is_unjustified) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.closes();
  client.changes_to(State::FinWait2);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, DivergenceKind::UnjustifiedEdge);
}

TEST(PlantedFault, a_connection_that_dies_for_no_reason_is_unjustified) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(State::Closed);
  client.is_destroyed();
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, DivergenceKind::UnjustifiedEdge);
  EXPECT_EQ(host.findings.divergences[0].cause, model::Cause::Unexplained);
}

TEST(PlantedFault, time_wait_entered_without_a_fin_is_found) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.shuts_down();
  client.gets_ack_of_fin();
  client.starts_minisocket(State::TimeWait);
  client.changes_to(State::Closed);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].observed.state, State::TimeWait);
}

TEST(PlantedFault, a_socket_that_acts_after_it_was_destroyed_is_a_ghost) {
  Host host;
  SimulatedSocket client(host);
  client.connects();
  client.gets_rst();
  client.is_destroyed();
  host.settle();
  client.connects();
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  EXPECT_EQ(host.findings.divergences[0].kind, DivergenceKind::Ghost);
}

TEST(PlantedFault, carries_the_history_of_the_connection) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.gets_fin();
  client.changes_to(State::Established);
  host.settle();
  ASSERT_THAT(host.findings.divergences, SizeIs(1));
  const Divergence& divergence = host.findings.divergences[0];
  ASSERT_EQ(divergence.history_length, 3u);
  EXPECT_EQ(divergence.history[0].cause, model::Cause::ActiveOpen);
  EXPECT_EQ(divergence.history[2].cause, model::Cause::FinReceived);
  EXPECT_TRUE(divergence.evidence);
}

TEST(PlantedFault, is_not_pronounced_while_the_stream_may_still_report_a_loss) {
  Host host;
  SimulatedSocket client(host);
  client.is_established();
  client.changes_to(State::CloseWait);
  host.wait(10s);
  host.tracker.advance(host.now, host.findings);
  EXPECT_THAT(host.findings.divergences, IsEmpty());
  host.status();
  EXPECT_THAT(host.findings.divergences, SizeIs(1));
}

TEST(PlantedFault, every_illegal_pair_of_states_is_found_from_every_state) {
  // From a quiet established connection onwards, no evidence: whatever the kernel claims is wrong.
  for (const State to : model::kAllStates) {
    if (to == State::Established) continue;
    Host host;
    SimulatedSocket client(host);
    client.is_established();
    client.changes_to(to);
    host.settle();
    EXPECT_THAT(host.findings.divergences, SizeIs(1)) << name(to);
  }
}

}  // namespace
}  // namespace tcptwin::tracker::testing
