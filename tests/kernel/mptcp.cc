// SPDX-License-Identifier: MIT
// Multipath TCP: its master socket is left out visibly, its subflows are told apart and judged by
// the relaxed guards.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

using tracker::Step;

bool ends_a_connection(const Step& step) {
  return step.connection.mptcp &&
         (step.to.state == model::State::Closed || step.to.state == model::State::TimeWait);
}

// Client and server over MPTCP on loopback; `finish` ends what was connected.
void run_mptcp(const std::function<void(Socket& client, Socket& server)>& finish) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  if (access("/proc/sys/net/mptcp", F_OK) != 0) {
    GTEST_SKIP() << "missing: MPTCP, this kernel was built without it";
  }
  Stage stage;
  Socket& listening = stage.socket(Protocol::Mptcp);
  listening.bind("127.0.0.1", 80);
  listening.listen();
  Socket& client = stage.socket(Protocol::Mptcp);
  client.connect("127.0.0.1", 80);
  client.await_connected();
  Socket& server = stage.accept(listening);
  client.send("question");
  EXPECT_EQ(server.receive(), "question");
  finish(client, server);
  const bool ended = stage.trace().await(
      [](const Findings& found) {
        return std::count_if(found.steps.begin(), found.steps.end(), ends_a_connection) >= 2;
      },
      kPatience);
  listening.close();
  stage.trace().settle();
  EXPECT_TRUE(ended) << "the two subflows did not end";
  EXPECT_GT(stage.trace().status().mptcp_skipped, 0u);
  for (const auto& divergence : stage.trace().findings().divergences) {
    ADD_FAILURE() << to_detailed_text(divergence);
  }
  if (!::testing::Test::HasFailure()) return;
  for (const Step& step : stage.trace().findings().steps) {
    std::cout << to_detailed_text(step) << "\n";
  }
}

TEST(Mptcp, orderly_close_of_a_subflow_is_no_divergence) {
  run_mptcp([](Socket& client, Socket& server) {
    client.close();
    EXPECT_EQ(server.receive(), "");
    server.close();
  });
}

TEST(Mptcp, half_close_of_a_subflow_is_no_divergence) {
  run_mptcp([](Socket& client, Socket& server) {
    client.shutdown(Shutdown::Write);
    EXPECT_EQ(server.receive(), "");
    server.send("answer");
    EXPECT_EQ(client.receive(), "answer");
    server.close();
    client.close();
  });
}

TEST(Mptcp, abort_of_a_subflow_is_no_divergence) {
  run_mptcp([](Socket& client, Socket& server) {
    client.set_linger(0);
    client.close();
    server.await_error();
    server.close();
  });
}

TEST(Mptcp, close_with_unread_data_is_no_divergence) {
  run_mptcp([](Socket& client, Socket& server) {
    server.send("unread");
    client.close();
    server.await_error();
    server.close();
  });
}

}  // namespace
}  // namespace tcptwin::testing
