// SPDX-License-Identifier: MIT
#include "sinks/finding_filter.h"

#include <gtest/gtest.h>

#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using model::Cause;
using model::Holder;
using model::MirrorState;
using model::State;
using model::Verdict;
using sinks::FindingConditions;
using sinks::FindingFilter;

class CountingHandler final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step&) override { ++steps; }
  void on_divergence(const tracker::Divergence&) override { ++divergences; }
  void on_loss(const tracker::Loss&) override { ++losses; }
  void on_call_path(const tracker::CallPath&) override { ++call_paths; }

  int steps = 0, divergences = 0, losses = 0, call_paths = 0;
};

bool passes(const FindingConditions& conditions, const tracker::Step& step) {
  CountingHandler next;
  FindingFilter filter{conditions, next};
  filter.on_step(step);
  return next.steps == 1;
}

bool passes(const FindingConditions& conditions, const tracker::Divergence& divergence) {
  CountingHandler next;
  FindingFilter filter{conditions, next};
  filter.on_divergence(divergence);
  return next.divergences == 1;
}

TEST(FindingFilter, no_condition_lets_everything_through) {
  EXPECT_TRUE(passes({}, gap_step()));
  EXPECT_TRUE(passes({}, bare_divergence()));
}

TEST(FindingFilter, comm_and_uid_want_a_known_owner) {
  EXPECT_TRUE(passes({.comms = {"wget", "curl"}}, synack_step()));
  EXPECT_FALSE(passes({.comms = {"wget"}}, synack_step()));
  EXPECT_FALSE(passes({.comms = {"curl"}}, gap_step()));
  EXPECT_TRUE(passes({.uids = {1000}}, synack_step()));
  EXPECT_FALSE(passes({.uids = {0}}, synack_step()));
  EXPECT_FALSE(passes({.comms = {"curl"}, .uids = {0}}, synack_step()));
}

TEST(FindingFilter, ports_are_told_apart_by_side) {
  EXPECT_TRUE(passes({.local_ports = {33012}}, synack_step()));
  EXPECT_FALSE(passes({.local_ports = {443}}, synack_step()));
  EXPECT_TRUE(passes({.remote_ports = {443}}, synack_step()));
  EXPECT_TRUE(passes({.either_ports = {443}}, synack_step()));
  EXPECT_TRUE(passes({.either_ports = {33012}}, synack_step()));
  EXPECT_FALSE(passes({.either_ports = {80}}, synack_step()));
  EXPECT_FALSE(passes({.local_ports = {33012}, .remote_ports = {80}}, synack_step()));
}

TEST(FindingFilter, family_looks_through_mapped_addresses) {
  EXPECT_TRUE(passes({.family = Family::Inet6}, ipv6_step()));
  EXPECT_FALSE(passes({.family = Family::Inet}, ipv6_step()));
  tracker::Step mapped = ipv6_step();
  for (Endpoint* end : {&mapped.connection.tuple.local, &mapped.connection.tuple.remote}) {
    end->address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  }
  EXPECT_TRUE(passes({.family = Family::Inet}, mapped));
  EXPECT_FALSE(passes({.family = Family::Inet6}, mapped));
}

TEST(FindingFilter, netns_and_cgroup) {
  EXPECT_TRUE(passes({.netns = 4026531840u}, synack_step()));
  EXPECT_FALSE(passes({.netns = 1}, synack_step()));
  EXPECT_TRUE(passes({.known_cgroup = true}, synack_step()));
  EXPECT_FALSE(passes({.known_cgroup = true}, gap_step()));
}

TEST(FindingFilter, a_state_matches_on_either_side_and_in_any_holder) {
  const MirrorState time_wait{State::TimeWait, Holder::Socket};
  const MirrorState fin_wait2{State::FinWait2, Holder::Socket};
  EXPECT_TRUE(passes({.states = {time_wait}}, time_wait_step()));
  EXPECT_TRUE(passes({.states = {fin_wait2}}, time_wait_step()));
  EXPECT_FALSE(passes({.states = {time_wait}}, synack_step()));
}

TEST(FindingFilter, new_syn_recv_means_the_request_socket_only) {
  const MirrorState half_open{State::SynReceived, Holder::RequestSocket};
  tracker::Step accepted = child_step();
  EXPECT_TRUE(passes({.states = {half_open}}, accepted));
  accepted.from.holder = Holder::Socket;
  EXPECT_FALSE(passes({.states = {half_open}}, accepted));
}

TEST(FindingFilter, cause_and_verdict) {
  EXPECT_TRUE(passes({.causes = {Cause::RstReceived}}, refused_step()));
  EXPECT_FALSE(passes({.causes = {Cause::RstReceived}}, synack_step()));
  EXPECT_TRUE(passes({.verdicts = {Verdict::Gap}}, gap_step()));
  EXPECT_FALSE(passes({.verdicts = {Verdict::Gap}}, synack_step()));
  EXPECT_FALSE(passes({.verdicts = {Verdict::Gap}}, unjustified()));
  EXPECT_TRUE(passes({.verdicts = {Verdict::Divergence}}, unjustified()));
}

TEST(FindingFilter, a_wanted_process_keeps_its_connection_when_another_closes_it) {
  CountingHandler next;
  FindingFilter filter{{.pid = 812}, next};
  tracker::Step by_other = time_wait_step();
  by_other.owner.actor.pid = 900;
  filter.on_step(by_other);
  EXPECT_EQ(next.steps, 0);
  filter.on_step(synack_step());
  filter.on_step(by_other);
  EXPECT_EQ(next.steps, 2);
}

TEST(FindingFilter, a_divergence_right_after_the_end_is_still_the_wanted_process_s) {
  CountingHandler next;
  FindingFilter filter{{.pid = 812}, next};
  filter.on_step(synack_step());
  tracker::Step end = refused_step();
  filter.on_step(end);
  filter.on_divergence(bare_divergence());
  EXPECT_EQ(next.divergences, 1);
}

TEST(FindingFilter, the_limit_ends_the_lines_exactly) {
  CountingHandler next;
  FindingFilter filter{{.limit = 2}, next};
  for (int i = 0; i < 5; ++i) filter.on_step(synack_step());
  EXPECT_EQ(next.steps, 2);
  EXPECT_TRUE(filter.limit_reached());
  EXPECT_EQ(filter.seen(), 5u);
  EXPECT_EQ(filter.shown(), 2u);
}

TEST(FindingFilter, losses_always_pass_and_are_summed_by_place) {
  CountingHandler next;
  FindingFilter filter{{.comms = {"nobody"}}, next};
  filter.on_loss(ring_loss());
  filter.on_loss(ring_loss());
  EXPECT_EQ(next.losses, 2);
  EXPECT_EQ(filter.lost()[static_cast<std::size_t>(tracker::LossPlace::RingBuffer)], 24u);
}

}  // namespace
}  // namespace tcptwin::test
