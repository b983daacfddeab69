// SPDX-License-Identifier: MIT
// The numbers of `top`: rates, states, groups, and what stays stuck.
#include "sinks/top_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "unit/sinks/made_up_host.h"

namespace tcptwin::sinks {
namespace {

using model::EndedHow;
using model::Holder;
using model::State;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::ended_life;
using test::made_up_twin;
using test::MadeUpTwin;
using test::opened_step;
using test::stuck_finding;

constexpr KernelTime kStart{minutes{100}};

class TopModelTest : public testing::Test {
 protected:
  TopView view(GroupBy group_by = GroupBy::Process, KernelTime now = kStart + seconds{1}) {
    TopSources sources;
    sources.visit = [this](const tracker::TwinVisitor& visitor) {
      for (const MadeUpTwin& twin : twins_) visitor(twin.view());
    };
    sources.unit_of = [](std::uint64_t cgroup) {
      return cgroup < 103 ? std::string{"web.service"} : std::string{};
    };
    return model_.view(now, group_by, sources);
  }

  static RateView rate(const TopView& view, TopRate which) {
    return view.rates[static_cast<std::size_t>(which)];
  }

  static const GroupRow& group(const TopView& view, const std::string& name) {
    const auto found = std::find_if(view.groups.begin(), view.groups.end(),
                                    [&](const GroupRow& row) { return row.name == name; });
    if (found != view.groups.end()) return *found;
    ADD_FAILURE() << "no group '" << name << "'";
    static const GroupRow kNone;
    return kNone;
  }

  MadeUpTwin twin(State state, std::uint32_t pid = 7, std::string_view comm = "nginx") {
    return made_up_twin(next_++, state, pid, comm, kStart - seconds{30});
  }

