// SPDX-License-Identifier: MIT
// Ordinary client and server on loopback: both ends of a connection are twins on this host.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

const Path kListening = {"CLOSE -> LISTEN passive_open conformant"};
const Path kClosedFirst = {
    "ESTABLISHED -> FIN_WAIT1 local_close conformant",
    "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
    "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"};
const Path kClosedLast = {"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                          "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                          "LAST_ACK -> CLOSE last_ack_received conformant"};

struct Pair {
  Socket& client;
  Socket& server;
  std::uint16_t client_port;
};

Pair connect_on_loopback(Stage& stage) {
  Socket& listening = stage.listener(80);
  Socket& client = stage.socket();
  client.connect("127.0.0.1", 80);
  client.await_connected();
  return {client, stage.accept(listening), client.local_port()};
}

TEST(BothEnds, client_closes_first) {
  scenario([](Stage& stage) {
    auto [client, server, port] = connect_on_loopback(stage);
    client.send("question");
    EXPECT_EQ(server.receive(), "question");
    server.send("answer");
    EXPECT_EQ(client.receive(), "answer");
    client.close();
    EXPECT_EQ(server.receive(), "");
    stage.await_kernel_state(port, 80, TCP_FIN_WAIT2);
    server.close();
    stage.expect(listener(80), kListening);
    expect_fin_at_minisocket(stage, active(80, port), opened() + kClosedFirst);
    stage.expect(passive(80, port), received() + kClosedLast);
  });
}

TEST(BothEnds, server_closes_first) {
  scenario([](Stage& stage) {
    auto [client, server, port] = connect_on_loopback(stage);
    server.close();
    EXPECT_EQ(client.receive(), "");
    stage.await_kernel_state(80, port, TCP_FIN_WAIT2);
    client.close();
    stage.expect(listener(80), kListening);
    stage.expect(active(80, port), opened() + kClosedLast);
    expect_fin_at_minisocket(stage, passive(80, port), received() + kClosedFirst);
  });
}

TEST(BothEnds, client_aborts) {
  scenario([](Stage& stage) {
    auto [client, server, port] = connect_on_loopback(stage);
    client.set_linger(0);
    client.close();
    EXPECT_EQ(server.await_error(), ECONNRESET);
    stage.expect(listener(80), kListening);
    stage.expect(active(80, port),
                 opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
    stage.expect(passive(80, port),
                 received() + Path{"ESTABLISHED -> CLOSE rst_received conformant"});
  });
}

TEST(BothEnds, server_closes_with_unread_data) {
  scenario([](Stage& stage) {
    auto [client, server, port] = connect_on_loopback(stage);
    client.send("unread");
    server.await_readable();
    server.close();
    EXPECT_EQ(client.await_error(), ECONNRESET);
    stage.expect(listener(80), kListening);
    stage.expect(active(80, port), opened() + Path{"ESTABLISHED -> CLOSE rst_received conformant"});
    stage.expect(passive(80, port),
                 received() + Path{"ESTABLISHED -> CLOSE close_unread_abort conformant"});
  });
}

TEST(BothEnds, nobody_listens) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    EXPECT_EQ(client.try_connect("127.0.0.1", 81), EINPROGRESS);
    EXPECT_EQ(client.await_error(), ECONNREFUSED);
    stage.expect(active(81), {"CLOSE -> SYN_SENT active_open conformant",
                              "SYN_SENT -> CLOSE rst_received conformant"});
  });
}

TEST(BothEnds, ipv6) {
  scenario([](Stage& stage) {
    Socket& listening = stage.socket(Protocol::Tcp, AF_INET6);
    listening.bind("::1", 80);
    listening.listen();
    Socket& client = stage.socket(Protocol::Tcp, AF_INET6);
    client.connect("::1", 80);
    client.await_connected();
    const std::uint16_t port = client.local_port();
    Socket& server = stage.accept(listening);
    server.send("answer");
    EXPECT_EQ(client.receive(), "answer");
    server.close();
    EXPECT_EQ(client.receive(), "");
    stage.await_kernel_state(80, port, TCP_FIN_WAIT2);
    client.close();
    listening.close();
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE listener_closed conformant"});
    stage.expect(active(80, port), opened() + kClosedLast);
    expect_fin_at_minisocket(stage, passive(80, port), received() + kClosedFirst);
  });
}

}  // namespace
}  // namespace tcptwin::testing
