// SPDX-License-Identifier: MIT
#include "commands/control_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "commands/surroundings.h"
#include "system/control_listener.h"

namespace tcptwin::commands {
namespace {

using Clock = std::chrono::steady_clock;
using sinks::ControlRefusal;
using std::chrono::milliseconds;

// Clients are less urgent than the kernel's events.
constexpr int kNiceness = 10;
// Clients at once; root always finds a place among those that are kept for it.
constexpr std::size_t kClients = 64;
constexpr std::size_t kClientsWithRoot = 72;
constexpr std::size_t kWaitingTables = 16;
constexpr std::size_t kWaitingTablesWithRoot = 24;
constexpr std::size_t kPortion = 64 * 1024;
constexpr milliseconds kRequestTime{5000};
// Nothing of what was sent has been read for so long.
constexpr milliseconds kStandstill{30'000};
// How often those that follow are told what is new, and how far judging has come.
constexpr milliseconds kFollowEvery{100};
constexpr milliseconds kTickEvery{250};
constexpr milliseconds kIdle{1000};
constexpr int kAcceptedAtOnce = 64;

struct Client {
  Client(system::UniqueFd accepted, bool root) : socket(std::move(accepted)), is_root(root) {}

  system::UniqueFd socket;
  bool is_root;
  std::string in;
  std::string out;
  std::size_t sent = 0;  // of `out`
  std::optional<ControlRequest> request;
  sinks::FindingHistory::Place place;
  Clock::time_point since = Clock::now();  // connected, or the latest byte it took
  Clock::time_point ticked;
  bool is_ending = false;  // once `out` is empty
  bool is_over = false;

  bool has_output() const { return sent < out.size(); }
};

// Of the findings a client wants it is told what it missed.
void tell_missed(Client& client, sinks::MissedFindings missed, ControlCounts& counts) {
  if ((client.request->kinds & sinks::kinds_of<tracker::Step>()) == 0) missed.steps = 0;
  if ((client.request->kinds & sinks::kinds_of<tracker::Life>()) == 0) missed.lives = 0;
  if (missed.sum() == 0) return;
  counts.missed += missed.sum();
  sinks::append_frame(client.out, missed);
}

}  // namespace

sinks::ControlNumbers ControlCounts::numbers() const {
  sinks::ControlNumbers numbers;
  numbers.clients = clients;
  for (std::size_t i = 0; i < requests.size(); ++i) numbers.requests[i] = requests[i];
  for (std::size_t i = 0; i < refused.size(); ++i) numbers.refused[i] = refused[i];
  numbers.missed = missed;
  numbers.pause_seconds = static_cast<double>(pause_ns.load()) / 1e9;
  return numbers;
}

bool WaitingTables::add(TableRequest& request) {
  const std::scoped_lock lock{mutex_};
  if (requests_.size() >= (request.is_root ? kWaitingTablesWithRoot : kWaitingTables)) return false;
  const auto place = request.is_root ? std::ranges::find(requests_, false, &TableRequest::is_root)
                                     : requests_.end();
  requests_.insert(place, std::move(request));
  return true;
}

std::optional<TableRequest> WaitingTables::take() {
  const std::scoped_lock lock{mutex_};
  if (requests_.empty()) return std::nullopt;
  TableRequest first = std::move(requests_.front());
  requests_.pop_front();
  return first;
}

void send_refusal(int client, const Error& error) {
  std::string frame;
  sinks::append_frame(frame, sinks::ServiceRefusal{error.what, error.hint});
  ::send(client, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

class ControlServer::Implementation {
 public:
  Implementation(system::UniqueFd listener, Sources sources, WaitingTables& tables,
                 ControlCounts& counts)
      : listener_(std::move(listener)),
        sources_(std::move(sources)),
        tables_(tables),
        counts_(counts),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { run(); }) {}

  ~Implementation() {
    stops_ = true;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
  }

 private:
  void run() {
    // Of this thread alone, as on Linux niceness is.
    ::setpriority(PRIO_PROCESS, 0, kNiceness);
    while (!stops_) {
      wait();
      accept_new();
      for (Client& client : clients_) serve(client);
      clients_.remove_if([](const Client& client) { return client.is_over; });
      counts_.clients = clients_.size();
    }
    for (Client& client : clients_) say_end(client);
    clients_.clear();
  }

  void wait() {
    polled_.assign({{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}});
    milliseconds timeout = kIdle;
    for (const Client& client : clients_) {
      const bool follows = client.request.has_value() && !client.has_output();
      if (follows) timeout = kFollowEvery;
      const int events = client.has_output() ? POLLOUT : (follows ? POLLRDHUP : POLLIN);
      polled_.push_back({client.socket.get(), static_cast<short>(events), 0});
    }
    ::poll(polled_.data(), polled_.size(), static_cast<int>(timeout.count()));
  }

  void accept_new() {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      system::UniqueFd accepted{
          ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (!accepted.is_open()) return;
      const auto peer = system::peer_of(accepted.get());
      if (!peer || !is_allowed(*peer)) {
        refuse(accepted.get(), ControlRefusal::Permission, not_allowed());
        continue;
      }
      if (clients_.size() >= (peer->uid == 0 ? kClientsWithRoot : kClients)) {
        refuse(accepted.get(), ControlRefusal::Busy, too_many("clients"));
        continue;
      }
      clients_.emplace_back(std::move(accepted), peer->uid == 0);
    }
  }

  bool is_allowed(const system::Peer& peer) const {
    if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
    return sources_.group && std::ranges::find(peer.groups, *sources_.group) != peer.groups.end();
  }

  Error not_allowed() const {
    if (!sources_.group) {
      return {ErrorCode::NotPermitted, "the service answers root and its own user only",
              "--control-group names a group that may ask as well"};
    }
    const std::string group = system::group_name(*sources_.group);
    return {ErrorCode::NotPermitted,
            fmt::format("the service answers root and the members of the group {} only", group),
            fmt::format("as root: usermod --append --groups {} USER; then log in again", group)};
  }

  static Error too_many(std::string_view what) {
    return {ErrorCode::Failed, fmt::format("the service has too many {} at the moment", what),
            "try again soon; --live watches without it"};
  }

  void refuse(int client, ControlRefusal why, const Error& error) {
    counts_.refuse(why);
    send_refusal(client, error);
  }

  void serve(Client& client) {
    if (!client.request && !client.is_ending) read_request(client);
    if (client.is_over) return;
    if (client.request) fill(client);
    send(client);
    if (client.has_output() && Clock::now() - client.since > kStandstill) {
      counts_.refuse(ControlRefusal::Slow);
      client.is_over = true;
    }
  }

  void read_request(Client& client) {
    std::array<char, kRequestLimit> part{};
    const ssize_t size = ::recv(client.socket.get(), part.data(), part.size(), 0);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
      client.is_over = true;
      return;
    }
    if (size > 0) client.in.append(part.data(), static_cast<std::size_t>(size));
    const std::size_t end = client.in.find('\n');
    const bool is_late = Clock::now() - client.since > kRequestTime;
    if (end != std::string::npos && end <= kRequestLimit) {
      begin(client, parse_request(std::string_view{client.in}.substr(0, end)));
    } else if (client.in.size() > kRequestLimit) {
      begin(client, Error{ErrorCode::Failed, "the request is too long", ""});
    } else if (is_late) {
      counts_.refuse(ControlRefusal::Slow);
      client.is_over = true;
    }
  }

  void begin(Client& client, const Result<ControlRequest>& request) {
    client.since = Clock::now();
    client.in = {};
    if (!request) {
      refuse(client.socket.get(), ControlRefusal::Malformed, request.error());
      client.is_over = true;
      return;
    }
    ++counts_.requests[static_cast<std::size_t>(request.value().ask)];
    if (request.value().ask != Ask::Findings) {
      hand_over(client, request.value());
      return;
    }
    client.request = request.value();
    client.place = client.request->past ? sources_.history.oldest() : sources_.history.newest();
    sinks::ServiceHead head = *sources_.head();
    if (client.request->past) head.missed = client.place.passed;
    sinks::append_frame(client.out, head);
  }

  void hand_over(Client& client, const ControlRequest& request) {
    client.is_over = true;
    TableRequest waiting{request, std::move(client.socket), monotonic_now(), client.is_root};
    if (tables_.add(waiting)) return;
    refuse(waiting.client.get(), ControlRefusal::Busy, too_many("requests"));
  }

  // Everything that a tick says was judged is in the history before it is read.
  void fill(Client& client) {
    if (client.has_output() || client.is_ending) return;
    client.since = Clock::now();
    client.out.clear();
    client.sent = 0;
    const auto now = sources_.head();
    std::string frames;
    const auto missed =
        sources_.history.read(client.place, client.request->kinds, kPortion, frames);
    tell_missed(client, missed, counts_);
    client.out += frames;
    if (frames.size() >= kPortion) return;  // there may be more
    if (!client.request->follow) {
      sinks::append_frame(client.out, sinks::ServiceEnd{true});
      client.is_ending = true;
      return;
    }
    if (Clock::now() - client.ticked < kTickEvery) return;
    client.ticked = Clock::now();
    sinks::append_frame(client.out, sinks::ServiceTick{now->counts, now->stream});
  }

  void send(Client& client) {
    if (!client.has_output()) {
      if (client.request) look_whether_gone(client);
      return;
    }
    const std::string_view rest = std::string_view{client.out}.substr(client.sent);
    const ssize_t size =
        ::send(client.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      client.sent += static_cast<std::size_t>(size);
      client.since = Clock::now();
    } else if (errno != EAGAIN && errno != EINTR) {
      client.is_over = true;
    }
    if (!client.has_output() && client.is_ending) client.is_over = true;
  }

  static void look_whether_gone(Client& client) {
    char byte = 0;
    const ssize_t size = ::recv(client.socket.get(), &byte, 1, MSG_DONTWAIT);
    // Whoever says more than its request is no client of ours.
    if (size >= 0 || (errno != EAGAIN && errno != EINTR)) client.is_over = true;
  }

  static void say_end(Client& client) {
    if (!client.request || client.has_output()) return;
    std::string frame;
    sinks::append_frame(frame, sinks::ServiceEnd{false});
    ::send(client.socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  system::UniqueFd listener_;
  Sources sources_;
  WaitingTables& tables_;
  ControlCounts& counts_;
  system::UniqueFd wake_;
  std::atomic<bool> stops_ = false;
  std::list<Client> clients_;
  std::vector<pollfd> polled_;
  std::thread thread_;  // the last: it uses all that stands before it
};

ControlServer::ControlServer(system::UniqueFd listener, Sources sources, WaitingTables& tables,
                             ControlCounts& counts)
    : implementation_(std::make_unique<Implementation>(std::move(listener), std::move(sources),
                                                       tables, counts)) {}

ControlServer::~ControlServer() = default;

}  // namespace tcptwin::commands
