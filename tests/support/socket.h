// SPDX-License-Identifier: MIT
// An ordinary TCP socket of the kernel under test, non-blocking, with the few calls and options
// that scenarios need. A socket that a scenario leaves open is aborted, so that nothing of it
// outlives the test.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/network_namespace.h"

namespace tcptwin::testing {

enum class Protocol { Tcp, Mptcp };
enum class Shutdown { Read, Write, Both };

class Socket {
 public:
  // In the calling thread's namespace; AF_INET6 if `family` says so.
  explicit Socket(Protocol protocol = Protocol::Tcp, int family = 2);
  explicit Socket(const NetworkNamespace& network, Protocol protocol = Protocol::Tcp,
                  int family = 2);
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  // These return 0 or an errno; EINPROGRESS is what a healthy connect gives.
  int try_bind(std::string_view address, std::uint16_t port);
  int try_connect(std::string_view address, std::uint16_t port);
  int try_listen(int backlog);
  int try_send(std::string_view text);
  int try_shutdown(Shutdown how);

  // The same, for when they must work: they throw std::system_error.
  void bind(std::string_view address, std::uint16_t port);
  void connect(std::string_view address, std::uint16_t port);
  void listen(int backlog = 16);
  void send(std::string_view text);
  void shutdown(Shutdown how);
  // connect(AF_UNSPEC)
  void disconnect();
  void close();

  Socket accept();         // waits
  void await_connected();  // waits until writable
  void await_readable();
  std::string receive();  // waits; "" at the end of the stream
  int await_error();      // waits for an error or hang-up and fetches SO_ERROR
  int error();            // SO_ERROR
  std::uint16_t local_port() const;
  int tcp_state() const;  // TCP_INFO, kernel numbering

  void set_reuse_address();
  void set_reuse_port();
  void set_linger(int seconds);  // SO_LINGER on
  void set_tcp_option(int option, int value);
  void set_keepalive(int idle_seconds, int interval_seconds, int probes);

  int descriptor() const { return descriptor_; }

 private:
  enum class Adopted {};
  Socket(Adopted, int descriptor) : descriptor_(descriptor) {}
  void set_option(int level, int option, const void* value, std::size_t size);
  void await(short events);

  int descriptor_ = -1;
};

}  // namespace tcptwin::testing
