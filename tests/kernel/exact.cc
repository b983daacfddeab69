// SPDX-License-Identifier: MIT
// The two tiers side by side: what the hooks on the kernel's functions show (T2) is what its timers
// show (T0), event for event.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/kernels_differ.h"
#include "kernel/load.h"
#include "kernel/stage.h"
#include "sources/live_bpf.h"
#include "support/process.h"
#include "tcptwin/wire.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint64_t kConnections = 3000;
constexpr std::chrono::seconds kDeadline{120};
constexpr std::chrono::milliseconds kWait{10};
constexpr std::size_t kRing = 64 * 1024 * 1024;

// Both tiers see every event of one object in the same order: its kind and address name it, until
// its address serves another one, which begins with a start.
struct Object {
  std::uint16_t kind;
  std::uint64_t address;
  friend auto operator<=>(const Object&, const Object&) = default;
};
using Stream = std::map<Object, std::vector<tcptwin_timer_event>>;

std::string to_text(const tcptwin_timer_event& event) {
  static constexpr const char* kOperations[] = {"?", "start", "cancel", "expire"};
  std::string text = event.operation <= 3 ? kOperations[event.operation] : "?";
  text += " " + std::to_string(event.socket.local_port) + "-" +
          std::to_string(event.socket.remote_port);
  if (event.socket.kind == TCPTWIN_MINISOCKET) {
    text += " substate " + std::to_string(event.socket.substate);
  } else {
    text += " timeouts " + std::to_string(event.timeouts);
  }
  return text;
}

bool are_same(const tcptwin_timer_event& one, const tcptwin_timer_event& other) {
  return one.operation == other.operation && one.timeouts == other.timeouts &&
         one.listener == other.listener && one.socket.substate == other.socket.substate &&
         one.socket.cookie == other.socket.cookie && one.socket.netns == other.socket.netns &&
         one.socket.local_port == other.socket.local_port &&
         one.socket.remote_port == other.socket.remote_port &&
         std::memcmp(one.socket.local_address, other.socket.local_address,
                     2 * TCPTWIN_ADDRESS_LENGTH) == 0;
}

// Collects the timer events of both tiers, and what else the hooks show.
class Collector final : public sources::RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override {
    tcptwin_header header;
    std::memcpy(&header, record.data(), sizeof header);
    if (header.kind == TCPTWIN_STATUS) std::memcpy(&status, record.data(), sizeof status);
    if ((header.flags & TCPTWIN_FROM_FUNCTION) != 0) ++by_hooks[header.kind];
    if (header.kind != TCPTWIN_TIME_WAIT_TIMER && header.kind != TCPTWIN_REQUEST_TIMER) return;
    tcptwin_timer_event event;
    std::memcpy(&event, record.data(), sizeof event);
    const bool is_exact = (header.flags & TCPTWIN_FROM_FUNCTION) != 0;
    (is_exact ? by_functions : by_timers)[{header.kind, event.socket.address}].push_back(event);
  }

  Stream by_timers;
  Stream by_functions;
  tcptwin_status status{};
  std::map<std::uint16_t, std::size_t> by_hooks;  // records, by kind
};

// A timer is cancelled before it expires and before it starts again: that is no event of its own.
std::vector<tcptwin_timer_event> ends_only(const std::vector<tcptwin_timer_event>& timers) {
  std::vector<tcptwin_timer_event> events;
  for (const tcptwin_timer_event& event : timers) {
    const bool follows_cancel = !events.empty() && events.back().operation == TCPTWIN_TIMER_CANCEL;
    const bool is_same_object = follows_cancel &&
                                events.back().socket.remote_port == event.socket.remote_port &&
                                events.back().socket.local_port == event.socket.local_port &&
                                events.back().socket.cookie == event.socket.cookie;
    const bool is_request = event.socket.kind == TCPTWIN_REQUEST_SOCKET;
    const bool goes_on = event.operation == TCPTWIN_TIMER_EXPIRE ||
                         (event.operation == TCPTWIN_TIMER_START && !is_request);
    if (is_same_object && goes_on) events.pop_back();
    events.push_back(event);
  }
  return events;
}

// 2MSL that begins anew lets the timer lie where it is if that slot of the timer wheel is right.
// Only a segment does that, so a scenario knows how often at most (expect_agreement).
bool may_be_hidden_from_timers(const tcptwin_timer_event& event, bool is_first) {
  return !is_first && event.operation == TCPTWIN_TIMER_START &&
         event.socket.kind == TCPTWIN_MINISOCKET;
}

