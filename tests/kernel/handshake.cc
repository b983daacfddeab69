// SPDX-License-Identifier: MIT
// Opening: active, simultaneous, refused, given up; and segments that must not open anything.
#include <gtest/gtest.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint8_t kHostUnreachable = 1;
constexpr std::uint8_t kPortUnreachable = 3;

const Path kSimultaneous = {"CLOSE -> SYN_SENT active_open conformant",
                            "SYN_SENT -> SYN_RECV simultaneous_open conformant"};

TEST(Handshake, reset_answers_the_syn_and_the_connection_is_refused) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(RstAck);
    EXPECT_EQ(client.await_error(), ECONNREFUSED);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE rst_received conformant"});
  });
}

TEST(Handshake, reset_with_a_wrong_acknowledgment_does_not_refuse) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(RstAck, {.ack_offset = 100});
    peer.expects(Syn);  // still trying
    client.close();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE close_in_syn_sent conformant"});
  });
}

TEST(Handshake, synack_with_a_wrong_acknowledgment_is_reset_and_does_not_open) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(SynAck, {.ack_offset = 100});
    peer.expects(Rst);
    client.close();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE close_in_syn_sent conformant"});
  });
}

TEST(Handshake, close_in_syn_sent_ends_without_a_segment) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    client.close();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE close_in_syn_sent conformant"});
  });
}

TEST(Handshake, shutdown_in_syn_sent_disconnects) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    client.try_shutdown(Shutdown::Write);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE disconnect deviation L30"});
  });
}

struct Unreachable {
  const char* name;
  std::uint8_t code;
  int error;
};
class UnreachableInSynSent : public ::testing::TestWithParam<Unreachable> {};

TEST_P(UnreachableInSynSent, ends_the_open_at_once) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends_unreachable(GetParam().code);
    EXPECT_EQ(client.await_error(), GetParam().error);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE icmp_error deviation L40"});
  });
}

INSTANTIATE_TEST_SUITE_P(Codes, UnreachableInSynSent,
                         ::testing::Values(Unreachable{"network", 0, ENETUNREACH},
                                           Unreachable{"host", kHostUnreachable, EHOSTUNREACH},
                                           Unreachable{"protocol", 2, ENOPROTOOPT},
                                           Unreachable{"port", kPortUnreachable, ECONNREFUSED},
                                           Unreachable{"prohibited", 13, EHOSTUNREACH}),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(Handshake, unreachable_in_established_changes_nothing) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.send("lost");
    peer.expects_text("lost");
    peer.sends_unreachable(kPortUnreachable);
    peer.sends(Ack);
    client.set_linger(0);
    client.close();
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Handshake, connect_without_a_route_makes_no_step) {
  scenario(
      [](Stage& stage) { EXPECT_EQ(stage.socket().try_connect("192.0.2.1", 5001), ENETUNREACH); });
}

TEST(Handshake, connect_without_a_free_port_never_sends_a_syn) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("ip_local_port_range", "40000 40000");
    auto [first, peer] = stage.connected(5001);
    EXPECT_EQ(stage.socket().try_connect(kPeerAddress, 5001), EADDRNOTAVAIL);
    stage.expect(active(5001).number(1), opened());
    stage.expect(active(5001).number(2), {"CLOSE -> SYN_SENT active_open conformant",
                                          "SYN_SENT -> CLOSE connect_failed_local deviation L16"});
  });
}

TEST(Handshake, a_refused_socket_connects_again_as_a_new_connection) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto refusing = stage.peer_at(5001);
    refusing.expects(Syn);
    refusing.sends(RstAck);
    EXPECT_EQ(client.try_connect(kPeerAddress, 5001), ECONNREFUSED);
    client.connect(kPeerAddress, 5002);
    auto welcoming = stage.peer_at(5002);
    welcoming.accepts_open();
    client.set_linger(0);
    client.close();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE rst_received conformant"});
    stage.expect(active(5002), opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Handshake, fin_in_the_synack_counts_only_when_repeated) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(SynFinAck);
    peer.expects(Ack);
    peer.sends(FinAck, {.seq_offset = -1});
    peer.expects(Ack);
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                 "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(Handshake, syns_cross_and_synack_completes) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(SynAck, {.seq_offset = -1});
    if (!kernel_is_at_least(6, 1)) peer.sends(Ack);  // 5.10 wants a bare ACK (L18)
    client.await_connected();
    stage.expect(active(5001),
                 kSimultaneous + Path{"SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"});
  });
}

TEST(Handshake, syns_cross_and_a_bare_acknowledgment_completes) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Ack);
    client.await_connected();
    client.set_linger(0);
    client.close();
    stage.expect(active(5001),
                 kSimultaneous + Path{"SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant",
                                      "ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Handshake, syns_cross_and_a_reset_ends_the_open) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends(Rst);
    EXPECT_EQ(client.await_error(), ECONNRESET);
    stage.expect(active(5001),
                 kSimultaneous + Path{"SYN_RECV -> CLOSE rst_received deviation L19"});
  });
}

TEST(Handshake, syns_cross_and_an_unreachable_ends_the_open) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    peer.sends_unreachable(kHostUnreachable);
    EXPECT_EQ(client.await_error(), EHOSTUNREACH);
    stage.expect(active(5001), kSimultaneous + Path{"SYN_RECV -> CLOSE icmp_error deviation L40"});
  });
}

TEST(Handshake, syns_cross_and_close_sends_a_fin_from_syn_received) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.expect(active(5001),
                 kSimultaneous + Path{"SYN_RECV -> FIN_WAIT1 close_in_syn_received conformant",
                                      "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                                      "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"});
  });
}

TEST(Handshake, a_socket_connects_to_itself) {
  scenario([](Stage& stage) {
    Socket& both = stage.socket();
    both.bind("127.0.0.1", 5001);
    both.connect("127.0.0.1", 5001);
    both.await_connected();
    both.close();
    stage.expect(active(5001),
                 kSimultaneous + Path{"SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant",
                                      "ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                      "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                      "CLOSING -> TIME_WAIT time_wait_entered conformant"});
  });
}

TEST(Handshake, acknowledgment_to_a_closed_port_is_reset_without_a_step) {
  scenario([](Stage& stage) {
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Ack);
    peer.expects(Rst);
    peer.sends(Syn);
    peer.expects(Rst);
  });
}

TEST(Handshake, acknowledgment_to_a_listener_is_reset_without_a_step) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Ack);
    peer.expects(Rst);
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
