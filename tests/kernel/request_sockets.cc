// SPDX-License-Identifier: MIT
// Half-open connections: what a request socket lives through before there is a child.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};
constexpr std::chrono::milliseconds kGivingUp{20'000};

const Path kListening = {"CLOSE -> LISTEN passive_open conformant"};
const Path kHalfOpen = {"LISTEN -> NEW_SYN_RECV syn_received conformant"};

TEST(RequestSocket, handshake_makes_a_child_that_closes_last) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto [child, peer] = stage.accepted(server, 5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    child.close();
    peer.acknowledges_fin();
    server.close();
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE listener_closed conformant"});
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                   "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                   "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(RequestSocket, fifty_half_open_connections_are_fifty) {
  scenario([](Stage& stage) {
    stage.listener(80, 128);
    for (std::uint16_t port = 5000; port < 5050; ++port) {
      auto peer = stage.peer_at(port, 80);
      peer.sends(Syn);
      peer.expects(SynAck);
      stage.expect(passive(80, port), kHalfOpen);
    }
    const auto sockets = list_sockets(stage.network);
    const auto half_open = std::count_if(sockets.begin(), sockets.end(), [](const auto& socket) {
      return socket.state == TCP_SYN_RECV;
    });
    EXPECT_EQ(half_open, 50);
    stage.expect(listener(80), kListening);
  });
}

TEST(RequestSocket, reset_drops_it) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Rst);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_dropped conformant"});
  });
}

TEST(RequestSocket, administrator_drops_it) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    EXPECT_EQ(kill_sockets(stage.network, 80, 5001), 1);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_dropped conformant"});
  });
}

TEST(RequestSocket, silent_peer_lets_it_time_out) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_synack_retries", "1");
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.expects(SynAck);  // again
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_timeout conformant"});
  });
}

TEST(RequestSocket, different_syn_in_the_window_resets_it) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Syn, {.seq_offset = 10});
    peer.expects(Rst);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_reset_bad_syn deviation L20"});
  });
}

TEST(RequestSocket, wrong_acknowledgment_is_reset_and_it_stays) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Ack, {.ack_offset = 100});
    peer.expects(Rst);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), kHalfOpen);
  });
}

// Debian's 5.10 drops the request (L21).
bool challenges_inexact_resets() {
  return kernel_is_at_least(6, 1);
}

TEST(RequestSocket, inexact_reset_draws_a_challenge) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Rst, {.seq_offset = 5});
    stage.expect(listener(80), kListening);
    if (challenges_inexact_resets()) {
      peer.expects(Ack);
      stage.expect(passive(80, 5001), kHalfOpen);
    } else {
      stage.expect(passive(80, 5001),
                   kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_dropped conformant"});
    }
  });
}

TEST(RequestSocket, repeated_syn_is_answered_again) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Syn, {.seq_offset = -1});
    peer.expects(SynAck);
    peer.sends(Ack);
    stage.accept(server);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), received());
  });
}

TEST(RequestSocket, fin_in_the_handshakes_last_acknowledgment) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.accept(server).close();
    peer.acknowledges_fin();
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                   "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                   "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(RequestSocket, fin_before_accept) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.accept(server).close();
    peer.acknowledges_fin();
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                   "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                   "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(RequestSocket, deferred_accept_waits_for_data) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    server.set_tcp_option(TCP_DEFER_ACCEPT, 10);
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    peer.expects_no(Rst, kLittleWhile);
    peer.sends(PshAck, {.text = "data"});
    Socket& child = stage.accept(server);
    EXPECT_EQ(child.receive(), "data");
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), received());
  });
}

TEST(RequestSocket, syn_cookie_makes_a_child_without_one) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_syncookies", "2");
    Socket& server = stage.listener(80);
    auto [child, peer] = stage.accepted(server, 5001);
    child.set_linger(0);
    child.close();
    peer.expects(Rst);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), {by_absence("LISTEN -> SYN_RECV child_from_syncookie", "L13"),
                                     "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant",
                                     "ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(RequestSocket, outlives_its_listener_until_the_next_segment) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn);
    peer.expects(SynAck);
    server.close();
    peer.sends(Ack);
    peer.expects(Rst);
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE listener_closed conformant"});
    stage.expect(passive(80, 5001),
                 kHalfOpen + Path{"NEW_SYN_RECV -> CLOSE request_dropped conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