  TopModel model_{kStart};
  std::vector<MadeUpTwin> twins_;
  std::uint64_t next_ = 1;
};

TEST_F(TopModelTest, every_state_and_place_of_the_kernel_has_its_own_count) {
  for (const State state : model::kAllStates) twins_.push_back(twin(state));
  twins_.push_back(twin(State::SynReceived));
  twins_.back().state.holder = Holder::RequestSocket;
  twins_.push_back(twin(State::FinWait2));
  twins_.back().state.holder = Holder::Minisocket;
  EXPECT_THAT(view().states, testing::Each(1u));
  EXPECT_EQ(view().sockets, kTopStateCount);
}

TEST_F(TopModelTest, rates_are_those_of_the_interval_that_ended_however_long_it_was) {
  const MadeUpTwin some = twin(State::Established);
  for (int i = 0; i < 30; ++i) model_.on_step(opened_step(some, kStart));
  model_.end_interval(kStart + seconds{2});
  EXPECT_DOUBLE_EQ(rate(view(), TopRate::Opened).per_second, 15);
  model_.end_interval(kStart + seconds{4});
  EXPECT_DOUBLE_EQ(rate(view(), TopRate::Opened).per_second, 0);
  EXPECT_EQ(rate(view(), TopRate::Opened).total, 30u);
}

TEST_F(TopModelTest, each_ending_has_its_rate_and_failures_are_their_sum) {
  const MadeUpTwin some = twin(State::Established);
  for (const EndedHow how :
       {EndedHow::Fin, EndedHow::ResetSent, EndedHow::ResetReceived, EndedHow::ResetReceived,
        EndedHow::Refused, EndedHow::Timeout, EndedHow::Unreachable, EndedHow::Silent}) {
    model_.on_life(ended_life(some, kStart, how));
  }
  model_.end_interval(kStart + seconds{1});
  const TopView now = view();
  EXPECT_EQ(rate(now, TopRate::Closed).total, 2u);
  EXPECT_EQ(rate(now, TopRate::ResetHere).total, 1u);
  EXPECT_EQ(rate(now, TopRate::ResetByPeer).total, 2u);
  EXPECT_EQ(rate(now, TopRate::Refused).total, 1u);
  EXPECT_EQ(rate(now, TopRate::TimedOut).total, 1u);
  EXPECT_EQ(rate(now, TopRate::Unreachable).total, 1u);
  EXPECT_EQ(now.failures.total, 6u);
  EXPECT_DOUBLE_EQ(now.failures.per_second, 6);
}

TEST_F(TopModelTest, only_what_begins_or_finishes_a_handshake_is_opened_or_established) {
  tracker::Step step = opened_step(twin(State::Established), kStart);
  model_.on_step(step);  // LISTEN -> NEW_SYN_RECV
  step.from = step.to;
  step.to = {State::SynReceived, Holder::Socket};
  model_.on_step(step);  // the child: no second opening
  step.from = step.to;
  step.to = {State::Established, Holder::Socket};
  model_.on_step(step);
  step.from = {State::Closed, Holder::Socket};
  step.to = {State::Listen, Holder::Socket};
  model_.on_step(step);
  step.to = {State::SynSent, Holder::Socket};
  model_.on_step(step);
  model_.end_interval(kStart + seconds{1});
  EXPECT_EQ(rate(view(), TopRate::Opened).total, 2u);
  EXPECT_EQ(rate(view(), TopRate::Established).total, 1u);
  EXPECT_EQ(view().steps, 5u);
}

TEST_F(TopModelTest, the_minute_holds_whole_seconds_oldest_first_and_forgets) {
  const MadeUpTwin some = twin(State::Established);
  model_.advance(kStart + milliseconds{500});
  model_.on_step(opened_step(some, kStart));
  model_.advance(kStart + milliseconds{1500});
  model_.on_step(opened_step(some, kStart));
  model_.on_step(opened_step(some, kStart));
  model_.advance(kStart + milliseconds{2100});
  const auto seconds_now = rate(view(), TopRate::Opened).seconds;
  EXPECT_EQ(seconds_now[kTopSeconds - 2], 1u);
  EXPECT_EQ(seconds_now[kTopSeconds - 1], 2u);
  model_.advance(kStart + seconds{3600});
  EXPECT_THAT(rate(view(), TopRate::Opened).seconds, testing::Each(0u));
  EXPECT_EQ(rate(view(), TopRate::Opened).total, 3u);
}

TEST_F(TopModelTest, processes_are_told_apart_by_pid_and_the_unowned_are_one_group) {
  twins_ = {twin(State::Established, 7), twin(State::Established, 8), twin(State::CloseWait, 8),
            twin(State::TimeWait, 0, "")};
  const TopView now = view();
  ASSERT_EQ(now.groups.size(), 3u);
  EXPECT_EQ(group(now, "(no process)").time_wait, 1u);
  const auto eight = std::find_if(now.groups.begin(), now.groups.end(),
                                  [](const GroupRow& row) { return row.pid == 8; });
  EXPECT_EQ(eight->total, 2u);
  EXPECT_EQ(eight->established, 1u);
  EXPECT_EQ(eight->close_wait, 1u);
}

TEST_F(TopModelTest, cgroups_of_one_unit_are_one_row) {
  twins_ = {twin(State::Established, 0), twin(State::Established, 1)};
  twins_.push_back(twin(State::Established, 1));
  twins_.back().connection.cgroup = 555;
  twins_.push_back(twin(State::Established, 1));
  twins_.back().connection.cgroup = 0;
  const TopView now = view(GroupBy::Unit);
  EXPECT_EQ(group(now, "web.service").total, 2u);
  EXPECT_EQ(group(now, "cgroup 555").total, 1u);
  EXPECT_EQ(group(now, "(no unit)").total, 1u);
}

TEST_F(TopModelTest, a_listener_has_its_connections_also_adopted_ones_and_not_the_outgoing) {
  twins_ = {twin(State::Listen), twin(State::Established), twin(State::Established),
            twin(State::Established)};
  twins_[0].connection.role = tracker::Role::Listener;
  twins_[2].connection.role = tracker::Role::Unknown;
  twins_[3].connection.role = tracker::Role::Active;
  const TopView now = view(GroupBy::Listener);
  EXPECT_EQ(group(now, ":443 nginx").total, 3u);
  EXPECT_EQ(group(now, "(outgoing)").total, 1u);
}

TEST_F(TopModelTest, opens_and_failures_go_to_the_group_also_when_it_has_no_socket_left) {
  const MadeUpTwin gone = twin(State::SynSent, 99, "curl");
  model_.on_step(opened_step(gone, kStart));
  model_.on_life(ended_life(gone, kStart, EndedHow::Refused));
  model_.end_interval(kStart + milliseconds{500});
  const TopView now = view();
  EXPECT_DOUBLE_EQ(group(now, "curl").opens, 2);
  EXPECT_DOUBLE_EQ(group(now, "curl").failures, 2);
  EXPECT_EQ(group(now, "curl").total, 0u);
}

TEST_F(TopModelTest, more_groups_than_anybody_reads_are_summed_up) {
  for (std::uint32_t pid = 1; pid <= 6000; ++pid) twins_.push_back(twin(State::Established, pid));
  const TopView now = view();
  EXPECT_LT(now.groups.size(), 5000u);
  std::uint64_t sum = 0;
  for (const GroupRow& row : now.groups) sum += row.total;
  EXPECT_EQ(sum, 6000u);
  EXPECT_GT(group(now, "(others)").total, 1000u);
}

TEST_F(TopModelTest, what_is_stuck_ages_and_goes_when_its_state_does) {
  twins_ = {twin(State::CloseWait)};
  twins_[0].entered.reset();
  twins_[0].known_since = kStart - minutes{5};
  model_.on_stuck(stuck_finding(twins_[0], kStart, tracker::StuckKind::CloseWait, seconds{60}));
  const TopView stuck = view(GroupBy::Process, kStart + minutes{1});
  ASSERT_EQ(stuck.stuck.size(), 1u);
  EXPECT_EQ(stuck.stuck[0].age, minutes{6});
  EXPECT_FALSE(stuck.stuck[0].age_is_exact);
  EXPECT_EQ(group(stuck, "nginx").stuck, 1u);
  twins_[0].state.state = State::LastAck;
  EXPECT_TRUE(view().stuck.empty());
  twins_[0].state.state = State::CloseWait;  // only a new finding brings it back
  EXPECT_TRUE(view().stuck.empty());
}

TEST_F(TopModelTest, a_listener_is_stuck_while_its_oldest_half_open_connection_is_too_old) {
  twins_ = {twin(State::Listen)};
  twins_[0].listener = tracker::ListenerView{};
  twins_[0].listener->oldest = kStart - seconds{20};
  auto finding = stuck_finding(twins_[0], kStart, tracker::StuckKind::HalfOpen, seconds{10});
  finding.connections = 5;
  model_.on_stuck(finding);
  EXPECT_EQ(view().stuck_connections, 5u);
  EXPECT_EQ(view().stuck.at(0).age, seconds{21});
  twins_[0].listener->oldest = kStart;
  EXPECT_EQ(view().stuck_connections, 0u);
}

TEST_F(TopModelTest, the_worst_is_what_exceeds_its_threshold_most) {
  twins_ = {twin(State::CloseWait), twin(State::SynSent)};
  twins_[0].entered = kStart - seconds{90};
  twins_[1].entered = kStart - seconds{60};
  model_.on_stuck(stuck_finding(twins_[0], kStart, tracker::StuckKind::CloseWait, seconds{60}));
  model_.on_stuck(stuck_finding(twins_[1], kStart, tracker::StuckKind::SynSent, seconds{10}));
  EXPECT_EQ(view().stuck.at(0).finding.kind, tracker::StuckKind::SynSent);
}

TEST_F(TopModelTest, what_the_filter_refuses_is_counted_nowhere) {
  twins_ = {twin(State::Established, 7), twin(State::Established, 8)};
  TopSources sources;
  sources.visit = [this](const tracker::TwinVisitor& visitor) {
    for (const MadeUpTwin& twin : twins_) visitor(twin.view());
  };
  sources.wants = [](const tracker::TwinView& twin) { return twin.owners.best().actor.pid == 8; };
  const TopView now = model_.view(kStart, GroupBy::Process, sources);
  EXPECT_EQ(now.sockets, 1u);
  EXPECT_EQ(now.groups.size(), 1u);
}

TEST_F(TopModelTest, losses_and_divergences_are_kept) {
  model_.on_loss({kStart, tracker::LossPlace::RingBuffer, 12});
  model_.on_loss({kStart, tracker::LossPlace::RingBuffer, 3});
  tracker::Divergence divergence{};
  divergence.kind = model::DivergenceKind::Ghost;
  model_.on_divergence(divergence);
  EXPECT_EQ(view().lost_in_all(), 15u);
  EXPECT_EQ(view().divergences, 1u);
  EXPECT_EQ(view().last_divergence->kind, model::DivergenceKind::Ghost);
}

}  // namespace
}  // namespace tcptwin::sinks