// `hidden` counts the events that the timers did not show and need not have.
std::string difference(const std::vector<tcptwin_timer_event>& timers,
                       const std::vector<tcptwin_timer_event>& functions, std::size_t& hidden) {
  const auto expected = ends_only(timers);
  std::size_t next = 0;
  bool is_first = true;
  bool differs = false;
  for (const tcptwin_timer_event& event : functions) {
    if (next < expected.size() && are_same(expected[next], event)) {
      ++next;
    } else if (may_be_hidden_from_timers(event, is_first)) {
      ++hidden;
    } else {
      differs = true;
    }
    is_first = event.operation != TCPTWIN_TIMER_START;  // of the next object at this address
  }
  if (!differs && next == expected.size()) return "";
  std::string text = "\n  by timers:";
  for (const auto& event : timers) text += "\n    " + to_text(event);
  text += "\n  by functions:";
  for (const auto& event : functions) text += "\n    " + to_text(event);
  return text;
}

bool hooks_must_work() {
  const char* required = std::getenv("TCPTWIN_REQUIRE_T2");
  return required != nullptr && std::string_view{required} == "1";
}

// Skips a test of a part that T2 does not show here; where it must, that is a failure.
#define TCPTWIN_NEEDS_HOOKS(source, part)                                                     \
  if (const std::string_view why_not = (source).why_inexact(part); !why_not.empty()) {        \
    const std::string missing = std::string{label(part)} + " at T2: " + std::string{why_not}; \
    if (hooks_must_work() && why_not != "switched off") FAIL() << "missing: " << missing;     \
    GTEST_SKIP() << "missing: " << missing;                                                   \
  }

class ExactTier : public ::testing::Test {
 protected:
  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
    sources::LiveOptions options;
    options.filter.netns = network_->inode();
    options.tiers = sources::TierChoice::Both;
    options.ring_bytes = kRing;
    auto opened = sources::LiveBpf::open(options);
    ASSERT_TRUE(opened) << opened.error().what;
    source_ = std::move(opened.value());
    TCPTWIN_NEEDS_HOOKS(*source_, sources::Part::Minisockets);
    TCPTWIN_NEEDS_HOOKS(*source_, sources::Part::Requests);
    peer_ = std::make_unique<TunPeer>(*network_);
  }

  // Everything that happened until now has been delivered when this returns.
  void settle() {
    const auto now = [] {
      timespec time{};
      clock_gettime(CLOCK_MONOTONIC, &time);
      return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
             static_cast<std::uint64_t>(time.tv_nsec);
    };
    const std::uint64_t until = now();
    while (seen_.status.header.time_ns < until) ASSERT_TRUE(source_->poll(kWait, seen_));
  }
  // Until both tiers have shown so many ends of this kind of object.
  bool await_ends(std::uint16_t kind, std::size_t wanted) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (ends(seen_.by_timers, kind) < wanted || ends(seen_.by_functions, kind) < wanted) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (!source_->poll(kWait, seen_)) return false;
    }
    return true;
  }
  static std::size_t ends(const Stream& stream, std::uint16_t kind) {
    std::size_t found = 0;
    for (const auto& [object, events] : stream) {
      if (object.kind != kind) continue;
      const auto real = ends_only(events);
      found += static_cast<std::size_t>(std::ranges::count_if(
          real, [](const auto& event) { return event.operation != TCPTWIN_TIMER_START; }));
    }
    return found;
  }

  // The streams are the same. A program that interrupts itself does not run, which is counted: so
  // many differences are no contradiction. So often at most 2MSL begins anew.
  void expect_agreement(std::size_t begins_anew = 0) {
    settle();
    std::size_t hidden = 0;
    const auto& counters = seen_.status.counters;
    EXPECT_EQ(counters[TCPTWIN_EMITTED], counters[TCPTWIN_RECEIVED]);
    EXPECT_FALSE(seen_.by_functions.empty());
    std::vector<std::string> differences;
    for (const auto& [object, events] : seen_.by_timers) {
      const std::string text = difference(events, seen_.by_functions[object], hidden);
      if (!text.empty()) differences.push_back(text);
    }
    for (const auto& [object, events] : seen_.by_functions) {
      if (!seen_.by_timers.contains(object)) differences.push_back(difference({}, events, hidden));
    }
    const auto refused = counters[TCPTWIN_RECURSION_MISSES] - counters[TCPTWIN_SIDE_RECOVERED];
    EXPECT_LE(hidden, begins_anew) << "starts that no segment explains";
    EXPECT_LE(differences.size(), refused);
    if (differences.size() <= refused) return;
    for (std::size_t shown = 0; shown < std::min<std::size_t>(differences.size(), 5); ++shown) {
      ADD_FAILURE() << "another life:" << differences[shown];
    }
  }

  Socket listener(std::uint16_t port) {
    Socket socket(*network_);
    socket.bind("0.0.0.0", port);
    socket.listen();
    return socket;
  }
  Socket connected(Conversation& talk) {
    Socket socket(*network_);
    socket.connect(kPeerAddress, talk.peer_port());
    talk.accepts_open();
    return socket;
  }

  void into_time_wait(Conversation& talk) {
    Socket client = connected(talk);
    client.close();
    talk.expects(Fin);
    talk.sends(FinAck);
    talk.expects(Ack);
  }
  void into_orphan(Conversation& talk) {
    Socket client = connected(talk);
    client.close();
    talk.acknowledges_fin();
  }

  std::unique_ptr<NetworkNamespace> network_;
  std::unique_ptr<TunPeer> peer_;
  std::unique_ptr<sources::LiveBpf> source_;
  Collector seen_;
};

