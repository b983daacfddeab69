// SPDX-License-Identifier: MIT
// A server of the load generator: takes connections, answers each 64 bytes with 64, closes after
// the client.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "churn_shared.h"

namespace tcptwin::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsAtOnce = 64;
constexpr int kLookForEndMs = 10;
constexpr std::uint64_t kListener = std::uint64_t{1} << 32;

class Server {
 public:
  Server(Shared& shared, ProcessResult& result)
      : shared_(shared), result_(result), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll_create1");
    for (int port = 0; port < kPorts; ++port)
      listen_on(static_cast<std::uint16_t>(kFirstPort + port));
    const long files = sysconf(_SC_OPEN_MAX);
    asked_.resize(static_cast<std::size_t>(files));
  }

  void turn() {
    std::array<epoll_event, 256> events;
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kLookForEndMs);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
      const int fd = static_cast<int>(what & 0xffffffffU);
      if ((what & kListener) != 0)
        accept_some(fd);
      else
        answer(fd);
    }
  }

 private:
  void listen_on(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd, kBacklog) != 0)
      fail("listen");
    watch(fd, EPOLLIN, kListener);
  }

  void watch(int fd, std::uint32_t events, std::uint64_t mark) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = mark | static_cast<std::uint32_t>(fd);
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }

  void accept_some(int listener) {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED) fail("accept4");
        return;
      }
      asked_[static_cast<std::size_t>(fd)] = 0;
      ++shared_.accepted;
      watch(fd, EPOLLIN, 0);
    }
  }

  void answer(int fd) {
    std::array<char, kMessageBytes> message;
    const ssize_t got = read(fd, message.data(), message.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) {
      auto& asked = asked_[static_cast<std::size_t>(fd)];
      asked = static_cast<std::uint8_t>(asked + got);
      if (asked < kMessageBytes) return;
      asked = static_cast<std::uint8_t>(asked - kMessageBytes);
      if (write(fd, message.data(), message.size()) == ssize_t{kMessageBytes}) return;
      ++result_.failures;
    }
    close(fd);
    ++shared_.server_closed;
  }

  Shared& shared_;
  ProcessResult& result_;
  int epoll_;
  std::vector<std::uint8_t> asked_;  // by descriptor: bytes of a question that is not complete
};

}  // namespace

void serve(Shared& shared, ProcessResult& result) {
  Server server(shared, result);
  ++shared.servers_ready;
  while (!shared.begin && !shared.end) pause_for(100'000);
  const std::uint64_t before = cpu_ns();
  while (!shared.end) server.turn();
  result.cpu_ns = cpu_ns() - before;
}

}  // namespace tcptwin::bench
