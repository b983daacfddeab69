// SPDX-License-Identifier: MIT
#include "system/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tcptwin::system {
namespace {

constexpr int kBacklog = 16;

sockaddr_in ipv4(std::string_view address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  ::inet_pton(AF_INET, std::string{address}.c_str(), &result.sin_addr);
  return result;
}

Error failed(const std::string& call) {
  return {ErrorCode::Failed, call + ": " + std::strerror(errno), ""};
}

}  // namespace

Result<TcpSocket> TcpSocket::open(std::string_view address, std::uint16_t port) {
  TcpSocket made{UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}};
  if (!made.descriptor_.is_open()) return failed("socket");
  const int on = 1;
  ::setsockopt(made.descriptor_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  made.set_abort_on_close(true);
  const sockaddr_in name = ipv4(address, port);
  if (::bind(made.descriptor_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    return failed("bind");
  }
  return made;
}

void TcpSocket::set_abort_on_close(bool on) {
  const linger choice{on ? 1 : 0, 0};
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_LINGER, &choice, sizeof choice);
}

Status TcpSocket::listen() {
  if (::listen(descriptor_.get(), kBacklog) == 0) return Done{};
  return failed("listen");
}

Status TcpSocket::connect(std::string_view address, std::uint16_t port) {
  const sockaddr_in name = ipv4(address, port);
  const int answer =
      ::connect(descriptor_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  if (answer == 0 || errno == EINPROGRESS) return Done{};
  return failed("connect");
}

std::optional<TcpSocket> TcpSocket::accept() {
  TcpSocket accepted{
      UniqueFd{::accept4(descriptor_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}};
  if (!accepted.descriptor_.is_open()) return std::nullopt;
  accepted.set_abort_on_close(true);
  return accepted;
}

Status TcpSocket::send(std::string_view text) {
  if (::send(descriptor_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(text.size())) {
    return Done{};
  }
  return failed("send");
}

void TcpSocket::look() {
  std::array<char, 4096> text;
  const ssize_t size = ::recv(descriptor_.get(), text.data(), text.size(), 0);
  if (size > 0) received_.append(text.data(), static_cast<std::size_t>(size));
  if (size == 0) is_at_end_ = true;
  if (size < 0 && errno != EAGAIN && errno != ENOTCONN) has_failed_ = true;
}

std::string TcpSocket::receive() {
  look();
  return std::exchange(received_, "");
}

bool TcpSocket::is_at_end() {
  look();
  return is_at_end_ && received_.empty();
}

bool TcpSocket::has_failed() {
  look();
  return has_failed_;
}

Status TcpSocket::shut_down_sending() {
  if (::shutdown(descriptor_.get(), SHUT_WR) == 0) return Done{};
  return failed("shutdown");
}

void TcpSocket::close() {
  set_abort_on_close(false);
  descriptor_.reset();
}

void TcpSocket::abort() {
  descriptor_.reset();
}

int TcpSocket::state() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return TCP_CLOSE;
  return info.tcpi_state;
}

}  // namespace tcptwin::system
