// SPDX-License-Identifier: MIT
// Whose doing was it? Client and server are processes of their own, in namespaces joined by a veth
// pair, so that each one's segments are worked off while the other runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include "kernel/stage.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

using tracker::OwnerConfidence;
using tracker::Role;
using tracker::Step;

constexpr std::uint16_t kPort = 80;
constexpr std::string_view kServerAddress = "10.8.0.2";

void serve(const NetworkNamespace& network, const Process::Ready& ready, int connections) {
  Socket listening(network);
  listening.bind("0.0.0.0", kPort);
  listening.listen();
  ready();
  for (int served = 0; served < connections; ++served) {
    Socket child = listening.accept();
    child.send(child.receive());
    child.receive();  // the end of the stream
    child.close();
  }
  listening.close();
}

void request(const NetworkNamespace& network) {
  Socket client(network);
  client.connect(kServerAddress, kPort);
  client.await_connected();
  client.send("echo");
  client.receive();
  client.close();
}

struct Owned {
  std::vector<Step> client;
  std::vector<Step> server;  // listener and children
  pid_t client_pid = 0;
  pid_t server_pid = 0;
};

std::vector<Step> steps_in(const TraceSession& trace, const NetworkNamespace& network) {
  std::vector<Step> steps;
  for (const Step& step : trace.findings().steps) {
    if (step.connection.tuple.netns == network.inode()) steps.push_back(step);
  }
  return steps;
}

Owned trace_client_and_server(TraceSession& trace) {
  const NetworkNamespace client_side;
  const NetworkNamespace server_side;
  join_with_veth(client_side, "10.8.0.1", server_side, kServerAddress);
  Owned owned;
  Process server("twin_server", [&](const Process::Ready& ready) { serve(server_side, ready, 1); });
  owned.server_pid = server.pid();
  Process client("twin_client", [&](const Process::Ready&) { request(client_side); });
  owned.client_pid = client.pid();
  EXPECT_EQ(client.wait(), 0);
  EXPECT_EQ(server.wait(), 0);
  trace.settle();
  owned.client = steps_in(trace, client_side);
  owned.server = steps_in(trace, server_side);
  kill_all_sockets(client_side);
  return owned;
}

std::string all_of(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) text += to_detailed_text(step) + "\n";
  return text;
}

void expect_owner(const std::vector<Step>& steps, pid_t pid, std::string_view comm) {
  for (const Step& step : steps) {
    EXPECT_NE(step.owner.confidence, OwnerConfidence::None) << to_detailed_text(step);
    EXPECT_EQ(step.owner.actor.pid, static_cast<std::uint32_t>(pid)) << to_detailed_text(step);
    EXPECT_EQ(step.owner.actor.comm.view(), comm) << to_detailed_text(step);
    if (step.context == model::Context::Softirq) {
      EXPECT_NE(step.owner.confidence, OwnerConfidence::Acted) << to_detailed_text(step);
    }
  }
}

bool is_user_call(const Step& step) {
  using model::Cause;
  return step.cause == Cause::ActiveOpen || step.cause == Cause::PassiveOpen ||
         step.cause == Cause::LocalClose || step.cause == Cause::LocalCloseAfterFin ||
         step.cause == Cause::ListenerClosed;
}

TEST(Owners, each_side_names_its_own_process) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  auto trace = TraceSession::open({});
  ASSERT_TRUE(trace) << trace.error().what;
  const Owned owned = trace_client_and_server(*trace.value());
  EXPECT_GE(owned.client.size(), 5u) << all_of(owned.client);
  EXPECT_GE(owned.server.size(), 8u) << all_of(owned.server);
  expect_owner(owned.client, owned.client_pid, "twin_client");
  expect_owner(owned.server, owned.server_pid, "twin_server");
}

TEST(Owners, user_calls_are_acts_of_the_process) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  auto trace = TraceSession::open({});
  ASSERT_TRUE(trace) << trace.error().what;
  const Owned owned = trace_client_and_server(*trace.value());
  int calls = 0;
  for (const auto* side : {&owned.client, &owned.server}) {
    for (const Step& step : *side) {
      if (!is_user_call(step)) continue;
      ++calls;
      EXPECT_EQ(step.owner.confidence, OwnerConfidence::Acted) << to_detailed_text(step);
      EXPECT_EQ(step.context, model::Context::Process) << to_detailed_text(step);
    }
  }
  EXPECT_EQ(calls, 5) << all_of(owned.client) << all_of(owned.server);
}

TEST(Owners, child_belongs_to_the_listeners_process_before_it_is_accepted) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  auto trace = TraceSession::open({});
  ASSERT_TRUE(trace) << trace.error().what;
  const Owned owned = trace_client_and_server(*trace.value());
  int handshake_steps = 0;
  for (const Step& step : owned.server) {
    const bool in_handshake =
        step.connection.role == Role::Passive &&
        (step.from.state == model::State::Listen || step.from.state == model::State::SynReceived);
    if (!in_handshake) continue;
    ++handshake_steps;
    EXPECT_EQ(step.owner.confidence, OwnerConfidence::Listener) << to_detailed_text(step);
    EXPECT_EQ(step.context, model::Context::Softirq) << to_detailed_text(step);
  }
  EXPECT_EQ(handshake_steps, 3) << all_of(owned.server);
}

TEST(Owners, segments_from_a_tunnel_are_not_the_tunnels_doing) {
  scenario([](Stage& stage) {
    Process client("twin_client", [&](const Process::Ready& ready) {
      Socket socket(stage.network);
      socket.connect(kPeerAddress, 5001);
      ready();
      socket.receive();  // the end of the stream
      socket.close();
    });
    auto peer = stage.peer_at(5001);  // this process writes the segments
    peer.accepts_open();
    peer.sends(FinAck);
    peer.acknowledges_fin();
    EXPECT_EQ(client.wait(), 0);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
                                 "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                 "LAST_ACK -> CLOSE last_ack_received conformant"});
    stage.trace().settle();
    for (const Step& step : stage.trace().findings().steps) {
      EXPECT_NE(step.owner.actor.pid, static_cast<std::uint32_t>(getpid()))
          << to_detailed_text(step);
    }
  });
}

}  // namespace
}  // namespace tcptwin::testing
