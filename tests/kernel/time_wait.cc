// SPDX-License-Identifier: MIT
// TIME_WAIT and the orphan's FIN_WAIT2: how minisockets end.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <thread>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};
constexpr std::chrono::milliseconds kReuseDelay{10};  // tcp_tw_reuse_delay is set to 1 ms
constexpr std::chrono::milliseconds kOldReuseDelay{2100};
constexpr std::chrono::milliseconds kTimeWaitLength{63'000};  // 60 s and the timer wheel's slack

const Path kToTimeWait = {"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                          "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"};
const Path kToOrphan = {
    "ESTABLISHED -> FIN_WAIT1 local_close conformant",
    "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
    "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"};

// Closes the kernel's side first and brings it to TIME_WAIT, or leaves it an orphan in FIN_WAIT2.
void close_into_time_wait(Stage::Talk& talk) {
  talk.socket.close();
  talk.peer.expects(Fin);
  talk.peer.sends(FinAck);
  talk.peer.expects(Ack);
}
void close_into_orphan(Stage::Talk& talk) {
  talk.socket.close();
  talk.peer.acknowledges_fin();
}

// 5.10 refuses `ss -K` for a minisocket (EOPNOTSUPP).
bool minisockets_can_be_killed() {
  return kernel_is_at_least(6, 1);
}
Path killed(std::string_view state) {
  return minisockets_can_be_killed() ? minisocket_ended(state, "minisock_killed deviation L46")
                                     : Path{};
}

TEST(FinWait2Orphan, silent_peer_lets_it_time_out) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_fin_timeout", "2");
    auto talk = stage.connected(5001);
    close_into_orphan(talk);
    stage.expect(active(5001),
                 opened() + kToOrphan +
                     Path{"FIN_WAIT2(minisocket) -> CLOSE fin_wait2_timeout deviation L04"});
  });
}

TEST(FinWait2Orphan, data_is_answered_with_a_reset) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_orphan(talk);
    talk.peer.sends(PshAck, {.text = "late"});
    talk.peer.expects(Rst);
    stage.expect(active(5001), opened() + kToOrphan +
                                   minisocket_ended("FIN_WAIT2(minisocket)",
                                                    "minisock_reset_peer deviation L50"));
  });
}

TEST(FinWait2Orphan, syn_is_answered_with_a_reset) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto talk = stage.accepted(server, 5001);
    close_into_orphan(talk);
    talk.peer.skip(1000);
    talk.peer.sends(Syn);
    talk.peer.expects(Rst);
    stage.expect(passive(80, 5001), received() + kToOrphan +
                                        minisocket_ended("FIN_WAIT2(minisocket)",
                                                         "minisock_reset_peer deviation L50"));
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

TEST(FinWait2Orphan, reset_ends_it) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_orphan(talk);
    talk.peer.sends(Rst);
    stage.expect(active(5001),
                 opened() + kToOrphan +
                     minisocket_ended("FIN_WAIT2(minisocket)", "rst_received conformant"));
  });
}

TEST(FinWait2Orphan, administrator_kills_it) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_orphan(talk);
    EXPECT_EQ(kill_sockets(stage.network, 0, 5001), minisockets_can_be_killed() ? 1 : 0);
    stage.expect(active(5001), opened() + kToOrphan + killed("FIN_WAIT2(minisocket)"));
  });
}

TEST(TimeWait, reset_assassinates_it) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_time_wait(talk);
    talk.peer.sends(Rst);
    stage.expect(active(5001),
                 opened() + kToTimeWait +
                     minisocket_ended("TIME_WAIT", "time_wait_assassinated deviation L10"));
  });
}

TEST(TimeWait, reset_is_ignored_where_rfc1337_is_on) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_rfc1337", "1");
    auto talk = stage.connected(5001);
    close_into_time_wait(talk);
    talk.peer.sends(Rst);
    talk.peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened() + kToTimeWait);
  });
}

TEST(TimeWait, administrator_kills_it) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_time_wait(talk);
    EXPECT_EQ(kill_sockets(stage.network, 0, 5001), minisockets_can_be_killed() ? 1 : 0);
    stage.expect(active(5001), opened() + kToTimeWait + killed("TIME_WAIT"));
  });
}

TEST(TimeWait, repeated_fin_is_acknowledged_and_changes_nothing) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    close_into_time_wait(talk);
    talk.peer.sends(FinAck, {.seq_offset = -1});
    talk.peer.expects(Ack);
    stage.expect(active(5001), opened() + kToTimeWait);
  });
}

TEST(TimeWait, old_syn_is_acknowledged_and_changes_nothing) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto talk = stage.accepted(server, 5001);
    close_into_time_wait(talk);
    talk.peer.sends(Syn, {.seq_offset = -1000});
    talk.peer.expects(Ack);
    stage.expect(passive(80, 5001), received() + kToTimeWait);
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

