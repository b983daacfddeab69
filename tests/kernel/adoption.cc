// SPDX-License-Identifier: MIT
// tcptwin is started in the middle of many open connections: each of them is taken in with
// its owner, and each ends in a right life.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "kernel/kernels_differ.h"
#include "kernel/load.h"
#include "kernel/stage.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint16_t kPort = 9000;
constexpr std::chrono::seconds kDeadline{60};

void allow_open_files(rlim_t files) {
  const rlimit limit{files, files};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("setrlimit");
}

std::size_t connections() {
  return scaled("TCPTWIN_ADOPTED_CONNECTIONS", 10'000);
}

class Adoption : public ::testing::Test {
 protected:
  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
    network_->set_ipv4("ip_local_port_range", "10000 65535");
    server_ = std::make_unique<Process>("adopt_server", [&](const Process::Ready& ready) {
      allow_open_files(connections() + 64);
      Socket listening(*network_);
      listening.bind("127.0.0.1", kPort);
      listening.listen(4096);
      ready();
      std::vector<Socket> children;
      while (children.size() < connections()) children.push_back(listening.accept());
      all_accepted_.open();
      server_closes_.wait();
      for (Socket& child : children) {
        child.receive();  // the client's FIN
        child.close();
      }
    });
    client_ = std::make_unique<Process>("adopt_client", [&](const Process::Ready& ready) {
      allow_open_files(connections() + 64);
      const auto visit = network_->enter();
      std::vector<Socket> sockets(connections());
      for (Socket& socket : sockets) {
        socket.connect("127.0.0.1", kPort);
        socket.await_connected();
      }
      all_accepted_.wait();
      ready();
      close_now_.wait();
      for (Socket& socket : sockets) socket.close();
      server_closes_.open();
    });
  }
  void TearDown() override {
    if (network_) kill_all_sockets(*network_);
  }

  std::unique_ptr<NetworkNamespace> network_;
  Gate all_accepted_;
  Gate close_now_;
  Gate server_closes_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Process> client_;
};

TEST_F(Adoption, of_many_connections_finds_every_owner_and_follows_each_to_its_end) {
  sources::LiveOptions options;
  options.filter.netns = network_->inode();
  options.namespace_descriptors = {network_->descriptor()};
  auto session = TraceSession::open(options);
  ASSERT_TRUE(session) << session.error().what;
  TraceSession& trace = *session.value();
  trace.findings().keeps_steps = false;
  trace.take_census();

  std::size_t clients = 0;
  std::size_t servers = 0;
  std::size_t paired = 0;
  std::size_t strangers = 0;
  const auto client_pid = static_cast<std::uint32_t>(client_->pid());
  const auto server_pid = static_cast<std::uint32_t>(server_->pid());
  trace.visit([&](const tracker::TwinView& twin) {
    if (twin.connection.role == tracker::Role::Listener) return;
    const std::uint32_t pid = twin.owners.last_user.actor.pid;
    const bool is_client = twin.connection.role == tracker::Role::Active;
    (is_client ? clients : servers) += 1;
    if (pid != (is_client ? client_pid : server_pid)) ++strangers;
    if (twin.other_end) ++paired;
  });
  EXPECT_EQ(clients, connections());
  EXPECT_EQ(servers, connections());
  EXPECT_EQ(paired, 2 * connections());
  EXPECT_EQ(strangers, shows_holders() ? 0u : 2 * connections());

  close_now_.open();
  const auto& lives = trace.findings().lives;
  trace.await([&](const Findings& findings) { return findings.lives.size() == 2 * connections(); },
              kDeadline);
  trace.settle();
  ASSERT_EQ(lives.size(), 2 * connections());
  const auto gaps = trace.counts().gaps;  // what the host's policy hid shows as such
  std::size_t right = 0;
  for (const tracker::Life& life : lives) {
    const bool is_client = life.connection.role == tracker::Role::Active;
    const auto by = is_client ? model::EndedBy::Local : model::EndedBy::Remote;
    const bool is_right = life.ending.by == by && life.ending.how == model::EndedHow::Fin &&
                          life.owners.closer.actor.pid == (is_client ? client_pid : server_pid) &&
                          !life.duration && life.duration_at_least && life.other_end;
    right += is_right ? 1 : 0;
  }
  EXPECT_GE(right + 2 * gaps, lives.size());
  EXPECT_TRUE(trace.findings().divergences.empty());
  RecordProperty("gaps", std::to_string(gaps));
}

}  // namespace
}  // namespace tcptwin::testing
