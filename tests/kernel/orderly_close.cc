// SPDX-License-Identifier: MIT
// Closing in order: who sends the first FIN, where the segments cross, and what the user does with
// the socket meanwhile.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <thread>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

const Path kClosedFirst = {"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                           "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"};
const Path kShutDownFirst = {"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                             "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"};
const Path kTimeWait = {"FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"};
const Path kHandover = {
    "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"};
const Path kClosedLast = {"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                          "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                          "LAST_ACK -> CLOSE last_ack_received conformant"};

TEST(OrderlyClose, half_close_reaches_time_wait_from_the_socket_itself) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    stage.expect(active(5001), opened() + kShutDownFirst + kTimeWait);
  });
}

TEST(OrderlyClose, fin_after_close_reaches_time_wait_in_the_minisocket) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.acknowledges_fin();
    peer.sends(FinAck);
    peer.expects(Ack);
    expect_fin_at_minisocket(stage, active(5001), opened() + kClosedFirst + kHandover);
  });
}

TEST(OrderlyClose, fin_with_the_acknowledgment_of_ours_splits_into_two_steps) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.expect(active(5001), opened() + kClosedFirst + kTimeWait);
  });
}

TEST(OrderlyClose, peer_closes_first) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() + kClosedLast);
  });
}

TEST(OrderlyClose, fins_cross) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    peer.expects(Ack);
    peer.sends(Ack);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                 "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                 "CLOSING -> TIME_WAIT time_wait_entered conformant"});
  });
}

TEST(OrderlyClose, close_after_shutdown_in_fin_wait1) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() +
                                   Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                                        "FIN_WAIT1 -> FIN_WAIT1 close_after_shutdown deviation L32",
                                        "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"} +
                                   kHandover);
  });
}

TEST(OrderlyClose, close_after_shutdown_in_fin_wait2) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    client.close();
    stage.expect(active(5001),
                 opened() + kShutDownFirst +
                     Path{"FIN_WAIT2 -> FIN_WAIT2 close_after_shutdown deviation L32"} + kHandover);
  });
}

TEST(OrderlyClose, close_after_shutdown_in_closing) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    peer.expects(Ack);
    client.close();
    peer.sends(Ack);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                                 "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                 "CLOSING -> CLOSING close_after_shutdown deviation L32",
                                 "CLOSING -> TIME_WAIT time_wait_entered conformant"});
  });
}

TEST(OrderlyClose, close_after_shutdown_in_last_ack) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.close();
    peer.sends(Ack);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                 "LAST_ACK -> LAST_ACK close_after_shutdown deviation L32",
                                 "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(OrderlyClose, close_after_the_last_acknowledgment_makes_no_step) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    client.close();
    stage.expect(active(5001), opened() + kClosedLast);
  });
}

TEST(OrderlyClose, half_closed_connection_still_receives) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(PshAck, {.text = "more"});
    EXPECT_EQ(client.receive(), "more");
    peer.sends(FinAck);
    peer.expects(Ack);
    EXPECT_EQ(client.receive(), "");
    client.close();
    stage.expect(active(5001), opened() + kShutDownFirst + kTimeWait);
  });
}

TEST(OrderlyClose, data_both_ways) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.send("question");
    peer.expects_text("question");
    peer.sends(PshAck, {.text = "answer"});
    EXPECT_EQ(client.receive(), "answer");
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.expect(active(5001), opened() + kClosedFirst + kTimeWait);
  });
}

TEST(OrderlyClose, lost_segment_changes_no_state) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.send("again");
    peer.expects_text("again");
    peer.expects_text("again");
    peer.sends(Ack);
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() + kClosedLast);
  });
}

TEST(OrderlyClose, fin_out_of_order_waits_for_the_hole) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck, {.seq_offset = 4});
    peer.expects(Ack);
    peer.sends(PshAck, {.text = "hole"});
    peer.skip(1);
    EXPECT_EQ(client.receive(), "hole");
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() + kClosedLast);
  });
}

TEST(OrderlyClose, unread_data_after_time_wait_was_entered_sends_no_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(PshAck, {.text = "unread"});
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    peer.expects_no(Rst, std::chrono::milliseconds{50});
    stage.expect(active(5001), opened() + kShutDownFirst + kTimeWait);
  });
}

TEST(OrderlyClose, fin_is_queued_but_not_sent_into_a_zero_window) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(SynAck, {.window = 0});
    peer.expects(Ack);
    client.send("data");
    client.close();
    peer.expects_no(Fin, std::chrono::milliseconds{50});
    peer.sends(Ack);  // opens the window
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() +
                                   Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                        "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"} +
                                   kHandover);
  });
}

TEST(OrderlyClose, answer_is_queued_but_not_sent_into_a_zero_window_after_fin) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(SynAck, {.window = 0});
    peer.expects(Ack);
    peer.sends(FinAck, {.window = 0});
    client.send("data");
    client.close();
    peer.expects_no(Fin, std::chrono::milliseconds{50});
    peer.sends(Ack);
    peer.acknowledges_fin();
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> LAST_ACK local_close_after_fin deviation L31",
                                 "LAST_ACK -> CLOSE last_ack_received conformant"});
  });
}

TEST(OrderlyClose, linger2_beyond_a_minute_keeps_the_socket_before_the_handover) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_tcp_option(TCP_LINGER2, 61);
    client.close();
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() + kClosedFirst + kHandover);
  });
}

TEST(OrderlyClose, lingering_close_gives_up_before_the_fin_is_acknowledged) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_linger(1);
    client.close();  // returns after a second
    peer.acknowledges_fin();
    stage.expect(active(5001), opened() + kClosedFirst + kHandover);
  });
}

TEST(OrderlyClose, lingering_close_waits_in_a_full_fin_wait2) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_linger(5);
    std::thread closing([&closing_socket = client] { closing_socket.close(); });
    peer.acknowledges_fin();
    closing.join();
    peer.sends(FinAck);
    peer.expects(Ack);
    expect_fin_at_minisocket(stage, active(5001), opened() + kClosedFirst + kHandover);
  });
}

TEST(OrderlyClose, killed_process_closes_in_order) {
  scenario([](Stage& stage) {
    Process victim("victim", [&](const Process::Ready& ready) {
      Socket client(stage.network);
      client.connect(kPeerAddress, 5001);
      ready();
      pause();
    });
    auto peer = stage.peer_at(5001);
    peer.accepts_open();
    victim.kill();
    peer.expects(Fin);
    peer.sends(FinAck);
    peer.expects(Ack);
    stage.expect(active(5001), opened() + kClosedFirst + kTimeWait);
  });
}

}  // namespace
}  // namespace tcptwin::testing
