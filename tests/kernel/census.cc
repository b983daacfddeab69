// SPDX-License-Identifier: MIT
// What the census lists against the kernel's other account of its sockets, sock_diag, and against
// what becomes of the sockets that it listed.
#include <algorithm>
#include <tuple>

#include "kernel/census_stage.h"
#include "kernel/kernels_differ.h"

namespace tcptwin::testing {
namespace {

using model::Holder;
using model::MirrorState;
using model::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tracker::ExistingSocket;
using tracker::PendingTimer;
using tracker::StateChanged;

// State (as sock_diag numbers it), local and remote port.
using Row = std::tuple<int, std::uint16_t, std::uint16_t>;

// sock_diag shows a request socket as SYN_RECV, and a minisocket by its substate.
int diag_number(MirrorState mirror) {
  switch (mirror.state) {
    case State::Closed:
      return TCP_CLOSE;
    case State::Listen:
      return TCP_LISTEN;
    case State::SynSent:
      return TCP_SYN_SENT;
    case State::SynReceived:
      return TCP_SYN_RECV;
    case State::Established:
      return TCP_ESTABLISHED;
    case State::FinWait1:
      return TCP_FIN_WAIT1;
    case State::FinWait2:
      return TCP_FIN_WAIT2;
    case State::CloseWait:
      return TCP_CLOSE_WAIT;
    case State::Closing:
      return TCP_CLOSING;
    case State::LastAck:
      return TCP_LAST_ACK;
    case State::TimeWait:
      return TCP_TIME_WAIT;
  }
  return 0;
}

std::vector<Row> rows_of(const std::vector<ExistingSocket>& sockets) {
  std::vector<Row> rows;
  for (const auto& socket : sockets) {
    rows.emplace_back(diag_number(socket.state), socket.tuple.local.port, socket.tuple.remote.port);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<Row> rows_of(const std::vector<KernelSocket>& sockets) {
  std::vector<Row> rows;
  for (const auto& socket : sockets) {
    rows.emplace_back(socket.state, socket.local_port, socket.remote_port);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST_F(Census, lists_every_socket_that_sock_diag_lists) {
  Socket& server = listener(80);
  Socket& server6 = listener(81, 16, AF_INET6);
  pair(server);
  pair(server6, AF_INET6);
  auto half_closed = pair(server);
  half_closed.client.shutdown(Shutdown::Write);
  await_state(80, half_closed.client.local_port(), TCP_CLOSE_WAIT);
  auto orphaned = pair(server);
  const std::uint16_t orphan = orphaned.client.local_port();
  orphaned.client.close();  // its FIN_WAIT2 moves into a minisocket
  await_state(orphan, 80, TCP_FIN_WAIT2);
  time_wait(server);
  client(80);  // not accepted
  Socket& silent = sockets_.emplace_back(*network_);
  silent.connect(kPeerAddress, 5001);  // nobody answers
  half_open(5002, 80);
  CensusSession& found = census();
  EXPECT_EQ(rows_of(found.sockets_in(netns())), rows_of(list_sockets(*network_)));
  EXPECT_EQ(found.socket_at(netns(), orphan, 80).state,
            (MirrorState{State::FinWait2, Holder::Minisocket}));
  EXPECT_EQ(found.socket_at(netns(), half_closed.client.local_port(), 80).state,
            (MirrorState{State::FinWait2, Holder::Socket}));
  EXPECT_EQ(found.socket_at(netns(), 80, 5002).state,
            (MirrorState{State::SynReceived, Holder::RequestSocket}));
  EXPECT_EQ(found.sockets_in(netns()).size(), 15u);
}

TEST_F(Census, addresses_of_both_families_are_whole) {
  Socket& server = listener(81, 16, AF_INET6);
  const auto six = pair(server, AF_INET6);
  const auto four = pair(listener(80));
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), six.client.local_port(), 81);
  EXPECT_EQ(to_string(existing.tuple.local.address), "::1");
  EXPECT_EQ(to_string(existing.tuple.remote.address), "::1");
  const auto inet = found.socket_at(netns(), four.client.local_port(), 80);
  EXPECT_EQ(to_string(inet.tuple.remote.address), "127.0.0.1");
  EXPECT_EQ(found.socket_at(netns(), 81, 0).state.state, State::Listen);
}

TEST_F(Census, listener_shows_its_queues_and_their_limit) {
  prepare();
  listener(80, 7);
  client(80);
  client(80);
  half_open(5001, 80);
  const auto existing = census().socket_at(netns(), 80, 0);
  EXPECT_EQ(existing.receive_queue, 2u);
  EXPECT_EQ(existing.send_queue, 7u);
  EXPECT_EQ(existing.half_open, 1u);
  EXPECT_EQ(existing.young, 1u);
  EXPECT_EQ(existing.drops, 0u);
  EXPECT_EQ(existing.timer, PendingTimer::None);
  EXPECT_FALSE(existing.last_segment);
}

TEST_F(Census, listener_counts_what_it_dropped) {
  listener(80, 0);  // room for one
  client(80);
  await_state(80, sockets_.back().local_port(), TCP_ESTABLISHED);
  Conversation late(*peer_, 5001, 80);
  late.sends(Syn);
  late.expects_no(SynAck, milliseconds{50});
  EXPECT_GE(census().socket_at(netns(), 80, 0).drops, 1u);
}

TEST_F(Census, time_wait_shows_the_time_left) {
  const std::uint16_t port = time_wait(listener(80));
  const auto existing = census().socket_at(netns(), port, 80);
  EXPECT_EQ(existing.state, (MirrorState{State::TimeWait, Holder::Minisocket}));
  EXPECT_EQ(existing.timer, PendingTimer::TimeWait);
  ASSERT_TRUE(existing.timer_left);
  EXPECT_GT(*existing.timer_left, seconds{55});
  EXPECT_LE(*existing.timer_left, seconds{60} + milliseconds{20});  // and a jiffy or two
  EXPECT_EQ(existing.inode, 0u);
  EXPECT_FALSE(existing.snapshot);
}

TEST_F(Census, half_open_connection_shows_age_timer_and_listener) {
  prepare();
  listener(80);
  half_open(5001, 80);
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), 80, 5001);
  ASSERT_TRUE(existing.began);
  EXPECT_GT(*existing.began, existing.time - seconds{5});
  EXPECT_LT(*existing.began, existing.time);
  EXPECT_EQ(existing.listener, found.socket_at(netns(), 80, 0).socket.address);
  EXPECT_EQ(existing.timer, PendingTimer::Retransmit);
  ASSERT_TRUE(existing.timer_left);
  EXPECT_GT(*existing.timer_left, Duration::zero());
  EXPECT_LE(*existing.timer_left, seconds{1} + milliseconds{20});
  EXPECT_EQ(existing.timeouts, 0);
}

TEST_F(Census, repeated_synack_is_counted) {
  prepare();
  listener(80);
  half_open(5001, 80).expects(SynAck);  // again, after a second
  CensusSession& found = census();
  EXPECT_EQ(found.socket_at(netns(), 80, 5001).timeouts, 1);
  EXPECT_EQ(found.socket_at(netns(), 80, 0).young, 0u);
  EXPECT_GT(*found.socket_at(netns(), 80, 5001).timer_left, seconds{1});  // twice the time
}

TEST_F(Census, pending_timers_are_those_of_ss) {
  prepare();
  Socket& silent = sockets_.emplace_back(*network_);
  silent.connect(kPeerAddress, 5001);
  auto kept = pair(listener(80));
  kept.client.set_keepalive(100, 10, 3);
  CensusSession& found = census();
  const auto syn_sent = found.socket_at(netns(), silent.local_port(), 5001);
  EXPECT_EQ(syn_sent.timer, PendingTimer::Retransmit);
  EXPECT_GT(*syn_sent.timer_left, Duration::zero());
  EXPECT_LE(*syn_sent.timer_left, seconds{1} + milliseconds{20});
  const auto keepalive = found.socket_at(netns(), kept.client.local_port(), 80);
  EXPECT_EQ(keepalive.timer, PendingTimer::Keepalive);
  EXPECT_GT(*keepalive.timer_left, seconds{95});
  EXPECT_LE(*keepalive.timer_left, seconds{100} + milliseconds{20});
  EXPECT_EQ(found.socket_at(netns(), 80, kept.client.local_port()).timer, PendingTimer::None);
}

TEST_F(Census, full_socket_shows_evidence_queues_and_last_segment) {
  auto [connecting, accepted] = pair(listener(80));
  connecting.send("five!");
  await_state(80, connecting.local_port(), TCP_ESTABLISHED);
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), 80, connecting.local_port());
  EXPECT_EQ(existing.receive_queue, 5u);
  ASSERT_TRUE(existing.snapshot);
  EXPECT_EQ(existing.snapshot->bytes_received, 5u);
  EXPECT_TRUE(existing.snapshot->has_socket);
  ASSERT_TRUE(existing.last_segment);
  EXPECT_GT(*existing.last_segment, existing.time - seconds{5});
  EXPECT_LE(*existing.last_segment, existing.time);
  EXPECT_NE(existing.inode, 0u);
  EXPECT_EQ(existing.uid, geteuid());
}

