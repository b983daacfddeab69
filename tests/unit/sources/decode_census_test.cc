// SPDX-License-Identifier: MIT
// decode() on the records of a census: those of a real kernel (Linux 6.18), and altered ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <span>

#include "sources/decode.h"
#include "sources/decoding.h"
#include "sources/golden_record.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {
namespace {

using model::Holder;
using model::MirrorState;
using model::State;
using std::chrono::seconds;
using testing::altered;
using testing::decoded;
using testing::error_of;
using testing::read_golden_record;
using tracker::CensusMark;
using tracker::CensusPhase;
using tracker::ExistingSocket;
using tracker::PendingTimer;
using tracker::SocketHolder;

using Bytes = std::vector<std::byte>;
using Existing = tcptwin_existing_socket;

const std::string kListen = "existing_socket_listen";
const std::string kEstablished = "existing_socket_established";
const std::string kTimeWait = "existing_socket_time_wait";
const std::string kHalfOpen = "existing_socket_half_open";

TEST(DecodeCensusTest, listener_shows_its_queues) {
  const auto listener = decoded<ExistingSocket>(kListen);
  EXPECT_EQ(listener.state, (MirrorState{State::Listen, Holder::Socket}));
  EXPECT_EQ(listener.tuple.local.port, 80);
  EXPECT_EQ(listener.tuple.remote.port, 0);
  EXPECT_EQ(listener.receive_queue, 1u);
  EXPECT_EQ(listener.send_queue, 7u);
  EXPECT_EQ(listener.half_open, 1u);
  EXPECT_EQ(listener.young, 0u);
  EXPECT_EQ(listener.timer, PendingTimer::None);
  EXPECT_FALSE(listener.timer_left);
  EXPECT_FALSE(listener.last_segment);
  EXPECT_FALSE(listener.began);
  EXPECT_TRUE(listener.snapshot);
  EXPECT_NE(listener.socket.cookie, 0u);
  EXPECT_NE(listener.inode, 0u);
}

TEST(DecodeCensusTest, full_socket_carries_its_evidence) {
  const auto socket = decoded<ExistingSocket>(kEstablished);
  EXPECT_EQ(socket.state, (MirrorState{State::Established, Holder::Socket}));
  ASSERT_TRUE(socket.snapshot);
  EXPECT_EQ(socket.snapshot->mss, 65495);
  EXPECT_EQ(to_string(socket.tuple.remote.address), "127.0.0.1");
  ASSERT_TRUE(socket.last_segment);
  EXPECT_LT(*socket.last_segment, socket.time);
}

TEST(DecodeCensusTest, minisockets_show_substate_and_time_left) {
  const auto waiting = decoded<ExistingSocket>(kTimeWait);
  EXPECT_EQ(waiting.state, (MirrorState{State::TimeWait, Holder::Minisocket}));
  EXPECT_EQ(waiting.timer, PendingTimer::TimeWait);
  ASSERT_TRUE(waiting.timer_left);
  EXPECT_GT(*waiting.timer_left, seconds{50});
  EXPECT_LT(*waiting.timer_left, seconds{61});
  EXPECT_FALSE(waiting.snapshot);
  EXPECT_EQ(decoded<ExistingSocket>("existing_socket_fin_wait2_minisocket").state,
            (MirrorState{State::FinWait2, Holder::Minisocket}));
}

TEST(DecodeCensusTest, half_open_connection_shows_age_and_listener) {
  const auto request = decoded<ExistingSocket>(kHalfOpen);
  EXPECT_EQ(request.state, (MirrorState{State::SynReceived, Holder::RequestSocket}));
  ASSERT_TRUE(request.began);
  EXPECT_GT(request.time - *request.began, seconds{1});
  EXPECT_LT(request.time - *request.began, seconds{2});
  EXPECT_EQ(request.timeouts, 1);
  EXPECT_EQ(request.listener, decoded<ExistingSocket>(kListen).socket.address);
  EXPECT_EQ(request.timer, PendingTimer::Retransmit);
  EXPECT_FALSE(request.snapshot);
}

TEST(DecodeCensusTest, each_number_lands_in_its_own_member) {
  const auto socket = decoded<ExistingSocket>(altered<Existing>(kEstablished, [](Existing& r) {
    r.cgroup = 1;
    r.inode = 2;
    r.uid = 3;
    r.receive_queue = 4;
    r.send_queue = 5;
    r.half_open = 6;
    r.young = 7;
    r.drops = 8;
    r.timeouts = 9;
    r.listener = 10;
    r.timer = TCPTWIN_TIMER_PROBE;
    r.timer_ns = -11;
    r.began_ns = 12;
    r.last_segment_ns = 13;
  }));
  EXPECT_EQ(socket.cgroup, 1u);
  EXPECT_EQ(socket.inode, 2u);
  EXPECT_EQ(socket.uid, 3u);
  EXPECT_EQ(socket.receive_queue, 4u);
  EXPECT_EQ(socket.send_queue, 5u);
  EXPECT_EQ(socket.half_open, 6u);
  EXPECT_EQ(socket.young, 7u);
  EXPECT_EQ(socket.drops, 8u);
  EXPECT_EQ(socket.timeouts, 9);
  EXPECT_EQ(socket.listener, 10u);
  EXPECT_EQ(socket.timer, PendingTimer::Probe);
  EXPECT_EQ(socket.timer_left, Duration{-11});  // overdue
  EXPECT_EQ(socket.began, kernel_time_from_ns(12));
  EXPECT_EQ(socket.last_segment, kernel_time_from_ns(13));
}

TEST(DecodeCensusTest, state_that_the_object_cannot_be_in_is_refused) {
  struct Case {
    std::uint8_t kind;
    std::vector<std::uint8_t> possible;
  };
  const std::vector<Case> cases = {{TCPTWIN_FULL_SOCKET, {1, 2, 3, 4, 5, 8, 9, 10, 11}},
                                   {TCPTWIN_MINISOCKET, {6}},
                                   {TCPTWIN_REQUEST_SOCKET, {12}}};
  for (const auto& [kind, possible] : cases) {
    for (int state = 0; state < 256; ++state) {
      const auto record = altered<Existing>(kTimeWait, [&, kind = kind](Existing& r) {
        r.socket.kind = kind;
        r.socket.state = static_cast<std::uint8_t>(state);
      });
      const bool is_possible = std::find(possible.begin(), possible.end(), state) != possible.end();
      EXPECT_EQ(error_of(record), is_possible ? std::nullopt : std::optional{DecodeError::BadState})
          << int{kind} << " in " << state;
    }
  }
}

TEST(DecodeCensusTest, substate_that_is_none_is_refused) {
  for (const std::uint8_t substate : std::vector<std::uint8_t>{0, 4, 7, 255}) {
    EXPECT_EQ(
        error_of(altered<Existing>(kTimeWait, [&](Existing& r) { r.socket.substate = substate; })),
        DecodeError::BadState);
  }
}

TEST(DecodeCensusTest, field_out_of_range_is_refused) {
  const std::vector<std::function<void(Existing&)>> alterations = {
      [](Existing& r) { r.socket.family = 1; },
      [](Existing& r) { r.socket.kind = TCPTWIN_NO_SOCKET; },
      [](Existing& r) { r.timer = 5; },
      [](Existing& r) { r.evidence.shutdown = 4; },
      [](Existing& r) { r.header.time_ns = ~std::uint64_t{0}; },
      [](Existing& r) { r.began_ns = ~std::uint64_t{0}; },
      [](Existing& r) { r.last_segment_ns = ~std::uint64_t{0}; },
      [](Existing& r) { r.timer_ns = std::numeric_limits<std::int64_t>::min(); },
      [](Existing& r) { r.timer_ns = std::numeric_limits<std::int64_t>::max(); },
  };
  for (std::size_t i = 0; i < alterations.size(); ++i) {
    EXPECT_EQ(error_of(altered<Existing>(kEstablished, alterations[i])), DecodeError::BadField)
        << i;
  }
}

TEST(DecodeCensusTest, holder_is_named) {
  const auto holder = decoded<SocketHolder>("socket_holder");
  EXPECT_NE(holder.socket.cookie, 0u);
  EXPECT_NE(holder.socket.address, 0u);
  EXPECT_NE(holder.actor.pid, 0u);
  EXPECT_EQ(holder.actor.tid, 0u);
  EXPECT_EQ(holder.actor.comm.view(), "ktest");
  const auto endless = decoded<SocketHolder>(altered<tcptwin_socket_holder>(
      "socket_holder", [](auto& r) { std::memset(r.comm, 'c', sizeof r.comm); }));
  EXPECT_EQ(endless.actor.comm.view(), "ccccccccccccccc");
}

TEST(DecodeCensusTest, marks_keep_phase_number_and_namespace) {
  const auto mark = decoded<CensusMark>("census_namespace");
  EXPECT_EQ(mark.phase, CensusPhase::NamespaceListed);
  EXPECT_EQ(mark.number, 1u);
  EXPECT_NE(mark.netns, 0u);
  EXPECT_TRUE(mark.is_filtered);
  const std::vector<std::pair<tcptwin_census_phase, CensusPhase>> phases = {
      {TCPTWIN_CENSUS_BEGAN, CensusPhase::Began},
      {TCPTWIN_CENSUS_NAMESPACE, CensusPhase::NamespaceListed},
      {TCPTWIN_CENSUS_REFUSED, CensusPhase::NamespaceRefused},
      {TCPTWIN_CENSUS_HOLDERS, CensusPhase::HoldersListed},
      {TCPTWIN_CENSUS_ENDED, CensusPhase::Ended}};
  for (const auto& [number, phase] : phases) {
    const auto other =
        decoded<CensusMark>(altered<tcptwin_census>("census_namespace", [number = number](auto& r) {
          r.phase = static_cast<std::uint8_t>(number);
          r.error = 13;
          r.is_filtered = 0;
        }));
    EXPECT_EQ(other.phase, phase);
    EXPECT_EQ(other.error, 13u);
    EXPECT_FALSE(other.is_filtered);
  }
}

TEST(DecodeCensusTest, mark_that_means_nothing_is_refused) {
  const auto refused = [](const std::function<void(tcptwin_census&)>& alter) {
    EXPECT_EQ(error_of(altered<tcptwin_census>("census_namespace", alter)), DecodeError::BadField);
  };
  refused([](auto& r) { r.phase = 0; });
  refused([](auto& r) { r.phase = 6; });
  refused([](auto& r) { r.is_filtered = 2; });
}

}  // namespace
}  // namespace tcptwin::sources
