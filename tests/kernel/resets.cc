// SPDX-License-Identifier: MIT
// A RST, or what must not be taken for one, in every state.
#include <gtest/gtest.h>

#include <cerrno>

#include "kernel/lead_to_state.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};

// Brings an established connection into a state and lets the peer reset it there.
struct ResetIn {
  const char* state;
  void (*lead_there)(Stage::Talk&);
  std::int32_t seq_offset;
  Path path;
};

Path reset_from(const std::string& state) {
  return {state + " -> CLOSE rst_received conformant"};
}

class Reset : public ::testing::TestWithParam<ResetIn> {};

TEST_P(Reset, ends_the_connection) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    GetParam().lead_there(talk);
    talk.peer.sends(Rst, {.seq_offset = GetParam().seq_offset});
    stage.expect(active(5001), opened() + GetParam().path);
  });
}

// Linux takes a RST just below RCV.NXT too once a FIN has come (tcp_reset_check).
INSTANTIATE_TEST_SUITE_P(
    In, Reset,
    ::testing::Values(
        ResetIn{"established", stay, 0, reset_from("ESTABLISHED")},
        ResetIn{"close_wait", peer_closes, 0, kCloseWait + reset_from("CLOSE_WAIT")},
        ResetIn{"close_wait_below", peer_closes, -1, kCloseWait + reset_from("CLOSE_WAIT")},
        ResetIn{"fin_wait1", kernel_closes, 0, kFinWait1 + reset_from("FIN_WAIT1")},
        ResetIn{"fin_wait2", kernel_shuts_down, 0, kFinWait2 + reset_from("FIN_WAIT2")},
        ResetIn{"last_ack", peer_then_kernel_close, 0, kLastAck + reset_from("LAST_ACK")},
        ResetIn{"last_ack_below", peer_then_kernel_close, -1, kLastAck + reset_from("LAST_ACK")},
        ResetIn{"closing", fins_cross, 0, kClosing + reset_from("CLOSING")},
        ResetIn{"closing_below", fins_cross, -1, kClosing + reset_from("CLOSING")}),
    [](const auto& test) { return std::string{test.param.state}; });

// Segments that only draw a challenge acknowledgment (RFC 5961).
struct Challenged {
  const char* name;
  Flags flags;
  std::int32_t seq_offset;
};
class ChallengeAck : public ::testing::TestWithParam<Challenged> {};

TEST_P(ChallengeAck, answers_and_nothing_changes) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(GetParam().flags, {.seq_offset = GetParam().seq_offset});
    peer.expects(Ack);
    client.set_linger(0);
    client.close();
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

INSTANTIATE_TEST_SUITE_P(In, ChallengeAck,
                         ::testing::Values(Challenged{"reset_in_window", Rst, 5},
                                           Challenged{"syn_in_established", Syn, -1},
                                           Challenged{"synack_in_established", SynAck, 10},
                                           Challenged{"data_below_window", PshAck, -100}),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(Resets, reset_outside_the_window_is_ignored) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(Rst, {.seq_offset = -5000});
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened());
  });
}

TEST(Resets, child_is_reset_before_it_is_accepted) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    peer.sends(Rst);
    stage.accept(server).close();
    server.close();
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant",
                                "LISTEN -> CLOSE listener_closed conformant"});
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE rst_received conformant"});
  });
}

TEST(Resets, peer_aborts_an_accepted_connection) {
  scenario([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto [child, peer] = stage.accepted(server, 5001);
    peer.sends(RstAck);
    EXPECT_EQ(child.await_error(), ECONNRESET);
    stage.expect(listener(80), {"CLOSE -> LISTEN passive_open conformant"});
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE rst_received conformant"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
