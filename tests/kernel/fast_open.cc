// SPDX-License-Identifier: MIT
// TCP Fast Open (RFC 7413): data in the SYN, children before the handshake is over.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

// Client and server, and no cookie asked for (tcp_fastopen, TFO_SERVER_COOKIE_NOT_REQD).
constexpr const char* kWithoutCookie = "515";

const Path kListening = {"CLOSE -> LISTEN passive_open conformant"};
const Path kChild = {"LISTEN -> SYN_RECV child_from_tfo deviation L14"};
const Path kAccepted = kChild + Path{"SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"};
const Path kClosedLast = {"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                          "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                          "LAST_ACK -> CLOSE last_ack_received conformant"};

Socket& fast_listener(Stage& stage) {
  stage.network.set_ipv4("tcp_fastopen", kWithoutCookie);
  Socket& server = stage.listener(80);
  server.set_tcp_option(TCP_FASTOPEN, 16);
  return server;
}

TEST(FastOpen, child_is_accepted_before_the_handshake_is_over) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    Socket& child = stage.accept(server);
    EXPECT_EQ(child.receive(), "hi");
    peer.sends(Ack);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), kAccepted);
  });
}

TEST(FastOpen, child_answers_and_closes_in_syn_received) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    Socket& child = stage.accept(server);
    EXPECT_EQ(child.receive(), "hi");
    child.send("you");
    child.close();
    peer.expects(Fin);
    peer.sends(Ack);
    stage.expect(listener(80), kListening);
    stage.expect(
        passive(80, 5001),
        kChild +
            Path{"SYN_RECV -> FIN_WAIT1 close_in_syn_received deviation L14",
                 "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                 "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"});
  });
}

TEST(FastOpen, reset_ends_the_child_in_syn_received) {
  scenario([](Stage& stage) {
    fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    peer.sends(RstAck);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), kChild + Path{"SYN_RECV -> CLOSE rst_received deviation L19"});
  });
}

TEST(FastOpen, unread_data_makes_close_a_reset_in_syn_received) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    stage.accept(server).close();
    peer.expects(Rst);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kChild + Path{"SYN_RECV -> CLOSE close_unread_abort conformant"});
  });
}

TEST(FastOpen, listener_takes_the_child_along_in_syn_received) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    server.close();
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE listener_closed conformant"});
    stage.expect(passive(80, 5001),
                 kChild + Path{"SYN_RECV -> CLOSE listener_closed_child deviation L25"});
  });
}

TEST(FastOpen, administrator_kills_the_child_in_syn_received) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    stage.accept(server);
    EXPECT_GE(kill_sockets(stage.network, 80, 5001), 1);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001), kChild + Path{"SYN_RECV -> CLOSE admin_abort deviation L46"});
  });
}

TEST(FastOpen, shutdown_waits_for_the_handshake) {
  scenario([](Stage& stage) {
    Socket& server = fast_listener(stage);
    auto peer = stage.peer_at(5001, 80);
    peer.sends(Syn, {.text = "hi"});
    peer.expects(SynAck);
    Socket& child = stage.accept(server);
    EXPECT_EQ(child.receive(), "hi");
    child.shutdown(Shutdown::Write);
    peer.sends(Ack);
    peer.expects(Fin);
    stage.expect(listener(80), kListening);
    stage.expect(passive(80, 5001),
                 kAccepted + Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant"});
  });
}

TEST(FastOpen, both_ends_use_the_cookie_of_an_earlier_connection) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_fastopen", "3");
    Socket& server = stage.listener(80);
    server.set_tcp_option(TCP_FASTOPEN, 16);
    std::vector<std::uint16_t> ports;
    for (int round = 0; round < 2; ++round) {
      Socket& client = stage.socket();
      client.set_tcp_option(TCP_FASTOPEN_CONNECT, 1);
      client.connect("127.0.0.1", 80);
      if (round == 0) client.await_connected();  // there is no cookie yet: an ordinary SYN
      client.send("hi");
      Socket& child = stage.accept(server);
      EXPECT_EQ(child.receive(), "hi");
      client.await_connected();
      ports.push_back(client.local_port());
      client.close();
      EXPECT_EQ(child.receive(), "");
      stage.await_kernel_state(ports.back(), 80, TCP_FIN_WAIT2);
      child.close();
    }
    const Path client_end = {
        "ESTABLISHED -> FIN_WAIT1 local_close conformant",
        "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
        "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"};
    stage.expect(listener(80), kListening);
    // TCP_FASTOPEN_CONNECT marks both, though only the second waited for its data.
    const Path deferred = {"CLOSE -> SYN_SENT tfo_deferred_open deviation L15",
                           "SYN_SENT -> ESTABLISHED synack_accepted conformant"};
    expect_fin_at_minisocket(stage, active(80, ports[0]), deferred + client_end);
    stage.expect(passive(80, ports[0]), received() + kClosedLast);
    expect_fin_at_minisocket(stage, active(80, ports[1]), deferred + client_end);
    stage.expect(passive(80, ports[1]), kAccepted + kClosedLast);
  });
}

TEST(FastOpen, deferred_open_without_a_write_closes_without_a_syn) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_fastopen", "7");  // client may send data without a cookie
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_FASTOPEN_CONNECT, 1);
    EXPECT_EQ(client.try_connect(kPeerAddress, 5001), 0);
    client.close();
    auto peer = stage.peer_at(5001);
    peer.expects_no(Syn, std::chrono::milliseconds{50});
    stage.expect(active(5001), {"CLOSE -> SYN_SENT tfo_deferred_open deviation L15",
                                "SYN_SENT -> CLOSE close_in_syn_sent conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
