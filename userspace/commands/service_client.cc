// SPDX-License-Identifier: MIT
#include "commands/service_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "system/control_listener.h"

namespace tcptwin::commands {
namespace {

// A census of a million sockets may come first, and a pause behind the one before.
constexpr std::chrono::milliseconds kHeadPatience{30'000};

std::string user_name() {
  const passwd* const user = ::getpwuid(::geteuid());
  return user == nullptr ? std::to_string(::geteuid()) : std::string{user->pw_name};
}

// The socket is there and its mode shuts us out.
Error not_a_member(const std::string& path) {
  struct stat file {};
  const std::string group =
      ::stat(path.c_str(), &file) == 0 ? system::group_name(file.st_gid) : std::string{"tcptwin"};
  return {
      ErrorCode::NotPermitted,
      fmt::format("a service runs, but {} is neither root nor a member of the group {}, whom its "
                  "socket {} lets in",
                  user_name(), group, path),
      fmt::format("as root: usermod --append --groups {} {}; then log in again", group,
                  user_name())};
}

Error not_there(const std::string& path, int error) {
  return {ErrorCode::Failed,
          fmt::format("no service answers at {}: {}", path, std::strerror(error)),
          "tcptwin serve --control-socket PATH makes one; without --service a command watches "
          "itself"};
}

bool is_missing(int error) {
  return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

}  // namespace

std::string usual_control_socket() {
  const char* const path = std::getenv("TCPTWIN_CONTROL_SOCKET");
  return path != nullptr && *path != '\0' ? path : std::string{kDefaultControlSocket};
}

Error ServiceClient::gone(std::string_view how) const {
  return {ErrorCode::Failed, fmt::format("the service at {} {}", path_, how),
          "what it found before was shown; ask again once it runs"};
}

Result<ServiceClient> ServiceClient::ask(const std::string& path, const ControlRequest& request) {
  int error = 0;
  system::UniqueFd socket = system::connect_to(path, error);
  if (!socket.is_open()) {
    if (error == EACCES || error == EPERM) return not_a_member(path);
    return not_there(path, error);
  }
  const std::string line = request_line(request);
  // A service that turns us away may have said so and closed already.
  ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
  ServiceClient client{path, std::move(socket)};
  const Status read = client.read_head();
  if (!read) return read.error();
  return client;
}

Status ServiceClient::read_head() {
  auto first = next(kHeadPatience);
  if (!first) return first.error();
  if (!first.value()) return gone("does not answer");
  if (const auto* refusal = std::get_if<sinks::ServiceRefusal>(&*first.value())) {
    return Error{ErrorCode::NotPermitted, refusal->what, refusal->hint};
  }
  auto* const head = std::get_if<sinks::ServiceHead>(&*first.value());
  if (head == nullptr) return gone("says what cannot be understood");
  head_ = std::move(*head);
  return Done{};
}

Result<std::optional<sinks::ServiceMessage>> ServiceClient::next(std::chrono::milliseconds wait) {
  for (;;) {
    if (auto message = frames_.next()) return message;
    if (frames_.is_damaged()) return gone("says what cannot be understood");
    pollfd waiting{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready <= 0) return std::optional<sinks::ServiceMessage>{};
    std::array<char, 64 * 1024> part{};
    const ssize_t size = ::recv(socket_.get(), part.data(), part.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return gone(std::string{"was lost: "} + std::strerror(errno));
    if (size == 0)
      return gone("closed the connection: it was stopped or restarted, or we were too slow");
    frames_.add({part.data(), static_cast<std::size_t>(size)});
  }
}

Result<FoundService> find_service(const ServiceChoice& choice, const ControlRequest& request) {
  FoundService found;
  if (choice.live) return found;
  const bool is_named = !choice.path.empty();
  if (is_named && !choice.live_only.empty()) {
    return Error{ErrorCode::Usage,
                 fmt::format("--service and {} exclude each other", choice.live_only),
                 "how a service watches is for its own configuration"};
  }
  if (!choice.live_only.empty()) return found;
  const std::string path = is_named ? choice.path : usual_control_socket();
  if (!is_named) {
    int error = 0;
    const bool is_there = system::connect_to(path, error).is_open();
    if (!is_there && is_missing(error)) return found;
  }
  auto client = ServiceClient::ask(path, request);
  if (client) {
    found.client = std::move(client.value());
    return found;
  }
  if (is_named) return client.error();
  found.why_not = client.error();
  return found;
}

Error cannot_watch(const Error& ours, const std::optional<Error>& why_not_asked) {
  if (ours.code != ErrorCode::NotPermitted) return ours;
  if (why_not_asked) return *why_not_asked;
  constexpr std::string_view kService = "a running `tcptwin serve` answers members of its group";
  Error error = ours;
  error.hint += error.hint.empty() ? std::string{kService} : fmt::format("; {}", kService);
  return error;
}

}  // namespace tcptwin::commands
