// SPDX-License-Identifier: MIT
#include "support/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "support/tun_peer.h"

namespace tcptwin::testing {
namespace {

constexpr int kProtocolMptcp = 262;  // IPPROTO_MPTCP, which glibc's netinet/in.h may lack

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

int error_of(long result) {
  return result < 0 ? errno : 0;
}

struct AnyAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

AnyAddress address_of(std::string_view text, std::uint16_t port) {
  AnyAddress any;
  const std::string address{text};
  if (address.find(':') != std::string::npos) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr);
    std::memcpy(&any.storage, &in6, sizeof in6);
    any.size = sizeof in6;
    return any;
  }
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  std::memcpy(&any.storage, &in, sizeof in);
  any.size = sizeof in;
  return any;
}

}  // namespace

Socket::Socket(Protocol protocol, int family)
    : descriptor_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                           protocol == Protocol::Tcp ? IPPROTO_TCP : kProtocolMptcp)) {
  if (descriptor_ < 0) check(errno, "socket");
}

Socket::Socket(const NetworkNamespace& network, Protocol protocol, int family)
    : Socket([&] {
        const auto visit = network.enter();
        return Socket(protocol, family);
      }()) {}

Socket::~Socket() {
  if (descriptor_ < 0) return;
  const linger abort{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  ::close(descriptor_);
}

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

int Socket::try_bind(std::string_view address, std::uint16_t port) {
  const AnyAddress any = address_of(address, port);
  return error_of(::bind(descriptor_, any.get(), any.size));
}

int Socket::try_connect(std::string_view address, std::uint16_t port) {
  const AnyAddress any = address_of(address, port);
  return error_of(::connect(descriptor_, any.get(), any.size));
}

int Socket::try_listen(int backlog) {
  return error_of(::listen(descriptor_, backlog));
}

int Socket::try_send(std::string_view text) {
  return error_of(::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL));
}

int Socket::try_shutdown(Shutdown how) {
  constexpr std::array<int, 3> kHow = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  return error_of(::shutdown(descriptor_, kHow[static_cast<std::size_t>(how)]));
}

void Socket::bind(std::string_view address, std::uint16_t port) {
  check(try_bind(address, port), "bind");
}

void Socket::connect(std::string_view address, std::uint16_t port) {
  const int error = try_connect(address, port);
  if (error != EINPROGRESS) check(error, "connect");
}

void Socket::listen(int backlog) {
  check(try_listen(backlog), "listen");
}

void Socket::send(std::string_view text) {
  check(try_send(text), "send");
}

void Socket::shutdown(Shutdown how) {
  check(try_shutdown(how), "shutdown");
}

void Socket::disconnect() {
  const sockaddr unspecified{AF_UNSPEC, {}};
  check(error_of(::connect(descriptor_, &unspecified, sizeof unspecified)), "connect(AF_UNSPEC)");
}

void Socket::close() {
  check(error_of(::close(std::exchange(descriptor_, -1))), "close");
}

Socket Socket::accept() {
  await(POLLIN);
  const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted < 0) check(errno, "accept");
  return Socket(Adopted{}, accepted);
}

void Socket::await_readable() {
  await(POLLIN);
}

void Socket::await_connected() {
  await(POLLOUT);
  check(error(), "connect");
}

std::string Socket::receive() {
  await(POLLIN);
  std::array<char, 65536> bytes;
  const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (size < 0) check(errno, "recv");
  return std::string(bytes.data(), static_cast<std::size_t>(size));
}

int Socket::await_error() {
  await(POLLPRI);  // POLLERR and POLLHUP come unasked
  return error();
}

int Socket::error() {
  int value = 0;
  socklen_t size = sizeof value;
  check(error_of(getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &value, &size)), "SO_ERROR");
  return value;
}

std::uint16_t Socket::local_port() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  check(error_of(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size)),
        "getsockname");
  std::uint16_t port = 0;  // at the same place in sockaddr_in and sockaddr_in6
  std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port),
              sizeof port);
  return ntohs(port);
}

int Socket::tcp_state() const {
  tcp_info details{};
  socklen_t size = sizeof details;
  check(error_of(getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &details, &size)), "TCP_INFO");
  return details.tcpi_state;
}

void Socket::set_reuse_address() {
  const int on = 1;
  set_option(SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

void Socket::set_reuse_port() {
  const int on = 1;
  set_option(SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

void Socket::set_linger(int seconds) {
  const linger value{1, seconds};
  set_option(SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

void Socket::set_tcp_option(int option, int value) {
  set_option(IPPROTO_TCP, option, &value, sizeof value);
}

void Socket::set_keepalive(int idle_seconds, int interval_seconds, int probes) {
  const int on = 1;
  set_tcp_option(TCP_KEEPIDLE, idle_seconds);
  set_tcp_option(TCP_KEEPINTVL, interval_seconds);
  set_tcp_option(TCP_KEEPCNT, probes);
  set_option(SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void Socket::set_option(int level, int option, const void* value, std::size_t size) {
  check(error_of(setsockopt(descriptor_, level, option, value, static_cast<socklen_t>(size))),
        "setsockopt");
}

void Socket::await(short events) {
  pollfd ready{descriptor_, events, 0};
  const int count = ::poll(&ready, 1, static_cast<int>(kPatience.count()));
  if (count == 0) throw ConversationBroken("a socket of the test was not ready in time");
  check(error_of(count), "poll");
}

}  // namespace tcptwin::testing
