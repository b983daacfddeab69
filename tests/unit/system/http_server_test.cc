// SPDX-License-Identifier: MIT
// The HTTP server before clients that mean well and clients that do not.
#include "system/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "system/listen_address.h"

namespace tcptwin::system {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kPatienceMs = 20'000;

std::uint16_t port_of(const UniqueFd& socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin_port);
}

HttpAnswer greet(const HttpRequest& request) {
  if (request.path == "/big") return {200, "text/plain", std::string(8u << 20, 'x'), {}};
  if (request.path == "/throws") throw std::runtime_error{"no answer"};
  return {200, "text/plain", "hello " + request.path + "\n", {{"X-Kind", "greeting"}}};
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }

  bool is_connected() const { return is_connected_; }
  bool say(std::string_view text) const {
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // Until the server closes, or `end` has come.
  std::string hear(std::string_view end = {}) const {
    std::string heard;
    std::array<char, 4096> part{};
    while (end.empty() || heard.find(end) == std::string::npos) {
      pollfd readable{socket_.get(), POLLIN, 0};
      if (::poll(&readable, 1, kPatienceMs) <= 0) return heard + "(nothing more came)";
      const ssize_t bytes = ::recv(socket_.get(), part.data(), part.size(), 0);
      if (bytes <= 0) break;
      heard.append(part.data(), static_cast<std::size_t>(bytes));
    }
    return heard;
  }

 private:
  UniqueFd socket_;
  bool is_connected_ = false;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void serve(const HttpLimits& limits = {}) {
    auto listener = listen_on(parse_listen_address("127.0.0.1:0").value());
    ASSERT_TRUE(listener);
    port_ = port_of(listener.value());
    std::vector<UniqueFd> listeners;
    listeners.push_back(std::move(listener.value()));
    server_ = std::make_unique<HttpServer>(std::move(listeners), greet, limits);
  }
  std::string ask(std::string_view request) const {
    const Client client{port_};
    client.say(request);
    return client.hear();
  }
  std::string get(std::string_view path) const {
    return ask("GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }

  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpServerTest, answers_get_and_head) {
  serve();
  const std::string got = get("/metrics?x=1");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(got, HasSubstr("X-Kind: greeting"));
  EXPECT_THAT(got, HasSubstr("\r\n\r\nhello /metrics\n"));
  const std::string head = ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(head.find("hello"), std::string::npos);
}

TEST_F(HttpServerTest, packs_the_answer_for_those_who_can_unpack_it) {
  serve();
  const std::string got =
      ask("GET /big HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(got, HasSubstr("Content-Encoding: gzip"));
  EXPECT_LT(got.size(), 100'000u);
}

TEST_F(HttpServerTest, keeps_a_connection_for_the_next_request) {
  serve();
  const Client client{port_};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.say("GET /again HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_THAT(client.hear("hello /again\n"), HasSubstr("200"));
  }
}

TEST_F(HttpServerTest, takes_no_other_method_and_no_body) {
  serve();
  EXPECT_THAT(ask("DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  // What follows is not taken for a request of its own.
  const std::string smuggled =
      ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /in HTTP/1.1\r\nHost: "
          "a\r\n\r\n");
  EXPECT_THAT(smuggled, StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(smuggled.find("hello"), std::string::npos);
}

TEST_F(HttpServerTest, survives_nonsense_and_a_handler_that_throws) {
  serve({.request_time = 200ms});
  ask("\r\n\r\n\r\n");
  ask(std::string(64, '\0'));
  ask("GET\r\n\r\n");
  ask("GET / HTTP/9.9\r\nHost: a\r\n\r\n");
  EXPECT_THAT(get("/throws"), StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(get("/"), HasSubstr("hello /"));
}

TEST_F(HttpServerTest, ends_requests_whose_headers_never_end) {
  serve();
  const Client client{port_};
  client.say("GET / HTTP/1.1\r\n");
  const std::string header = "X-Padding: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 200 && client.say(header); ++i) {
  }
  client.say("\r\n");  // now they do, but too late
  EXPECT_EQ(client.hear().find("hello"), std::string::npos);
  EXPECT_THAT(get("/"), HasSubstr("hello /"));
}

TEST_F(HttpServerTest, ends_requests_that_take_too_long) {
  serve({.request_time = 200ms});
  const Client slow{port_};
  slow.say("GET / HT");
  EXPECT_EQ(slow.hear().find("hello"), std::string::npos) << "the server closes by itself";
}

TEST_F(HttpServerTest, ends_answers_that_nobody_reads) {
  serve({.connections = 1, .answer_time = 200ms});
  const Client deaf{port_};
  deaf.say("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_LT(deaf.hear("x").size(), 8u << 20);
  EXPECT_THAT(get("/"), HasSubstr("hello /"));
}

TEST_F(HttpServerTest, answers_although_a_thousand_connections_say_nothing) {
  serve();
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(std::make_unique<Client>(port_));
    idle.back()->say("GET / HTTP/1.1\r\nX-Slow: ");
  }
  EXPECT_THAT(get("/"), HasSubstr("hello /"));
  idle.clear();
  EXPECT_THAT(get("/"), HasSubstr("hello /"));
}

TEST_F(HttpServerTest, ends_at_once_although_somebody_is_connected) {
  serve();
  const Client idle{port_};
  idle.say("GET / HTTP/1.1\r\n");
  server_.reset();
  EXPECT_EQ(idle.hear(), "");
}

}  // namespace
}  // namespace tcptwin::system
