// SPDX-License-Identifier: MIT
// Hours of drift in a minute: very many connections through a ring that is too small, again and
// again; afterwards the mirror must be the kernel's own table, socket for socket.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "kernel/load.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint64_t kConnections = 100'000;
constexpr std::uint64_t kRounds = 10;
constexpr std::size_t kRing = 1024 * 1024;
constexpr std::chrono::minutes kDeadline{3};

// "STATE local remote" and how many there are.
using Table = std::map<std::string, int>;

std::string row(std::string_view state, std::uint16_t local_port, std::uint16_t remote_port) {
  return std::string{state} + " " + std::to_string(local_port) + " " + std::to_string(remote_port);
}

// inet_diag shows a request socket as SYN_RECV, an orphan's FIN_WAIT2 in a minisocket as FIN_WAIT2.
Table kernel_table(const NetworkNamespace& network) {
  constexpr std::array<std::string_view, 13> kNames = {
      "",      "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
      "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "SYN_RECV"};
  Table table;
  for (const KernelSocket& socket : list_sockets(network)) {
    if (socket.state == 7) continue;
    ++table[row(kNames.at(socket.state), socket.local_port, socket.remote_port)];
  }
  return table;
}

Table mirror_table(const TraceSession& trace) {
  Table table;
  trace.visit([&](const tracker::TwinView& twin) {
    ++table[row(name(twin.state.state), twin.connection.tuple.local.port,
                twin.connection.tuple.remote.port)];
  });
  return table;
}

// What the two tables do not agree on; "" if they are equal.
std::string difference(const Table& kernel, const Table& mirror) {
  std::string text;
  const auto compare = [&](const Table& one, const Table& other, std::string_view who) {
    for (const auto& [key, count] : one) {
      const auto found = other.find(key);
      const int has = found == other.end() ? 0 : found->second;
      if (count > has) text += "only " + std::string{who} + ": " + key + "\n";
    }
  };
  compare(kernel, mirror, "the kernel");
  compare(mirror, kernel, "the mirror");
  return text;
}

class Soak : public ::testing::Test {
 protected:
  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
    network_->set_ipv4("ip_local_port_range", "1024 65535");
    sources::LiveOptions options;
    options.filter.netns = network_->inode();
    options.namespace_descriptors = {network_->descriptor()};
    options.ring_bytes = kRing;
    auto session = TraceSession::open(options);
    ASSERT_TRUE(session) << session.error().what;
    trace_ = std::move(session.value());
    trace_->findings().keeps_steps = false;
    trace_->findings().keeps_lives = false;
    trace_->take_census();
  }

  // Reads for a while, then looks away until the ring has overflowed, and so on.
  void run_round(std::uint64_t connections) {
    const Load load(*network_, connections);
    while (!load.is_done()) {
      trace_->poll(std::chrono::milliseconds{20});
      for (int i = 0; i < 10 && !load.is_done(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});  // nobody reads
      }
    }
    ASSERT_TRUE(load.succeeded());
  }

  std::unique_ptr<NetworkNamespace> network_;
  std::unique_ptr<TraceSession> trace_;
};

TEST_F(Soak, one_reconciliation_after_any_loss_the_mirror_is_the_kernels_table) {
  const std::uint64_t wanted = scaled("TCPTWIN_SOAK_CONNECTIONS", kConnections);
  std::uint64_t lost = 0;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    run_round(wanted / kRounds);
    trace_->settle();
    trace_->reconcile();
    // TIME_WAITs run out while the two tables are read: a difference must last to count. What a
    // host's policy hides without counting may still happen after the census; the next one finds
    // it.
    std::string differs;
    for (int attempt = 0; attempt < 6; ++attempt) {
      differs = difference(kernel_table(*network_), mirror_table(*trace_));
      if (differs.empty()) break;
      trace_->settle();
      if (attempt % 2 == 1) trace_->reconcile();
    }
    ASSERT_EQ(differs, "") << "in round " << round;
    lost = trace_->status().lost_in_ring;
  }
  EXPECT_GT(lost, 0u) << "the ring was large enough: this run proves little";
  EXPECT_EQ(trace_->status().emitted, trace_->status().received + lost);
  for (const auto& divergence : trace_->findings().divergences) {
    ADD_FAILURE() << to_detailed_text(divergence);
  }
  const auto counts = trace_->counts();
  RecordProperty("lost", std::to_string(lost));
  RecordProperty("missing", std::to_string(counts.missing));
  RecordProperty("ghosts", std::to_string(counts.ghosts));
  RecordProperty("mismatches", std::to_string(counts.mismatches));
}

}  // namespace
}  // namespace tcptwin::testing
