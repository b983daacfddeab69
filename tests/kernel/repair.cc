// SPDX-License-Identifier: MIT
// TCP_REPAIR: sockets that checkpoint and restore put together without a segment.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};

TEST(Repair, connection_is_made_and_closed_without_a_segment) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_REPAIR, 1);
    client.bind(kKernelAddress, 40000);
    EXPECT_EQ(client.try_connect(kPeerAddress, 5001), 0);
    client.close();
    auto peer = stage.peer_at(5001);
    peer.expects_no(Syn, kLittleWhile);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT repair_open deviation L45",
                                "SYN_SENT -> ESTABLISHED repair_established deviation L45",
                                "ESTABLISHED -> CLOSE repair_close deviation L45"});
  });
}

TEST(Repair, restored_connection_lives_on) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.set_tcp_option(TCP_REPAIR, 1);
    client.bind(kKernelAddress, 40000);
    EXPECT_EQ(client.try_connect(kPeerAddress, 5001), 0);
    client.set_tcp_option(TCP_REPAIR, 0);
    auto peer = stage.peer_at(5001);
    peer.expects(Ack);  // the window probe of tcp_send_window_probe
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT repair_open deviation L45",
                                "SYN_SENT -> ESTABLISHED repair_established deviation L45",
                                "ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Repair, checkpointed_connection_closes_silently) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_tcp_option(TCP_REPAIR, 1);
    client.close();
    peer.expects_no(Fin, kLittleWhile);
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE repair_close deviation L45"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