TEST_F(Census, data_that_nobody_acknowledges_stays_in_the_send_queue) {
  Socket& socket = sockets_.emplace_back(*network_);
  socket.connect(kPeerAddress, 5001);
  Conversation(*peer_, 5001).accepts_open();
  socket.send("unacknowledged");
  EXPECT_EQ(census().socket_at(netns(), socket.local_port(), 5001).send_queue, 14u);
}

// Adopted sockets: what the census listed is what later records speak of.

TEST_F(Census, full_socket_keeps_its_cookie) {
  TCPTWIN_NEEDS_COOKIES();
  auto [connecting, accepted] = pair(listener(80));
  const std::uint16_t port = connecting.local_port();
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), port, 80);
  ASSERT_NE(existing.socket.cookie, 0u);
  connecting.shutdown(Shutdown::Write);
  const auto change = found.await<StateChanged>(
      [&](const StateChanged& seen) { return seen.tuple.local.port == port; });
  EXPECT_EQ(change.socket.cookie, existing.socket.cookie);
  EXPECT_EQ(change.from, existing.state.state);
}

TEST_F(Census, minisocket_keeps_its_cookie) {
  TCPTWIN_NEEDS_COOKIES();
  const std::uint16_t port = time_wait(listener(80));
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), port, 80);
  ASSERT_NE(existing.socket.cookie, 0u);
  EXPECT_EQ(kill_sockets(*network_, port, 80), 1);
  const auto ended = found.await<tracker::MinisocketTimer>([&](const auto& timer) {
    return timer.tuple.local.port == port && timer.operation == tracker::TimerOperation::Cancel;
  });
  EXPECT_EQ(ended.socket.cookie, existing.socket.cookie);
}

TEST_F(Census, minisocket_inherits_the_cookie_of_an_adopted_socket) {
  TCPTWIN_NEEDS_COOKIES();
  auto [connecting, accepted] = pair(listener(80));
  const std::uint16_t port = connecting.local_port();
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), port, 80);
  connecting.close();
  const auto minisocket = found.await<tracker::MinisocketTimer>(
      [&](const auto& timer) { return timer.tuple.local.port == port; });
  EXPECT_EQ(minisocket.socket.cookie, existing.socket.cookie);
}

TEST_F(Census, child_inherits_the_cookie_of_an_adopted_request) {
  TCPTWIN_NEEDS_COOKIES();
  listener(80);
  auto talk = half_open(5001, 80);
  CensusSession& found = census();
  const auto existing = found.socket_at(netns(), 80, 5001);
  ASSERT_NE(existing.socket.cookie, 0u);
  talk.sends(Ack);
  const auto change = found.await<StateChanged>([&](const StateChanged& seen) {
    return seen.tuple.remote.port == 5001 && seen.to == State::Established;
  });
  EXPECT_EQ(change.socket.cookie, existing.socket.cookie);
}

}  // namespace
}  // namespace tcptwin::testing
