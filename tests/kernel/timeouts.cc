// SPDX-License-Identifier: MIT
// The peer falls silent: handshakes, data, windows and keepalives that are given up.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kGivingUp{20'000};
constexpr std::uint8_t kHostUnreachable = 1;

const Path kFinWait1 = {"ESTABLISHED -> FIN_WAIT1 local_close conformant"};

TEST(Timeout, syn_is_never_answered) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    if (kernel_is_at_least(6, 5)) stage.network.set_ipv4("tcp_syn_linear_timeouts", "0");
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_SYNCNT, 1);
    client.connect(kPeerAddress, 5001);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE handshake_timeout conformant"});
  });
}

TEST(Timeout, synack_of_crossing_syns_is_never_answered) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    if (kernel_is_at_least(6, 5)) stage.network.set_ipv4("tcp_syn_linear_timeouts", "0");
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_SYNCNT, 1);
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                                "SYN_RECV -> CLOSE handshake_timeout conformant"});
  });
}

TEST(Timeout, keepalive_is_never_answered) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    auto [client, peer] = stage.connected(5001);
    client.set_keepalive(1, 1, 1);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE keepalive_timeout deviation L38"});
  });
}

TEST(Timeout, keepalive_is_never_answered_after_the_peers_fin) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    auto [client, peer] = stage.connected(5001);
    client.set_keepalive(1, 1, 1);
    peer.sends(FinAck);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> CLOSE keepalive_timeout deviation L38"});
  });
}

TEST(Timeout, data_is_not_acknowledged_within_the_user_timeout) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    auto [client, peer] = stage.connected(5001);
    client.set_tcp_option(TCP_USER_TIMEOUT, 500);
    client.send("data");
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE user_timeout conformant"});
  });
}

TEST(Timeout, data_is_not_acknowledged_until_retransmission_is_given_up) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_retries2", "2");
    auto [client, peer] = stage.connected(5001);
    client.send("data");
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, retransmission_is_given_up_after_an_unreachable) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_retries2", "2");
    auto [client, peer] = stage.connected(5001);
    client.send("data");
    peer.expects_text("data");
    peer.sends_unreachable(kHostUnreachable);
    EXPECT_EQ(client.await_error(), EHOSTUNREACH);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, fin_of_an_orphan_is_never_acknowledged) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_orphan_retries", "2");
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    stage.expect(active(5001), opened() + kFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, fin_of_a_half_close_is_never_acknowledged) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_retries2", "2");
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                                 "FIN_WAIT1 -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, keepalive_is_never_answered_in_fin_wait2) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    auto [client, peer] = stage.connected(5001);
    client.set_keepalive(1, 1, 1);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                                 "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                                 "FIN_WAIT2 -> CLOSE keepalive_timeout deviation L38"});
  });
}

TEST(Timeout, keepalive_is_not_answered_within_the_user_timeout) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    auto [client, peer] = stage.connected(5001);
    client.set_keepalive(1, 1, 9);
    client.set_tcp_option(TCP_USER_TIMEOUT, 1500);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE keepalive_timeout deviation L38"});
  });
}

TEST(Timeout, last_fin_is_never_acknowledged) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_orphan_retries", "2");
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    client.close();
    peer.expects(Fin);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                 "LAST_ACK -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, crossing_fin_is_never_acknowledged) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    stage.network.set_ipv4("tcp_orphan_retries", "2");
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    stage.expect(active(5001), opened() + kFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                        "CLOSING -> CLOSE retransmission_timeout conformant"});
  });
}

TEST(Timeout, window_stays_shut) {
  scenario([](Stage& stage) {
    stage.allow(kGivingUp);
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_USER_TIMEOUT, 500);
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(SynAck, {.window = 0});
    peer.expects(Ack);
    client.send("data");
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE zero_window_timeout conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
