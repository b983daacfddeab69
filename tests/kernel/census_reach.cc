// SPDX-License-Identifier: MIT
// How far the census reaches: who holds the sockets, which network namespaces it enters, what
// filters leave of it, and how its records are framed.
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "kernel/census_stage.h"
#include "kernel/kernels_differ.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

using model::State;
using tracker::CensusMark;
using tracker::CensusPhase;
using tracker::ExistingSocket;
using tracker::SocketHolder;
using tracker::StateChanged;

// Who holds them.

TEST_F(Census, holder_is_named) {
  TCPTWIN_NEEDS_HOLDERS();
  Process server("twin_server", [&](const Process::Ready& ready) {
    Socket listening(*network_);
    listening.bind("0.0.0.0", 80);
    listening.listen();
    ready();
    Gate().wait();
  });
  CensusSession& found = census();
  const auto holders = found.holders_of(found.socket_at(netns(), 80, 0));
  ASSERT_EQ(holders.size(), 1u);
  EXPECT_EQ(holders[0].actor.pid, static_cast<std::uint32_t>(server.pid()));
  EXPECT_EQ(holders[0].actor.comm.view(), "twin_server");
  EXPECT_EQ(holders[0].actor.uid, geteuid());
  EXPECT_EQ(holders[0].socket.address, found.socket_at(netns(), 80, 0).socket.address);
  EXPECT_TRUE(found.has_mark(CensusPhase::HoldersListed, 0));
}

TEST_F(Census, fork_makes_a_second_holder) {
  TCPTWIN_NEEDS_HOLDERS();
  Socket& shared = listener(80);
  Process child("twin_child", [&](const Process::Ready& ready) {
    ready();
    Gate().wait();
  });
  CensusSession& found = census();
  const auto holders = found.holders_of(found.socket_at(netns(), 80, 0));
  ASSERT_EQ(holders.size(), 2u);
  for (const SocketHolder& holder : holders) {
    EXPECT_EQ(holder.descriptor, static_cast<std::uint32_t>(shared.descriptor()));
  }
  EXPECT_NE(holders[0].actor.pid, holders[1].actor.pid);
}

TEST_F(Census, threads_count_as_one_holder) {
  TCPTWIN_NEEDS_HOLDERS();
  listener(80);
  const Gate gate;
  std::thread thread([&] { gate.wait(); });
  CensusSession& found = census();
  EXPECT_EQ(found.holders_of(found.socket_at(netns(), 80, 0)).size(), 1u);
  gate.open();
  thread.join();
}

// SCM_RIGHTS: the descriptor goes to a process that was there before the socket.
class DescriptorChannel {
 public:
  DescriptorChannel() {
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) {
      throw std::system_error(errno, std::generic_category());
    }
  }
  ~DescriptorChannel() {
    for (const int end : ends_) ::close(end);
  }
  DescriptorChannel(const DescriptorChannel&) = delete;
  DescriptorChannel& operator=(const DescriptorChannel&) = delete;

  void send(int descriptor) {
    Message message;
    cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::copy_n(reinterpret_cast<unsigned char*>(&descriptor), sizeof descriptor,
                CMSG_DATA(control));
    EXPECT_EQ(sendmsg(ends_[0], &message.header, 0), 1);
  }
  void receive() {
    Message message;
    if (recvmsg(ends_[1], &message.header, 0) != 1) throw std::runtime_error("no descriptor");
  }

 private:
  struct Message {
    char byte = 0;
    iovec piece{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{nullptr, 0, &piece, 1, control.data(), control.size(), 0};
  };
  std::array<int, 2> ends_{};
};

TEST_F(Census, receiver_of_a_descriptor_is_the_holder) {
  TCPTWIN_NEEDS_HOLDERS();
  DescriptorChannel channel;
  const Gate received;
  std::array<int, 2> confirmation{};
  ASSERT_EQ(pipe(confirmation.data()), 0);
  Process receiver("twin_receiver", [&](const Process::Ready& ready) {
    ready();
    channel.receive();
    const char mark = 'r';
    if (write(confirmation[1], &mark, 1) != 1) throw std::runtime_error("pipe");
    Gate().wait();
  });
  Socket& sent = listener(80);
  channel.send(sent.descriptor());
  char mark = 0;
  ASSERT_EQ(read(confirmation[0], &mark, 1), 1);
  for (const int end : confirmation) ::close(end);
  CensusSession& found = census();
  const auto before = found.holders_of(found.socket_at(netns(), 80, 0));
  EXPECT_EQ(before.size(), 2u);
  EXPECT_TRUE(std::any_of(before.begin(), before.end(), [&](const SocketHolder& holder) {
    return holder.actor.pid == static_cast<std::uint32_t>(receiver.pid()) &&
           holder.actor.comm.view() == "twin_receiver";
  }));
}

