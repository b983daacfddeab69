// SPDX-License-Identifier: MIT
// What the kernel side lets through: each filter against traffic that matches and traffic that
// does not.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "kernel/stage.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

using tracker::Role;
using tracker::Step;

constexpr std::uint16_t kWanted = 8001;
constexpr std::uint16_t kOther = 8002;

// One whole connection on loopback, in the calling thread's namespace.
void exchange(std::uint16_t port, int family = AF_INET) {
  const std::string_view loopback = family == AF_INET ? "127.0.0.1" : "::1";
  Socket listening(Protocol::Tcp, family);
  listening.set_reuse_address();
  listening.bind(loopback, port);
  listening.listen();
  Socket client(Protocol::Tcp, family);
  client.connect(loopback, port);
  Socket server = listening.accept();
  client.close();
  server.receive();
  server.close();
  listening.close();
}

class Filter : public ::testing::Test {
 protected:
  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
  }

  // Runs the traffic under the filter and keeps what was found in this test's namespace.
  void trace(const sources::KernelFilter& filter, const std::function<void()>& traffic) {
    sources::LiveOptions options;
    options.filter = filter;
    auto session = TraceSession::open(options);
    ASSERT_TRUE(session) << session.error().what;
    {
      const auto visit = network_->enter();
      traffic();
    }
    // Before 6.18 a child whose peer is filtered out holds up what follows it for 100 ms.
    for (int times = 0; times < 3; ++times) session.value()->settle();
    for (const Step& step : session.value()->findings().steps) {
      if (step.connection.tuple.netns == network_->inode()) steps_.push_back(step);
    }
    filtered_out_ = session.value()->status().filtered_out;
    // Other people's connections, of which the filter lets a part pass, included.
    for (const auto& divergence : session.value()->findings().divergences) {
      ADD_FAILURE() << to_detailed_text(divergence);
    }
  }

  std::size_t count(Role role, std::uint16_t local_port, std::uint16_t remote_port) const {
    return steps_of(steps_, Which{role, local_port, remote_port}).size();
  }

  // At CLOSE -> SYN_SENT the kernel has not chosen the local port yet, so that this one step of
  // any connection passes a filter on local ports.
  void forget_steps_without_a_local_port() {
    std::erase_if(steps_, [](const Step& step) { return step.connection.tuple.local.port == 0; });
  }

  std::string all() const {
    std::string text;
    for (const Step& step : steps_) text += to_detailed_text(step) + "\n";
    return text;
  }

  std::unique_ptr<NetworkNamespace> network_;
  std::vector<Step> steps_;
  std::uint64_t filtered_out_ = 0;
};

void exchange_on_both_ports() {
  exchange(kWanted);
  exchange(kOther);
}

TEST_F(Filter, local_port_keeps_the_server_side) {
  sources::KernelFilter filter;
  filter.local_ports = {kWanted};
  trace(filter, exchange_on_both_ports);
  forget_steps_without_a_local_port();
  EXPECT_EQ(count(Role::Listener, kWanted, 0), 2u) << all();
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_EQ(steps_.size(), 8u) << all();
  EXPECT_GT(filtered_out_, 0u);
}

TEST_F(Filter, remote_port_keeps_the_client_side) {
  sources::KernelFilter filter;
  filter.remote_ports = {kWanted};
  trace(filter, exchange_on_both_ports);
  EXPECT_GE(count(Role::Active, 0, kWanted), 5u) << all();
  EXPECT_EQ(steps_.size(), count(Role::Active, 0, kWanted)) << all();
}

TEST_F(Filter, either_port_keeps_both_sides) {
  sources::KernelFilter filter;
  filter.either_ports = {kWanted};
  trace(filter, exchange_on_both_ports);
  EXPECT_GE(count(Role::Active, 0, kWanted), 5u) << all();
  forget_steps_without_a_local_port();
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_EQ(count(Role::Active, 0, kOther), 0u) << all();
  EXPECT_EQ(count(Role::Passive, kOther, 0), 0u) << all();
}

TEST_F(Filter, several_ports_are_alternatives) {
  sources::KernelFilter filter;
  filter.local_ports = {kWanted, kOther};
  trace(filter, [] {
    exchange_on_both_ports();
    exchange(8003);
  });
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_EQ(count(Role::Passive, kOther, 0), 6u) << all();
  EXPECT_EQ(count(Role::Passive, 8003, 0), 0u) << all();
}

