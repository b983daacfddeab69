// SPDX-License-Identifier: MIT
// Listening sockets: how they end, and what becomes of the children nobody has accepted.
#include <gtest/gtest.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};

const Path kListening = {"CLOSE -> LISTEN passive_open conformant"};
const Path kClosed = {"LISTEN -> CLOSE listener_closed conformant"};
const Path kHalfOpen = {"LISTEN -> NEW_SYN_RECV syn_received conformant"};
const Path kForgotten = {"ESTABLISHED -> CLOSE listener_closed_child deviation L25"};

TEST(Listener, close_resets_children_that_nobody_accepted) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto first = stage.peer_at(5001, 80);
    first.opens();
    auto second = stage.peer_at(5002, 80);
    second.opens();
    server.close();
    first.expects(Rst);
    second.expects(Rst);
    stage.expect(listener(80), kListening + kClosed);
    stage.expect(passive(80, 5001), received() + kForgotten);
    stage.expect(passive(80, 5002), received() + kForgotten);
  });
}

TEST(Listener, close_resets_a_child_that_has_seen_the_fin) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    peer.sends(FinAck);
    peer.expects(Ack);
    server.close();
    stage.expect(listener(80), kListening + kClosed);
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                   "CLOSE_WAIT -> CLOSE listener_closed_child deviation L25"});
  });
}

// Soon after listen() it looks as if that had failed where no error report shows.
void expect_disconnected(Stage& stage, const Which& which) {
  const Path disconnected = kListening + Path{"LISTEN -> CLOSE disconnect deviation L30"};
  if (shows_error_reports()) return stage.expect(which, disconnected);
  const Path failed = kListening + Path{"LISTEN -> CLOSE listen_failed unverified L16"};
  stage.expect_one_of(which, {disconnected, failed});
}

TEST(Listener, connect_to_unspecified_stops_it) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    server.disconnect();
    expect_disconnected(stage, listener(80));
  });
}

TEST(Listener, shutdown_for_reading_stops_it_and_it_listens_again) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    server.shutdown(Shutdown::Write);  // no effect
    server.shutdown(Shutdown::Read);
    server.listen();
    server.close();
    expect_disconnected(stage, listener(80).number(1));
    stage.expect(listener(80).number(2), kListening + kClosed);
  });
}

TEST(Listener, second_one_on_the_port_fails) {
  scenario([](Stage& stage) {
    Socket& first = stage.socket();
    Socket& second = stage.socket();
    for (Socket* each : {&first, &second}) {
      each->set_reuse_address();
      each->bind("0.0.0.0", 80);
    }
    first.listen();
    EXPECT_EQ(second.try_listen(16), EADDRINUSE);
    stage.expect(listener(80).number(1), kListening);
    stage.expect(listener(80).number(2),
                 kListening + Path{by_absence("LISTEN -> CLOSE listen_failed", "L16")});
  });
}

TEST(Listener, full_queue_ignores_a_new_syn) {
  scenario([](Stage& stage) {
    stage.listener(80, 0);
    auto first = stage.peer_at(5001, 80);
    first.opens();
    auto second = stage.peer_at(5002, 80);
    second.sends(Syn);
    second.expects_no(SynAck, kLittleWhile);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), received());
  });
}

// A listener with room for two unaccepted children, both taken, and a third handshake that lacks
// only its last acknowledgment.
Conversation overflow(Stage& stage) {
  stage.listener(80, 1);
  auto first = stage.peer_at(5001, 80);
  first.opens();
  auto second = stage.peer_at(5002, 80);
  second.sends(Syn);
  second.expects(SynAck);
  auto third = stage.peer_at(5003, 80);
  third.sends(Syn);
  third.expects(SynAck);
  second.sends(Ack);
  stage.expect(listener(80), kListening);
  stage.expect(passive(80, 5001), received());
  stage.expect(passive(80, 5002), received());
  return third;
}

TEST(Listener, full_queue_ignores_the_last_acknowledgment) {
  scenario([](Stage& stage) {
    Conversation third = overflow(stage);
    third.sends(Ack);
    third.expects_no(Rst, kLittleWhile);
    stage.expect(passive(80, 5003), kHalfOpen);
  });
}

TEST(Listener, full_queue_resets_where_abort_on_overflow_is_set) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_abort_on_overflow", "1");
    Conversation third = overflow(stage);
    third.sends(Ack);
    third.expects(Rst);
    stage.expect(passive(80, 5003),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE accept_overflow_reset deviation L23"});
  });
}

TEST(Listener, unaccepted_child_migrates_to_another_one) {
  if (!kernel_is_at_least(5, 14)) GTEST_SKIP() << "missing: tcp_migrate_req (Linux 5.14)";
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_migrate_req", "1");
    const auto share_port = [&](Socket& server) -> Socket& {
      server.set_reuse_port();
      server.bind("0.0.0.0", 80);
      server.listen();
      return server;
    };
    Socket& first = share_port(stage.socket());
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    Socket& second = share_port(stage.socket());
    first.close();
    Socket& child = stage.accept(second);
    peer.sends(PshAck, {.text = "alive"});
    EXPECT_EQ(child.receive(), "alive");
    stage.expect(listener(80).number(1), kListening + kClosed);
    stage.expect(listener(80).number(2), kListening);
    stage.expect(passive(80, 5001), received());
  });
}

TEST(Listener, socket_that_was_only_bound_makes_no_step) {
  scenario([](Stage& stage) {
    Socket& bound = stage.socket();
    bound.bind("0.0.0.0", 80);
    bound.close();
    stage.socket().close();
  });
}

}  // namespace
}  // namespace tcptwin::testing