// Other network namespaces.

TEST_F(Census, namespace_of_another_process_is_listed) {
  Process server("twin_server", [&](const Process::Ready& ready) {
    const auto visit = network_->enter();
    Socket listening;
    listening.bind("0.0.0.0", 80);
    listening.listen();
    ready();
    Gate().wait();
  });
  CensusSession& found = census(sources::LiveOptions{});
  EXPECT_TRUE(found.has_mark(CensusPhase::NamespaceListed, netns()));
  EXPECT_EQ(found.socket_at(netns(), 80, 0).state.state, State::Listen);
}

TEST_F(Census, namespace_of_a_single_thread_is_listed) {
  listener(80);
  const Gate in_place;
  const Gate gate;
  std::thread thread([&] {
    const auto visit = network_->enter();
    in_place.open();
    gate.wait();
  });
  in_place.wait();
  CensusSession& found = census(sources::LiveOptions{});
  EXPECT_EQ(found.sockets_in(netns()).size(), 1u);
  gate.open();
  thread.join();
}

TEST_F(Census, namespace_that_only_a_descriptor_holds_is_listed_if_handed_in) {
  listener(80);
  EXPECT_FALSE(census(sources::LiveOptions{}).has_mark(CensusPhase::NamespaceListed, netns()));
  sources::LiveOptions options;
  options.namespace_descriptors = {network_->descriptor()};
  EXPECT_EQ(census(options).sockets_in(netns()).size(), 1u);
  options.namespace_descriptors = {};
  options.namespace_paths = {"/proc/self/fd/" + std::to_string(network_->descriptor())};
  EXPECT_EQ(census(options).sockets_in(netns()).size(), 1u);
}

TEST_F(Census, every_listed_namespace_is_complete_when_its_mark_comes) {
  listener(80);
  CensusSession& found = census(here());
  bool is_marked = false;
  for (const auto& observation : found.delivered()) {
    if (const auto* socket = std::get_if<ExistingSocket>(&observation)) {
      EXPECT_FALSE(is_marked) << "after its namespace's mark";
      EXPECT_EQ(socket->tuple.netns, netns());
    }
    const auto* mark = std::get_if<CensusMark>(&observation);
    is_marked |= mark != nullptr && mark->phase == CensusPhase::NamespaceListed;
  }
  EXPECT_TRUE(is_marked);
}

TEST_F(Census, namespace_that_is_not_there_is_refused) {
  sources::LiveOptions options;
  options.filter.netns = 1;
  const auto marks = census(options).all_of<CensusMark>();
  ASSERT_EQ(marks.size(), shows_holders() ? 4u : 3u);  // began, refused, holders, ended
  EXPECT_EQ(marks[1].phase, CensusPhase::NamespaceRefused);
  EXPECT_EQ(marks[1].netns, 1u);
  EXPECT_NE(marks[1].error, 0u);
}

// Of the calling thread alone, for good.
void give_up_sys_admin() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) throw std::runtime_error("capget");
  sets[0].effective &= ~(1u << CAP_SYS_ADMIN);
  if (syscall(SYS_capset, &header, sets.data()) != 0) throw std::runtime_error("capset");
}

TEST_F(Census, without_the_right_only_the_own_namespace_is_listed) {
  listener(80);
  sources::LiveOptions options;
  options.namespace_descriptors = {network_->descriptor()};
  CensusSession found(options);
  std::thread([&] {
    give_up_sys_admin();
    found.take_census();
  }).join();
  EXPECT_FALSE(found.has_mark(CensusPhase::NamespaceListed, netns()));
  EXPECT_TRUE(found.has_mark(CensusPhase::NamespaceRefused, netns()));
  EXPECT_TRUE(found.sockets_in(netns()).empty());
  const auto marks = found.all_of<CensusMark>();
  EXPECT_EQ(std::count_if(
                marks.begin(), marks.end(),
                [](const CensusMark& mark) { return mark.phase == CensusPhase::NamespaceListed; }),
            1);
  for (const CensusMark& mark : marks) {
    if (mark.netns != netns()) continue;
    EXPECT_EQ(mark.error, static_cast<std::uint32_t>(EPERM));
  }
}

// What the user's filters leave.

TEST_F(Census, filters_leave_out_what_they_leave_out_of_the_stream) {
  Socket& server = listener(80);
  pair(server);
  listener(81);
  auto options = here();
  options.filter.local_ports = {80};
  CensusSession& found = census(options);
  EXPECT_EQ(found.sockets_in(netns()).size(), 2u);  // the listener and its child
  EXPECT_TRUE(found.all_of<CensusMark>().front().is_filtered);
  for (const SocketHolder& holder : found.all_of<SocketHolder>()) {
    EXPECT_EQ(holder.actor.pid, static_cast<std::uint32_t>(getpid()));
  }
}

