// SPDX-License-Identifier: MIT
#include "kernel/load.h"

#include <algorithm>
#include <cstdlib>

#include "support/socket.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint16_t kFirstPort = 9000;
constexpr int kPairs = 2;
constexpr int kBacklog = 4096;  // an overflow would cost a second of SYN retransmission

void serve(const NetworkNamespace& network, std::uint16_t port, const Process::Ready& ready) {
  Socket listening(network);
  listening.set_reuse_address();
  listening.bind("127.0.0.1", port);
  listening.listen(kBacklog);
  ready();
  while (true) {
    Socket child = listening.accept();
    child.close();
  }
}

void make_connections(const NetworkNamespace& network, std::uint16_t port, std::uint64_t count) {
  const auto visit = network.enter();
  for (std::uint64_t made = 0; made < count; ++made) {
    Socket client;
    client.connect("127.0.0.1", port);
    client.await_connected();
    if (made % 16 == 0) continue;  // a socket that is left open is aborted
    client.close();
  }
}

}  // namespace

std::uint64_t scaled(const char* variable, std::uint64_t usual) {
  const char* wanted = std::getenv(variable);
  return wanted == nullptr ? usual : std::strtoull(wanted, nullptr, 10);
}

Load::Load(const NetworkNamespace& network, std::uint64_t connections) {
  for (int pair = 0; pair < kPairs; ++pair) {
    const auto port = static_cast<std::uint16_t>(kFirstPort + pair);
    servers_.push_back(std::make_unique<Process>(
        "churn_server", [&](const Process::Ready& ready) { serve(network, port, ready); }));
    clients_.push_back(std::make_unique<Process>("churn_client", [&](const Process::Ready& ready) {
      ready();
      make_connections(network, port, connections / kPairs);
    }));
  }
}

bool Load::is_done() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->has_ended(); });
}

bool Load::succeeded() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->wait() == 0; });
}

}  // namespace tcptwin::testing
