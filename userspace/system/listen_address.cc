// SPDX-License-Identifier: MIT
#include "system/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace tcptwin::system {
namespace {

constexpr int kBacklog = 1024;
constexpr std::string_view kUnix = "unix:";

Error unusable(std::string_view text, std::string_view why) {
  return {ErrorCode::Usage,
          "--listen wants :PORT, ADDRESS:PORT, [IPV6]:PORT or unix:/PATH, not '" +
              std::string{text} + "'" + std::string{why},
          ""};
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= 65535;
}

Result<ListenAddress> unix_address(std::string_view path) {
  if (path.empty() || path.front() != '/') return unusable(path, ": the path must be absolute");
  if (path.size() >= sizeof(sockaddr_un{}.sun_path)) return unusable(path, ": it is too long");
  return ListenAddress{"", "", std::string{path}};
}

struct FreeAddresses {
  void operator()(addrinfo* first) const { ::freeaddrinfo(first); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses numeric_addresses(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  return Addresses{found};
}

Error failed(const ListenAddress& address) {
  return {ErrorCode::Failed, "cannot listen on " + text(address) + ": " + std::strerror(errno),
          errno == EADDRINUSE ? "another program listens there; choose another with --listen" : ""};
}

UniqueFd new_socket(int family) {
  return UniqueFd{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

// All addresses: one IPv6 socket takes IPv4 as well.
UniqueFd listen_at(const addrinfo& at, bool both_families) {
  UniqueFd listener = new_socket(at.ai_family);
  if (!listener.is_open()) return listener;
  const int on = 1;
  const int only = both_families ? 0 : 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ai_family == AF_INET6) {
    ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (::bind(listener.get(), at.ai_addr, at.ai_addrlen) == 0 &&
      ::listen(listener.get(), kBacklog) == 0) {
    return listener;
  }
  const int error = errno;
  listener.reset();
  errno = error;
  return listener;
}

Result<UniqueFd> listen_on_network(const ListenAddress& address) {
  const bool everywhere = address.host.empty();
  // A host without IPv6 still has 0.0.0.0.
  for (const char* host : {everywhere ? "::" : address.host.c_str(), "0.0.0.0"}) {
    const Addresses found = numeric_addresses(host, address.port);
    if (!found) return unusable(text(address), ": the address must be a number");
    UniqueFd listener = listen_at(*found, everywhere);
    if (listener.is_open()) return listener;
    if (!everywhere || errno == EADDRINUSE || errno == EACCES) break;
  }
  return failed(address);
}

// Nobody answers there: its process is gone.
bool is_left_behind(const sockaddr_un& at) {
  const UniqueFd probe = new_socket(AF_UNIX);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 &&
         errno == ECONNREFUSED;
}

Result<UniqueFd> listen_on_path(const ListenAddress& address) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, address.path.data(), address.path.size());
  struct stat file {};
  if (::stat(at.sun_path, &file) == 0 && S_ISSOCK(file.st_mode) && is_left_behind(at)) {
    ::unlink(at.sun_path);
  }
  UniqueFd listener = new_socket(AF_UNIX);
  if (!listener.is_open() ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return failed(address);
  }
  return listener;
}

}  // namespace

std::string text(const ListenAddress& address) {
  if (!address.path.empty()) return std::string{kUnix} + address.path;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + address.port;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(kUnix)) return unix_address(text.substr(kUnix.size()));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return unusable(text, "");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (!is_port(port)) return unusable(text, ": the port is a number up to 65535");
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (!has_brackets && host.find(':') != std::string_view::npos) {
    return unusable(text, ": an IPv6 address needs brackets");
  }
  const ListenAddress address{std::string{host}, std::string{port}, ""};
  if (!host.empty() && !numeric_addresses(address.host, address.port)) {
    return unusable(text, ": the address must be a number");
  }
  return address;
}

Result<UniqueFd> listen_on(const ListenAddress& address) {
  return address.path.empty() ? listen_on_network(address) : listen_on_path(address);
}

}  // namespace tcptwin::system