TEST_F(Census, unfiltered_census_says_so) {
  for (const CensusMark& mark : census(sources::LiveOptions{}).all_of<CensusMark>()) {
    EXPECT_FALSE(mark.is_filtered);
  }
}

TEST_F(Census, process_filter_lists_what_it_holds_and_lets_its_events_pass) {
  TCPTWIN_NEEDS_HOLDERS();
  const Gate gate;
  Process server("twin_server", [&](const Process::Ready& ready) {
    Socket listening(*network_);
    listening.bind("0.0.0.0", 80);
    listening.listen();
    Socket connecting(*network_);
    connecting.connect("127.0.0.1", 80);
    Socket accepted = listening.accept();
    ready();
    gate.wait();
    accepted.shutdown(Shutdown::Write);
    gate.wait();
  });
  pair(listener(81));
  client(80);  // ours; its other end waits for accept()
  half_open(5001, 80);
  auto options = here();
  options.filter.pid = static_cast<std::uint32_t>(server.pid());
  CensusSession& found = census(options);
  const auto sockets = found.sockets_in(netns());
  EXPECT_EQ(sockets.size(), 5u);  // listener, both ends of a connection, waiting child, half-open
  for (const ExistingSocket& socket : sockets) {
    EXPECT_TRUE(socket.tuple.local.port == 80 || socket.tuple.remote.port == 80);
    EXPECT_NE(socket.tuple.local.port, sockets_.back().local_port());
  }
  for (const SocketHolder& holder : found.all_of<SocketHolder>()) {
    EXPECT_EQ(holder.actor.pid, static_cast<std::uint32_t>(server.pid()));
  }
  gate.open();
  // Not of the process: its peer's FIN reaches the connecting end in a softirq.
  found.await<StateChanged>([&](const StateChanged& change) {
    return change.to == State::CloseWait && change.tuple.remote.port == 80;
  });
}

// The frame, and the order of time.

TEST_F(Census, is_framed_and_numbered) {
  listener(80);
  CensusSession& found = census();
  for (const std::uint32_t number : {1u, 2u}) {
    const auto marks = found.all_of<CensusMark>();
    std::vector<CensusPhase> phases{CensusPhase::Began, CensusPhase::NamespaceListed};
    if (shows_holders()) phases.push_back(CensusPhase::HoldersListed);
    phases.push_back(CensusPhase::Ended);
    ASSERT_EQ(marks.size(), phases.size());
    for (std::size_t i = 0; i < marks.size(); ++i) EXPECT_EQ(marks[i].phase, phases[i]);
    for (const CensusMark& mark : marks) EXPECT_EQ(mark.number, number);
    for (const auto& socket : found.sockets_in(netns())) {
      EXPECT_GE(socket.time, marks[0].time);
      EXPECT_LE(socket.time, marks[1].time);
    }
    found.take_census();
  }
}

TEST_F(Census, whatever_happened_before_it_is_delivered_before_it) {
  Socket& server = listener(80);
  CensusSession& found = census();
  for (int round = 0; round < 20; ++round) {
    auto [connecting, accepted] = pair(server);
    found.take_census();
    std::vector<std::uint64_t> changed;
    bool has_begun = false;
    KernelTime end{};
    for (const auto& observation : found.delivered()) {
      if (const auto* change = std::get_if<StateChanged>(&observation)) {
        EXPECT_FALSE(has_begun);
        changed.push_back(change->socket.cookie);
      }
      if (const auto* status = std::get_if<tracker::StreamStatus>(&observation)) end = status->time;
      const auto* mark = std::get_if<CensusMark>(&observation);
      if (mark == nullptr) continue;
      has_begun = true;
      EXPECT_LE(mark->time, end);
    }
    const auto existing = found.socket_at(netns(), 80, connecting.local_port());
    EXPECT_NE(std::find(changed.begin(), changed.end(), existing.socket.cookie), changed.end());
  }
}

TEST_F(Census, without_tracing_nothing_but_the_census_comes) {
  Socket& server = listener(80);
  pair(server);
  auto options = here();
  options.traces = false;
  CensusSession& found = census(options);
  EXPECT_EQ(found.sockets_in(netns()).size(), 3u);
  EXPECT_TRUE(found.all_of<tracker::StreamStatus>().empty());
  for (const auto& program : found.source().programs()) {
    EXPECT_TRUE(program.hook.starts_with("iter/")) << program.hook;
    const bool can = program.hook != "iter/task_file" || shows_holders();
    EXPECT_EQ(program.attached, can) << program.hook << ": " << program.reason;
  }
}

}  // namespace
}  // namespace tcptwin::testing