TEST_F(ExactTier, half_open_connections_live_and_die_alike) {
  network_->set_ipv4("tcp_synack_retries", "1");
  Socket server = listener(80);
  Conversation completed(*peer_, 5001, 80);
  completed.opens();
  Socket child = server.accept();
  Conversation reset(*peer_, 5002, 80);
  reset.sends(Syn);
  reset.expects(SynAck);
  reset.sends(Rst);
  Conversation killed(*peer_, 5003, 80);
  killed.sends(Syn);
  killed.expects(SynAck);
  EXPECT_EQ(kill_sockets(*network_, 80, 5003), 1);
  Conversation silent(*peer_, 5004, 80);
  silent.sends(Syn);
  silent.expects(SynAck);
  silent.expects(SynAck);                             // again
  EXPECT_TRUE(await_ends(TCPTWIN_REQUEST_TIMER, 5));  // an expiry that is no end counts, too
  expect_agreement();
  if (source_->why_inexact(sources::Part::Accepts).empty()) {
    EXPECT_EQ(seen_.by_hooks[TCPTWIN_SOCKET_ACCEPTED], 1u);
  }
}

TEST_F(ExactTier, closing_listener_leaves_its_half_open_connections_alike) {
  Socket server = listener(80);
  Conversation first(*peer_, 5001, 80);
  first.sends(Syn);
  first.expects(SynAck);
  server.close();
  EXPECT_TRUE(await_ends(TCPTWIN_REQUEST_TIMER, 1));
  expect_agreement();
}

TEST_F(ExactTier, half_open_connection_that_changes_its_listener_does_so_alike) {
  if (!kernel_is_at_least(5, 14)) GTEST_SKIP() << "missing: net.ipv4.tcp_migrate_req (5.14)";
  network_->set_ipv4("tcp_migrate_req", "1");
  Socket leaving(*network_);
  leaving.set_reuse_port();
  leaving.bind("0.0.0.0", 80);
  leaving.listen();
  Conversation talk(*peer_, 5001, 80);
  talk.sends(Syn);
  talk.expects(SynAck);
  Socket staying(*network_);
  staying.set_reuse_port();
  staying.bind("0.0.0.0", 80);
  staying.listen();
  leaving.close();
  talk.expects(SynAck);  // sent by the other listener
  talk.sends(Ack);
  Socket child = staying.accept();
  expect_agreement();
}

