// SPDX-License-Identifier: MIT
// The fixture of the census' tests: sockets first, tcptwin afterwards.
#pragma once

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "kernel/stage.h"
#include "support/census_session.h"

namespace tcptwin::testing {

// A network namespace with a scripted peer and sockets that were there before tcptwin was.
class Census : public ::testing::Test {
 protected:
  struct Pair {
    Socket& client;
    Socket& server;
  };

  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
    peer_ = std::make_unique<TunPeer>(*network_);
  }
  void TearDown() override {
    if (network_) kill_all_sockets(*network_);
  }

  Socket& listener(std::uint16_t port, int backlog = 16, int family = AF_INET) {
    Socket& socket = sockets_.emplace_back(*network_, Protocol::Tcp, family);
    socket.bind(family == AF_INET ? "0.0.0.0" : "::", port);
    socket.listen(backlog);
    return socket;
  }

  Socket& client(std::uint16_t port, int family = AF_INET) {
    Socket& socket = sockets_.emplace_back(*network_, Protocol::Tcp, family);
    socket.connect(family == AF_INET ? "127.0.0.1" : "::1", port);
    return socket;
  }

  Pair pair(Socket& listening, int family = AF_INET) {
    Socket& connecting = client(listening.local_port(), family);
    return {connecting, sockets_.emplace_back(listening.accept())};
  }

  // A half-open connection to this port of ours.
  Conversation half_open(std::uint16_t peer_port, std::uint16_t port) {
    Conversation talk(*peer_, peer_port, port);
    talk.sends(Syn);
    talk.expects(SynAck);
    return talk;
  }

  // By the word of /proc/net/tcp, so that the census has nothing to wait for. Not by sock_diag's,
  // which gives every socket that it lists a cookie.
  void await_state(std::uint16_t local_port, std::uint16_t remote_port, int state) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (is_in_state(local_port, remote_port, state)) return;
    }
    FAIL() << local_port << " -> " << remote_port << " did not come to state " << state;
  }

  bool is_in_state(std::uint16_t local_port, std::uint16_t remote_port, int state) const {
    const auto visit = network_->enter();
    std::ifstream table{"/proc/thread-self/net/tcp"};
    const auto ends_in = [](const std::string& end, std::uint16_t port) {
      return std::stoul(end.substr(end.rfind(':') + 1), nullptr, 16) == port;
    };
    std::string line;
    std::getline(table, line);  // the headings
    while (std::getline(table, line)) {
      std::istringstream fields{line};
      std::string slot, local, remote, number;
      fields >> slot >> local >> remote >> number;
      if (ends_in(local, local_port) && ends_in(remote, remote_port) &&
          std::stoi(number, nullptr, 16) == state) {
        return true;
      }
    }
    return false;
  }

  // The client closes and its end becomes a TIME_WAIT; gives its local port.
  std::uint16_t time_wait(Socket& listening) {
    auto [connecting, accepted] = pair(listening);
    const std::uint16_t port = connecting.local_port();
    connecting.close();
    accepted.receive();
    accepted.close();
    await_state(port, listening.local_port(), TCP_TIME_WAIT);
    return port;
  }

  sources::LiveOptions here() const {
    sources::LiveOptions options;
    options.filter.netns = network_->inode();
    options.namespace_descriptors = {network_->descriptor()};
    return options;
  }
  CensusSession& census(const sources::LiveOptions& options) {
    session_ = std::make_unique<CensusSession>(options);
    session_->take_census();
    return *session_;
  }
  CensusSession& census() {
    if (!is_prepared_) return census(here());
    session_->take_census();
    return *session_;
  }
  // Loads the programs now: where that takes long, a timer would go off before the census.
  void prepare() {
    session_ = std::make_unique<CensusSession>(here());
    is_prepared_ = true;
  }
  std::uint32_t netns() const { return network_->inode(); }

  std::unique_ptr<NetworkNamespace> network_;
  std::unique_ptr<TunPeer> peer_;
  std::deque<Socket> sockets_;
  std::unique_ptr<CensusSession> session_;
  bool is_prepared_ = false;
};

}  // namespace tcptwin::testing
