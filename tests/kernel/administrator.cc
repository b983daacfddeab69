// SPDX-License-Identifier: MIT
// A third party ends the connection over sock_diag, as `ss -K` does: in every state.
#include <gtest/gtest.h>

#include <cerrno>

#include "kernel/kernels_differ.h"
#include "kernel/lead_to_state.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

const Path kListening = {"CLOSE -> LISTEN passive_open conformant"};

enum class Owner { Process, Nobody };

struct KillIn {
  const char* state;
  void (*lead_there)(Stage::Talk&);
  Path path;
  Owner owner = Owner::Process;
};

Path killed_in(const std::string& state) {
  return {state + " -> CLOSE admin_abort deviation L46"};
}

// Before 6.1 tcp_abort() leaves alone what no process owns any more, and says that all is well.
bool can_be_killed(const KillIn& kill) {
  return kill.owner == Owner::Process || kernel_is_at_least(6, 1);
}

class Administrator : public ::testing::TestWithParam<KillIn> {};

TEST_P(Administrator, kills_the_connection) {
  scenario([](Stage& stage) {
    auto talk = stage.connected(5001);
    GetParam().lead_there(talk);
    EXPECT_EQ(kill_sockets(stage.network, 0, 5001), 1);
    Path path = opened() + GetParam().path;
    if (!can_be_killed(GetParam())) path.pop_back();
    stage.expect(active(5001), path);
  });
}

INSTANTIATE_TEST_SUITE_P(
    In, Administrator,
    ::testing::Values(
        KillIn{"established", stay, killed_in("ESTABLISHED")},
        KillIn{"close_wait", peer_closes, kCloseWait + killed_in("CLOSE_WAIT")},
        KillIn{"fin_wait1", kernel_closes, kFinWait1 + killed_in("FIN_WAIT1"), Owner::Nobody},
        KillIn{"fin_wait2", kernel_shuts_down, kFinWait2 + killed_in("FIN_WAIT2")},
        KillIn{"last_ack", peer_then_kernel_close, kLastAck + killed_in("LAST_ACK"), Owner::Nobody},
        KillIn{"closing", fins_cross, kClosing + killed_in("CLOSING"), Owner::Nobody}),
    [](const auto& test) { return std::string{test.param.state}; });

TEST(AdministratorKill, ends_an_open) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    EXPECT_EQ(kill_sockets(stage.network, 0, 5001), 1);
    EXPECT_EQ(client.await_error(), ECONNABORTED);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE admin_abort deviation L46"});
  });
}

TEST(AdministratorKill, ends_a_simultaneous_open) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    EXPECT_EQ(kill_sockets(stage.network, 0, 5001), 1);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                                "SYN_RECV -> CLOSE admin_abort deviation L46"});
  });
}

TEST(AdministratorKill, ends_a_listener) {
  scenario([](Stage& stage) {
    stage.listener(80);
    EXPECT_EQ(kill_sockets(stage.network, 80, 0), 1);
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE admin_abort deviation L46",
                                                 "CLOSE -> CLOSE listener_aborted deviation L53"});
  });
}

TEST(AdministratorKill, of_a_listener_takes_its_children_along) {
  scenario([](Stage& stage) {
    stage.listener(80);
    auto peer = stage.peer_at(5001, 80);
    peer.opens();
    // Only the listener: a filter of remote port 0 would take the child first.
    EXPECT_GE(kill_listener(stage.network, 80), 1);
    peer.expects(Rst);
    stage.expect(listener(80), kListening + Path{"LISTEN -> CLOSE admin_abort deviation L46",
                                                 "CLOSE -> CLOSE listener_aborted deviation L53"});
    stage.expect(passive(80, 5001),
                 received() + Path{"ESTABLISHED -> CLOSE listener_closed_child deviation L25"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
