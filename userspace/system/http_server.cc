// SPDX-License-Identifier: MIT
// The only file that includes cpp-httplib.
#include "system/http_server.h"

#include <httplib.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

namespace tcptwin::system {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Answers are less urgent than the kernel's events.
constexpr int kNiceness = 10;
// An answer that takes so long is not being read.
constexpr milliseconds kSlowAnswer{1000};
// A request that is on its way comes within this time.
constexpr milliseconds kTimeToSpeak{200};
constexpr int kCrowdedMs = 20;
constexpr int kReapEveryMs = 1000;

enum class Phase { Waiting, Answering, Over };

bool is_unix_socket(const UniqueFd& socket) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family == AF_UNIX;
}

// One connection. Its thread alone uses the stream; the acceptor may look at the phase and shut the
// socket down.
struct Connection {
  Connection(UniqueFd accepted, bool local) : socket(std::move(accepted)), is_local(local) {}

  UniqueFd socket;
  const bool is_local;          // a unix socket
  WebAccess* access = nullptr;  // null: everybody may read
  std::atomic<Phase> phase{Phase::Waiting};
  std::atomic<Clock::time_point> since{Clock::now()};
  std::thread thread;

  void enter(Phase next) {
    since = Clock::now();
    phase = next;
  }
};

// A connection as httplib wants it: buffered, with a deadline and a bound for what is read.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(Connection& connection, const HttpLimits& limits)
      : connection_(connection), limits_(limits) {}

  // From here on encrypted. False if the other side does not agree in time.
  bool begin_tls(SSL_CTX& context) {
    deadline_ = Clock::now() + limits_.request_time;
    tls_.reset(::SSL_new(&context));
    if (!tls_ || ::SSL_set_fd(tls_.get(), socket()) != 1) return false;
    return repeat([this] { return ::SSL_accept(tls_.get()); }) == 1;
  }

  // Waits for the first byte of a request. False if none comes.
  bool await_request() {
    deadline_ = Clock::now() + limits_.idle_time;
    if (begin_ == end_ && !fill()) return false;
    deadline_ = Clock::now() + limits_.request_time;
    left_ = limits_.request_bytes;
    return true;
  }
  void begin_answer() { deadline_ = Clock::now() + limits_.answer_time; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }

  ssize_t read(char* bytes, std::size_t size) override {
    if (left_ == 0 || (begin_ == end_ && !fill())) return -1;
    const std::size_t taken = std::min({size, end_ - begin_, left_});
    std::copy_n(buffer_.data() + begin_, taken, bytes);
    begin_ += taken;
    left_ -= taken;
    return static_cast<ssize_t>(taken);
  }

  ssize_t write(const char* bytes, std::size_t size) override {
    if (tls_) {
      const int most = static_cast<int>(std::min<std::size_t>(size, 1u << 20));
      return repeat([&] { return ::SSL_write(tls_.get(), bytes, most); });
    }
    for (;;) {
      const ssize_t written = ::send(socket(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (written >= 0) return written;
      if (errno != EAGAIN && errno != EINTR) return -1;
      if (!wait_for(POLLOUT)) return -1;
    }
  }

  // Nobody needs to know where it comes from.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return connection_.socket.get(); }

 private:
  bool wait_for(short event) const {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now());
    if (left <= milliseconds::zero()) return false;
    pollfd descriptor{socket(), event, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(left.count()));
    return ready > 0 || (ready < 0 && errno == EINTR);
  }

  // What OpenSSL does in pieces, until it is done, fails, or time is up.
  template <typename Step>
  int repeat(Step step) {
    for (;;) {
      ::ERR_clear_error();
      const int result = step();
      if (result > 0) return result;
      const int reason = ::SSL_get_error(tls_.get(), result);
      if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return -1;
      if (!wait_for(reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return -1;
    }
  }

  bool fill() {
    const ssize_t bytes = tls_ ? repeat([this] {
      return ::SSL_read(tls_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
    })
                               : receive();
    if (bytes <= 0) return false;
    begin_ = 0;
    end_ = static_cast<std::size_t>(bytes);
    return true;
  }

  ssize_t receive() {
    for (;;) {
      const ssize_t bytes = ::recv(socket(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (bytes >= 0 || (errno != EAGAIN && errno != EINTR)) return bytes;
      if (!wait_for(POLLIN)) return -1;
    }
  }

  struct FreeTls {
    void operator()(SSL* tls) const { ::SSL_free(tls); }
  };

  Connection& connection_;
  const HttpLimits& limits_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t left_ = 0;
  Clock::time_point deadline_;
};

// Of the request that this thread answers: found out when it has been read, needed when it is
// answered, and httplib has no place for it between the two.
thread_local bool is_refused = false;

// What httplib knows how to do, one connection at a time.
class Responder final : public httplib::Server {
 public:
  Responder(const HttpHandler& handler, milliseconds idle_time) {
    set_payload_max_length(0);
    set_keep_alive_timeout(std::chrono::floor<std::chrono::seconds>(idle_time).count());
    set_keep_alive_max_count(1000);
    set_pre_routing_handler(
        [&handler](const httplib::Request& request, httplib::Response& response) {
          answer(handler, request, response);
          return HandlerResponse::Handled;
        });
  }

  // Requests of one connection, one after the other.
  void serve(Connection& connection, const HttpLimits& limits) {
    BoundedStream stream{connection, limits};
    const auto tls = connection.access != nullptr ? connection.access->tls() : nullptr;
    if (tls && !stream.begin_tls(*tls)) return;
    bool is_over = false;
    while (!is_over && stream.await_request()) {
      // What cannot be read to its end, and a body, which is not read at all, end the connection:
      // the rest would be taken for the next request.
      bool is_last = true;
      const bool went_well =
          process_request(stream, false, is_over, [&](httplib::Request& request) {
            connection.enter(Phase::Answering);
            stream.begin_answer();
            is_last =
                request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
            prefer_gzip(request);
            is_refused = connection.access != nullptr &&
                         !connection.access->admits(request.get_header_value("Authorization"));
          });
      is_over = is_over || !went_well || is_last;
      connection.enter(Phase::Waiting);
    }
  }

 private:
  // httplib would take brotli where it may, which packs for longer than all the rest takes.
  static void prefer_gzip(httplib::Request& request) {
    const bool may_gzip =
        request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos;
    request.headers.erase("Accept-Encoding");
    if (may_gzip) request.set_header("Accept-Encoding", "gzip");
  }

  static void answer(const HttpHandler& handler, const httplib::Request& request,
                     httplib::Response& response) {
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
      response.set_header("Allow", "GET, HEAD");
      response.set_content("only GET and HEAD\n", "text/plain; charset=utf-8");
      return;
    }
    if (is_refused) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"tcptwin\"");
      response.set_content("a user and a password are needed\n", "text/plain; charset=utf-8");
      return;
    }
    HttpAnswer given = handler({request.method, request.path});
    response.status = given.status;
    for (const auto& [name, value] : given.headers) response.set_header(name, value);
    response.set_content(std::move(given.body), given.content_type);
  }
};

}  // namespace

class HttpServer::Implementation {
 public:
  Implementation(std::vector<UniqueFd> listeners, HttpHandler handler, HttpLimits limits,
                 std::unique_ptr<WebAccess> access)
      : listeners_(std::move(listeners)),
        handler_(std::move(handler)),
        limits_(limits),
        access_(std::move(access)),
        wake_(::eventfd(0, EFD_CLOEXEC)),
        responder_(handler_, limits_.idle_time),
        acceptor_([this] { accept_all(); }) {}

  ~Implementation() {
    is_ending_ = true;
    ::eventfd_write(wake_.get(), 1);
    acceptor_.join();
    for (auto& connection : connections_) ::shutdown(connection->socket.get(), SHUT_RDWR);
    for (auto& connection : connections_) connection->thread.join();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

 private:
  void accept_all() {
    ::setpriority(PRIO_PROCESS, 0, kNiceness);  // on Linux: of this thread, inherited by its own
    std::vector<pollfd> ready;
    for (const UniqueFd& listener : listeners_) ready.push_back({listener.get(), POLLIN, 0});
    ready.push_back({wake_.get(), POLLIN, 0});
    while (!is_ending_) {
      const bool is_crowded = std::ranges::any_of(ready, [](auto& at) { return at.events == 0; });
      const int wait = is_crowded ? kCrowdedMs : connections_.empty() ? -1 : kReapEveryMs;
      ::poll(ready.data(), ready.size(), wait);
      reap();
      for (std::size_t i = 0; i < listeners_.size(); ++i) {
        // Where there is no room, they wait outside for a moment.
        const bool is_due = ready[i].events == 0 || (ready[i].revents & POLLIN) != 0;
        ready[i].events = is_due && !accept_one(listeners_[i]) ? 0 : POLLIN;
      }
    }
  }

  // False: there is no room now.
  bool accept_one(const UniqueFd& listener) {
    const bool is_local = is_unix_socket(listener);
    if (!has_room(is_local)) return false;
    UniqueFd accepted{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!accepted.is_open()) return errno != EMFILE && errno != ENFILE;
    const int on = 1;  // headers and body are written apart; of no effect on a unix socket
    ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(std::move(accepted), is_local);
    if (!is_local) connection->access = access_.get();
    try {
      connection->thread = std::thread{[this, &of = *connection] { serve(of); }};
    } catch (const std::system_error&) {
      return false;  // no more threads: this one is closed unanswered
    }
    connections_.push_back(std::move(connection));
    return true;
  }

  void serve(Connection& connection) {
    try {
      responder_.serve(connection, limits_);
    } catch (const std::exception&) {
      // Out of memory: this connection ends, the service goes on.
    }
    ::shutdown(connection.socket.get(), SHUT_RDWR);
    connection.enter(Phase::Over);
  }

  // At the bound the one has to go that has waited longest without a request, or whose answer takes
  // longest. Who has just come has a chance to speak first. Network and unix sockets have a bound
  // each: whoever crowds the one does not reach the other.
  bool has_room(bool is_local) {
    std::size_t all = 0;
    std::size_t living = 0;
    for (const auto& connection : connections_) {
      if (connection->is_local != is_local) continue;
      ++all;
      if (connection->phase != Phase::Over) ++living;
    }
    if (living < limits_.connections) return all < 2 * limits_.connections;
    return dismiss_longest(Phase::Waiting, is_local, kTimeToSpeak) ||
           dismiss_longest(Phase::Answering, is_local, kSlowAnswer);
  }

  bool dismiss_longest(Phase phase, bool is_local, milliseconds at_least) {
    Connection* longest = nullptr;
    for (const auto& connection : connections_) {
      if (connection->phase != phase || connection->is_local != is_local) continue;
      if (longest == nullptr || connection->since.load() < longest->since.load()) {
        longest = connection.get();
      }
    }
    if (longest == nullptr || Clock::now() - longest->since.load() < at_least) return false;
    longest->enter(Phase::Over);
    ::shutdown(longest->socket.get(), SHUT_RDWR);
    return true;
  }

  void reap() {
    connections_.remove_if([](const std::unique_ptr<Connection>& connection) {
      if (connection->phase != Phase::Over) return false;
      connection->thread.join();
      return true;
    });
  }

  std::vector<UniqueFd> listeners_;
  const HttpHandler handler_;
  const HttpLimits limits_;
  const std::unique_ptr<WebAccess> access_;
  UniqueFd wake_;
  std::atomic<bool> is_ending_{false};
  Responder responder_;
  std::list<std::unique_ptr<Connection>> connections_;  // the acceptor's
  std::thread acceptor_;
};

HttpServer::HttpServer(std::vector<UniqueFd> listeners, HttpHandler handler, HttpLimits limits,
                       std::unique_ptr<WebAccess> access)
    : implementation_(std::make_unique<Implementation>(std::move(listeners), std::move(handler),
                                                       limits, std::move(access))) {}

HttpServer::~HttpServer() = default;

}  // namespace tcptwin::system