TEST_F(ExactTier, minisockets_live_and_die_alike) {
  network_->set_ipv4("tcp_fin_timeout", "2");
  Conversation assassinated(*peer_, 5001);
  into_time_wait(assassinated);
  assassinated.sends(Rst);
  Conversation killed(*peer_, 5002);
  into_time_wait(killed);
  kill_sockets(*network_, 0, 5002);
  Conversation repeats(*peer_, 5003);
  into_time_wait(repeats);
  repeats.sends(FinAck, {.seq_offset = -1});
  repeats.expects(Ack);
  repeats.sends(Ack);
  Conversation orphan(*peer_, 5004);
  into_orphan(orphan);
  orphan.sends(FinAck);
  orphan.expects(Ack);
  Conversation late(*peer_, 5005);
  into_orphan(late);
  late.sends(PshAck, {.text = "late"});
  late.expects(Rst);
  Conversation silent(*peer_, 5006);
  into_orphan(silent);  // ends after tcp_fin_timeout
  EXPECT_TRUE(await_ends(TCPTWIN_TIME_WAIT_TIMER, 4));
  expect_agreement(3);  // the repeated FIN, the bare ACK behind it, the orphan's FIN
  if (!source_->why_inexact(sources::Part::Segments).empty()) return;
  EXPECT_EQ(seen_.by_hooks[TCPTWIN_MINISOCKET_SEGMENT], 3u) << "a RST and two FINs";
  // Where tcp_send_reset tells why (6.10), it shows the answer to what came late.
  EXPECT_EQ(seen_.by_hooks[TCPTWIN_RESET_SENT], kernel_is_at_least(6, 10) ? 0u : 1u);
}

// The slab hands out what was freed last.
TEST_F(ExactTier, minisocket_in_the_place_of_one_that_expired_is_killed_alike) {
  network_->set_ipv4("tcp_fin_timeout", "1");
  Conversation expires(*peer_, 5001);
  into_orphan(expires);
  EXPECT_TRUE(await_ends(TCPTWIN_TIME_WAIT_TIMER, 1));
  for (std::uint16_t port = 5002; port < 5010; ++port) {
    Conversation killed(*peer_, port);
    into_time_wait(killed);
    killed.sends(Rst);
  }
  EXPECT_TRUE(await_ends(TCPTWIN_TIME_WAIT_TIMER, 9));
  expect_agreement();
}

TEST_F(ExactTier, of_another_namespace_nothing_is_told) {
  const NetworkNamespace elsewhere;
  elsewhere.set_ipv4("tcp_fin_timeout", "1");
  TunPeer peer(elsewhere);
  Socket server(elsewhere);
  server.bind("0.0.0.0", 80);
  server.listen();
  Conversation accepted(peer, 5001, 80);
  accepted.opens();
  server.accept().close();  // an orphan
  accepted.acknowledges_fin();
  accepted.sends(PshAck, {.text = "late"});
  accepted.expects(Rst);
  Conversation again(peer, 5002, 80);
  again.opens();
  server.accept().close();
  again.expects(Fin);
  again.sends(FinAck);
  again.expects(Ack);
  again.sends(Rst);
  Conversation half_open(peer, 5003, 80);
  half_open.sends(Syn);
  half_open.expects(SynAck);
  half_open.sends(Rst);
  settle();
  EXPECT_TRUE(seen_.by_hooks.empty());
}

TEST_F(ExactTier, time_wait_is_reopened_alike) {
  Socket server = listener(80);
  Conversation first(*peer_, 5001, 80);
  first.opens();
  server.accept().close();
  first.expects(Fin);
  first.sends(FinAck);
  first.expects(Ack);
  Conversation again(*peer_, 5001, 80, first.send_next().value() + 100'000);
  again.opens();
  Socket child = server.accept();
  EXPECT_TRUE(await_ends(TCPTWIN_TIME_WAIT_TIMER, 1));
  expect_agreement();
}

TEST_F(ExactTier, churn_and_the_end_of_the_namespace_look_alike) {
  network_->set_ipv4("ip_local_port_range", "1024 65535");
  const std::uint32_t netns = network_->inode();
  {
    const Load load(*network_, kConnections);
    while (!load.is_done()) ASSERT_TRUE(source_->poll(kWait, seen_));
    EXPECT_TRUE(load.succeeded());
  }
  peer_.reset();
  network_.reset();  // purges its minisockets
  const auto are_all_over = [&] {
    return std::ranges::all_of(seen_.by_timers, [](const auto& one) {
      return one.first.kind != TCPTWIN_TIME_WAIT_TIMER ||
             one.second.back().operation != TCPTWIN_TIMER_START;
    });
  };
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!are_all_over() && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(source_->poll(kWait, seen_));
  }
  EXPECT_TRUE(are_all_over()) << "in namespace " << netns;
  EXPECT_GE(ends(seen_.by_timers, TCPTWIN_REQUEST_TIMER), kConnections);
  expect_agreement(kConnections);
}

