// SPDX-License-Identifier: MIT
// A stage for one scenario: a network namespace with a scripted peer, and a trace of just that
// namespace. The scenario holds a conversation and says which path each connection must have been
// judged to take; the runner compares.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sources/kernel_counters.h"
#include "support/network_namespace.h"
#include "support/socket.h"
#include "support/socket_diag.h"
#include "support/trace_session.h"
#include "support/tun_peer.h"

namespace tcptwin::testing {

// The steps of a connection as text, in order: see to_text(Step).
using Path = std::vector<std::string>;
Path operator+(Path first, const Path& second);

// What the running kernel lacks for live tests ("root", "BPF: ..."), or "" if nothing.
std::string missing_for_live_tests();
// Skips the test if something is missing; with TCPTWIN_REQUIRE_KERNEL_TESTS=1 that is a failure.
#define TCPTWIN_NEEDS_LIVE_KERNEL()                                                          \
  if (const auto missing = ::tcptwin::testing::missing_for_live_tests(); !missing.empty()) { \
    if (::tcptwin::testing::skipping_is_failure()) FAIL() << "missing: " << missing;         \
    GTEST_SKIP() << "missing: " << missing;                                                  \
  }
bool skipping_is_failure();

class Stage {
 public:
  enum class Segments { OfStates, Every };  // which of them are recorded
  explicit Stage(Segments recorded = Segments::OfStates);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // The stage keeps its sockets, so that what a scenario leaves open stays open until the judging
  // is done.
  Socket& socket(Protocol protocol = Protocol::Tcp, int family = AF_INET);
  // A listener on this port; every address.
  Socket& listener(std::uint16_t port, int backlog = 16);
  Socket& accept(Socket& listener);
  // The other end of a connection that the kernel will open to this port of the peer.
  Conversation peer_at(std::uint16_t peer_port) { return Conversation(peer, peer_port); }
  // The other end of a connection that the peer will open to this port of the kernel.
  Conversation peer_at(std::uint16_t peer_port, std::uint16_t kernel_port) {
    return Conversation(peer, peer_port, kernel_port);
  }

  // A connection that the kernel opened to the peer, or the peer to the kernel; handshake done.
  struct Talk {
    Socket& socket;
    Conversation peer;
  };
  Talk connected(std::uint16_t peer_port);
  Talk accepted(Socket& listener, std::uint16_t peer_port);

  // Waits until the kernel itself says that the connection is in this state (kernel numbering).
  void await_kernel_state(std::uint16_t local_port, std::uint16_t remote_port, int state);

  // Demands, once the scenario has been played, that the connection takes exactly this path.
  void expect(const Which& which, Path path);
  // For what a kernel does not always show: one of these, the shortest first.
  void expect_one_of(const Which& which, std::vector<Path> paths);
  // Says that the kernel's counter must not be held against the judged steps here, and why.
  void except_counter(std::string_view name, std::string_view reason);
  TraceSession& trace() { return *session_; }
  // How long the last step may take; kPatience unless told.
  void allow(std::chrono::milliseconds patience) { patience_ = patience; }

  NetworkNamespace network;
  TunPeer peer;

 private:
  friend class ScenarioRun;
  struct Expectation {
    Which which;
    std::vector<Path> paths;  // any of them is right
  };

  std::unique_ptr<TraceSession> session_;
  std::deque<Socket> sockets_;
  std::vector<Expectation> expectations_;
  sources::KernelCounters counters_;  // when the stage was set
  std::set<std::string, std::less<>> excepted_counters_;
  std::chrono::milliseconds patience_ = kPatience;
};

// Runs a scenario and compares. What a host's policy hides from BPF (traps-and-loss, section 2)
// shows as a gap, as a path that just stops, or as a connection without its beginning; such a run
// proves nothing and is repeated, at most three runs in all; where nothing is hidden
// (trace_session.h), there is one run. No run may show a divergence.
void scenario(const std::function<void(Stage&)>& conversation);

// Handshakes, as most paths begin.
Path opened();
Path received();

// Names of roles, for expectations.
Which active(std::uint16_t remote_port, std::uint16_t local_port = 0);
Which passive(std::uint16_t local_port, std::uint16_t remote_port = 0);
Which listener(std::uint16_t local_port);

}  // namespace tcptwin::testing
