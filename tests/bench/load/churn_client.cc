// SPDX-License-Identifier: MIT
// A client of the load generator: keeps so many connections in flight, or opens many and closes
// them at once.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "churn_shared.h"

namespace tcptwin::bench {
namespace {

constexpr std::uint64_t kWaitNs = 5'000'000;
constexpr std::uint64_t kLastAnswersNs = 1'000'000'000;
constexpr std::uint64_t kAheadOfServers = 1024;  // a fourth of a listener's backlog

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

// A socket that connects; -1 if it cannot. The number chooses its addresses.
int connecting_socket(std::uint32_t number, int type) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | type, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const sockaddr_in source = address_of(INADDR_LOOPBACK + 1 + number % kSourceAddresses, 0);
  const auto port = static_cast<std::uint16_t>(kFirstPort + number / kSourceAddresses % kPorts);
  const sockaddr_in target = address_of(INADDR_LOOPBACK, port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0 &&
      (connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0 ||
       errno == EINPROGRESS))
    return fd;
  close(fd);
  return -1;
}

class Client {
 public:
  Client(const ChurnOptions& options, int client, ProcessResult& result)
      : result_(result),
        gap_ns_(options.rate == 0
                    ? 0
                    : 1'000'000'000U * static_cast<unsigned>(options.clients) / options.rate),
        number_(static_cast<std::uint32_t>(client) * 7919U),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        connections_(static_cast<std::size_t>(options.in_flight)) {
    if (epoll_ < 0) fail("epoll_create1");
    for (std::uint32_t i = 0; i < connections_.size(); ++i) idle_.push_back(i);
  }

  void churn_until(std::uint64_t end_ns) {
    next_ns_ = now_ns();
    for (std::uint64_t now = next_ns_; now < end_ns; now = now_ns()) {
      start_those_due(now);
      turn(until_next(now));
    }
    while (idle_.size() < connections_.size() && now_ns() < end_ns + kLastAnswersNs) turn(kWaitNs);
    result_.failures += connections_.size() - idle_.size();
  }

 private:
  struct Connection {
    int fd;
    bool is_open;
    std::size_t answered;
    std::uint64_t begun_ns;
  };

  // A pace that could not be kept is not made up for by a burst.
  void start_those_due(std::uint64_t now) {
    next_ns_ = std::max(next_ns_, now - std::min(now, kWaitNs));
    for (std::size_t i = idle_.size(); i > 0 && (gap_ns_ == 0 || next_ns_ <= now); --i) {
      next_ns_ += gap_ns_;
      if (!start(idle_.back())) return;
      idle_.pop_back();
    }
  }

  std::uint64_t until_next(std::uint64_t now) const {
    if (idle_.empty() || gap_ns_ == 0) return kWaitNs;
    return next_ns_ > now ? std::min(next_ns_ - now, kWaitNs) : 0;
  }

  bool start(std::uint32_t index) {
    Connection& connection = connections_[index];
    const std::uint64_t begun = now_ns();
    const int fd = connecting_socket(number_++, SOCK_NONBLOCK);
    if (fd < 0) {
      ++result_.failures;
      return false;
    }
    connection = {fd, false, 0, begun};
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u32 = index;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    return true;
  }

  void turn(std::uint64_t wait_ns) {
    std::array<epoll_event, 64> events;
    const timespec wait{0, static_cast<long>(wait_ns)};
    const int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      advance(event.data.u32, event.events);
    }
  }

  void advance(std::uint32_t index, std::uint32_t events) {
    Connection& connection = connections_[index];
    if (!connection.is_open) {
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) return finish(index, false);
      if ((events & EPOLLOUT) == 0) return;
      result_.connect.add(now_ns() - connection.begun_ns);
      connection.is_open = true;
      const std::array<char, kMessageBytes> question{};
      if (write(connection.fd, question.data(), question.size()) != ssize_t{kMessageBytes})
        finish(index, false);
      return;
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) return;
    std::array<char, kMessageBytes> answer;
    const ssize_t got = read(connection.fd, answer.data(), answer.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return finish(index, false);
    connection.answered += static_cast<std::size_t>(got);
    if (connection.answered >= kMessageBytes) finish(index, true);
  }

  void finish(std::uint32_t index, bool is_answered) {
    close(connections_[index].fd);
    ++(is_answered ? result_.connections : result_.failures);
    idle_.push_back(index);
  }

  ProcessResult& result_;
  std::uint64_t gap_ns_;
  std::uint64_t next_ns_ = 0;
  std::uint32_t number_;
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> idle_;  // indices of connections_
};

}  // namespace

void ask(const ChurnOptions& options, int client, Shared& shared, ProcessResult& result) {
  Client asking(options, client, result);
  while (!shared.begin && !shared.end) pause_for(100'000);
  const std::uint64_t before = cpu_ns();
  asking.churn_until(now_ns() + static_cast<std::uint64_t>(options.duration_s * 1e9));
  result.cpu_ns = cpu_ns() - before;
  ++shared.clients_done;
}

void burst(const ChurnOptions& options, int client, Shared& shared, ProcessResult& result) {
  const auto clients = static_cast<std::uint64_t>(options.clients);
  const std::uint64_t share =
      options.burst / clients + (static_cast<std::uint64_t>(client) < options.burst % clients);
  std::vector<int> open;
  open.reserve(share);
  while (!shared.begin && !shared.end) pause_for(100'000);
  for (std::uint32_t i = 0; i < share && !shared.end; ++i) {
    const int fd = connecting_socket(
        i * static_cast<std::uint32_t>(clients) + static_cast<std::uint32_t>(client), 0);
    if (fd < 0) {
      ++result.failures;
      continue;
    }
    open.push_back(fd);
    const std::uint64_t opened = ++shared.opened;
    while (opened > shared.accepted + kAheadOfServers && !shared.end) pause_for(100'000);
  }
  ++shared.clients_done;
  while (!shared.close_all && !shared.end) pause_for(100'000);
  for (const int fd : open) close(fd);
  result.connections = open.size();
}

}  // namespace tcptwin::bench