// The minute of TIME_WAIT.
TEST_F(ExactTier, time_wait_expires_alike) {
  Conversation talk(*peer_, 5001);
  into_time_wait(talk);
  EXPECT_TRUE(await_ends(TCPTWIN_TIME_WAIT_TIMER, 1));
  expect_agreement();
}

// The listener is one process' and the connection another one's, as with a server that forks first.
TEST(ExactAccept, names_the_process_and_the_moment) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  const NetworkNamespace network;
  TunPeer peer(network);
  sources::LiveOptions options;
  options.filter.netns = network.inode();
  const auto trace = TraceSession::open(options);
  ASSERT_TRUE(trace) << trace.error().what;
  TCPTWIN_NEEDS_HOOKS(trace.value()->source(), sources::Part::Accepts);

  Socket server(network);
  server.bind("0.0.0.0", 80);
  server.listen();
  Conversation talk(peer, 5001, 80);
  talk.opens();
  const Gate gate;
  const Process worker("twin_worker", [&](const Process::Ready& ready) {
    const Socket child = server.accept();
    ready();
    gate.wait();
  });
  talk.sends(Rst);
  const bool ended = trace.value()->await(
      [](const Findings& findings) { return !findings.lives.empty(); }, kPatience);
  gate.open();
  ASSERT_TRUE(ended);
  const tracker::Life& life = trace.value()->findings().lives[0];
  EXPECT_EQ(life.owners.last_user.actor.pid, static_cast<std::uint32_t>(worker.pid()));
  EXPECT_EQ(life.owners.last_user.actor.comm.view(), "twin_worker");
  EXPECT_EQ(life.owners.creator.actor.pid, static_cast<std::uint32_t>(getpid()));
  ASSERT_TRUE(life.accept_wait_at_least);
  EXPECT_EQ(life.accept_wait_at_least, life.accept_wait_at_most);
}

// -p means who calls accept(), too. The worker has the listener from another process, after the
// trace has begun; what happens later happens in a softirq.
TEST(ExactAccept, by_the_selected_process_selects_the_connection) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  const NetworkNamespace network;
  TunPeer peer(network);
  const Gate may_accept;
  const Gate may_end;
  const pid_t parent = getpid();
  constexpr int kListener = 900;  // what the parent will call it
  Process worker("twin_worker", [&](const Process::Ready& ready) {
    ready();
    may_accept.wait();
    const auto process = static_cast<int>(syscall(SYS_pidfd_open, parent, 0));
    const auto server = static_cast<int>(syscall(SYS_pidfd_getfd, process, kListener, 0));
    if (accept4(server, nullptr, nullptr, SOCK_CLOEXEC) < 0) _exit(1);
    may_end.wait();
  });
  sources::LiveOptions options;
  options.filter.netns = network.inode();
  options.filter.pid = static_cast<std::uint32_t>(worker.pid());
  const auto trace = TraceSession::open(options);
  ASSERT_TRUE(trace) << trace.error().what;
  TCPTWIN_NEEDS_HOOKS(trace.value()->source(), sources::Part::Accepts);

  Socket server(network);
  server.bind("0.0.0.0", 80);
  server.listen();
  ASSERT_EQ(dup2(server.descriptor(), kListener), kListener);
  Conversation accepted(peer, 5001, 80);
  accepted.opens();
  may_accept.open();
  const bool is_taken = trace.value()->await(
      [&](const Findings&) { return trace.value()->status().received != 0; }, kPatience);
  EXPECT_TRUE(is_taken) << "the accept() does not show";
  Conversation other(peer, 5002, 80);
  other.opens();
  const Socket mine = server.accept();
  other.sends(Rst);
  accepted.sends(Rst);
  const bool is_shown = trace.value()->await(
      [](const Findings& findings) { return !findings.steps.empty(); }, kPatience);
  may_end.open();
  close(kListener);
  ASSERT_TRUE(is_shown);
  trace.value()->settle();
  const auto& steps = trace.value()->findings().steps;
  for (const auto& step : steps) EXPECT_EQ(step.connection.tuple.remote.port, 5001);
}

}  // namespace
}  // namespace tcptwin::testing