TEST(TimeWait, syn_with_a_higher_sequence_number_reopens_it) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto talk = stage.accepted(server, 5001);
    close_into_time_wait(talk);
    Conversation again(stage.peer, 5001, 80, talk.peer.send_next().value() + 100'000);
    again.opens();
    stage.accept(server);
    stage.expect(passive(80, 5001).number(1),
                 received() + kToTimeWait +
                     Path{"TIME_WAIT -> CLOSE time_wait_reopened_by_syn deviation L09"});
    stage.expect(passive(80, 5001).number(2), received());
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

TEST(TimeWait, syn_with_a_newer_timestamp_reopens_it) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    Conversation first(stage.peer, 5001, 80);
    first.use_timestamps(1000);
    first.opens();
    Stage::Talk talk{stage.accept(server), first};
    close_into_time_wait(talk);
    Conversation again(stage.peer, 5001, 80, talk.peer.send_next().value() - 100'000);
    again.use_timestamps(5000);
    again.opens();
    stage.accept(server);
    stage.expect(passive(80, 5001).number(1),
                 received() + kToTimeWait +
                     Path{"TIME_WAIT -> CLOSE time_wait_reopened_by_syn deviation L09"});
    stage.expect(passive(80, 5001).number(2), received());
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

TEST(TimeWait, connect_takes_over_the_port) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_tw_reuse", "1");
    const bool has_delay = kernel_is_at_least(6, 14);  // before: more than a second, always
    if (has_delay) stage.network.set_ipv4("tcp_tw_reuse_delay", "1");
    stage.network.set_ipv4("ip_local_port_range", "40000 40000");
    Socket& server = stage.listener(80);
    Socket& first = stage.socket();
    first.connect("127.0.0.1", 80);
    Socket& child = stage.accept(server);
    first.close();
    EXPECT_EQ(child.receive(), "");
    stage.await_kernel_state(40000, 80, TCP_FIN_WAIT2);
    child.close();
    stage.await_kernel_state(40000, 80, TCP_TIME_WAIT);
    std::this_thread::sleep_for(has_delay ? kReuseDelay
                                          : kOldReuseDelay);  // nothing tells when it is over
    stage.socket().connect("127.0.0.1", 80);
    stage.accept(server);
    stage.expect(active(80, 40000).number(1),
                 opened() + kToOrphan +
                     Path{"FIN_WAIT2(minisocket) -> TIME_WAIT time_wait_entered conformant",
                          "TIME_WAIT -> CLOSE time_wait_reused_by_connect deviation L08"});
    stage.expect(passive(80, 40000).number(1),
                 received() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                   "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                   "LAST_ACK -> CLOSE last_ack_received conformant"});
    stage.expect(active(80, 40000).number(2), opened());
    stage.expect(passive(80, 40000).number(2), received());
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

TEST(TimeWait, no_bucket_left_skips_it) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_max_tw_buckets", "0");
    auto talk = stage.connected(5001);
    close_into_time_wait(talk);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                 "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                                 by_absence("FIN_WAIT2 -> CLOSE time_wait_skipped", "L07")});
  });
}

TEST(TimeWait, no_bucket_left_skips_it_from_closing) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_max_tw_buckets", "0");
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    peer.expects(Ack);
    peer.sends(Ack);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                 "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                 by_absence("CLOSING -> CLOSE time_wait_skipped", "L07")});
  });
}

TEST(FinWait2Orphan, no_bucket_left_drops_it) {
  scenario([](Stage& stage) {
    stage.network.set_ipv4("tcp_max_tw_buckets", "0");
    auto talk = stage.connected(5001);
    close_into_orphan(talk);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                 "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                                 by_absence("FIN_WAIT2 -> CLOSE orphan_fin_wait2_dropped", "L07")});
  });
}

// Everything that needs the full minute, side by side: it passes only once.
TEST(TimeWaitExpiry, every_way_into_time_wait_ends_after_two_msl) {
  scenario([](Stage& stage) {
    stage.allow(kTimeWaitLength);
    const Path expired = {"TIME_WAIT -> CLOSE time_wait_expired conformant"};
    const Path full = opened() + Path{"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                                      "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                                      "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"};

    auto split = stage.connected(5001);
    close_into_time_wait(split);
    stage.expect(active(5001), opened() + kToTimeWait + expired);

    auto half = stage.connected(5002);
    half.socket.shutdown(Shutdown::Write);
    half.peer.acknowledges_fin();
    half.peer.sends(FinAck);
    stage.expect(active(5002), full + expired);

    auto crossing = stage.connected(5003);
    crossing.socket.close();
    crossing.peer.expects(Fin);
    crossing.peer.sends(FinAck, {.ack_offset = -1});
    crossing.peer.sends(Ack);
    stage.expect(active(5003), opened() +
                                   Path{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                                        "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                        "CLOSING -> TIME_WAIT time_wait_entered conformant"} +
                                   expired);

    auto orphan = stage.connected(5004);
    close_into_orphan(orphan);
    orphan.peer.sends(FinAck);
    stage.expect(active(5004),
                 opened() + kToOrphan +
                     Path{"FIN_WAIT2(minisocket) -> TIME_WAIT time_wait_entered conformant"} +
                     expired);

    auto silent = stage.connected(5005);
    close_into_orphan(silent);
    stage.expect(active(5005),
                 opened() + kToOrphan +
                     Path{"FIN_WAIT2(minisocket) -> CLOSE fin_wait2_timeout deviation L04"});

    Socket& server = stage.listener(80);
    auto served = stage.accepted(server, 5006);
    close_into_time_wait(served);
    stage.expect(passive(80, 5006), received() + kToTimeWait + expired);
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