TEST_F(Filter, family_keeps_ipv6_apart) {
  sources::KernelFilter filter;
  filter.family = Family::Inet6;
  filter.netns = network_->inode();
  trace(filter, [] {
    exchange(kWanted, AF_INET6);
    exchange(kOther, AF_INET);
  });
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_GE(count(Role::Active, 0, kWanted), 5u) << all();
  EXPECT_EQ(count(Role::Passive, kOther, 0), 0u) << all();
  EXPECT_EQ(count(Role::Active, 0, kOther), 0u) << all();
}

TEST_F(Filter, namespace_keeps_its_own) {
  const NetworkNamespace elsewhere;
  sources::KernelFilter filter;
  filter.netns = network_->inode();
  sources::LiveOptions options;
  options.filter = filter;
  auto session = TraceSession::open(options);
  ASSERT_TRUE(session) << session.error().what;
  for (const int descriptor : {elsewhere.descriptor(), network_->descriptor()}) {
    const NetworkNamespace::Visit visit(descriptor);
    exchange(kWanted);
  }
  session.value()->settle();
  const auto& steps = session.value()->findings().steps;
  EXPECT_GE(steps.size(), 13u);
  EXPECT_TRUE(std::all_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.connection.tuple.netns == network_->inode();
  }));
}

TEST_F(Filter, process_keeps_its_sockets_and_their_children) {
  const Gate gate;
  Process wanted("wanted", [&](const Process::Ready& ready) {
    ready();
    gate.wait();
    const auto visit = network_->enter();
    exchange(kWanted);
  });
  sources::KernelFilter filter;
  filter.pid = static_cast<std::uint32_t>(wanted.pid());
  trace(filter, [&] {
    gate.open();
    exchange(kOther);
    EXPECT_EQ(wanted.wait(), 0);
  });
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_GE(count(Role::Active, 0, kWanted), 5u) << all();
  EXPECT_EQ(count(Role::Listener, kWanted, 0), 2u) << all();
  EXPECT_EQ(count(Role::Passive, kOther, 0), 0u) << all();
  EXPECT_EQ(count(Role::Active, 0, kOther), 0u) << all();
}

// A control group of the test's own; gone when it is.
class ControlGroup {
 public:
  ControlGroup() : path_(hierarchy() + "/tcptwin-test-" + std::to_string(getpid())) {
    exists_ =
        mkdir(path_.c_str(), 0755) == 0 && access((path_ + "/cgroup.procs").c_str(), W_OK) == 0;
  }
  ~ControlGroup() { rmdir(path_.c_str()); }
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  bool exists() const { return exists_; }
  // On 64-bit kernels a control group's id is its directory's inode number.
  std::uint64_t id() const {
    struct stat status {};
    stat(path_.c_str(), &status);
    return status.st_ino;
  }
  void join() const { std::ofstream(path_ + "/cgroup.procs") << getpid(); }

 private:
  // Where cgroup v2 is mounted; "" if nowhere.
  static std::string hierarchy() {
    std::ifstream mounts("/proc/self/mounts");
    std::string device, place, type, rest;
    while (mounts >> device >> place >> type && std::getline(mounts, rest)) {
      if (type == "cgroup2") return place;
    }
    return "";
  }

  std::string path_;
  bool exists_ = false;
};

TEST_F(Filter, control_group_keeps_its_sockets) {
  const ControlGroup group;
  if (!group.exists()) GTEST_SKIP() << "missing: a cgroup v2 hierarchy";
  sources::KernelFilter filter;
  filter.cgroup = group.id();
  trace(filter, [&] {
    Process member("member", [&](const Process::Ready&) {
      group.join();
      exchange(kWanted);
    });
    exchange(kOther);
    EXPECT_EQ(member.wait(), 0);
  });
  EXPECT_EQ(count(Role::Passive, kWanted, 0), 6u) << all();
  EXPECT_GE(count(Role::Active, 0, kWanted), 5u) << all();
  EXPECT_EQ(count(Role::Passive, kOther, 0), 0u) << all();
  for (const Step& step : steps_) EXPECT_EQ(step.connection.cgroup, group.id());
}

}  // namespace
}  // namespace tcptwin::testing
