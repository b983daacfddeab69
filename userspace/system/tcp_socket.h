// SPDX-License-Identifier: MIT
// A TCP socket of a program that does not wait: every call returns at once. Dropped without
// close(), it aborts, so that a program that is killed leaves no half of a connection. For `demo`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

class TcpSocket {
 public:
  // Bound to this address, in the network namespace of the calling thread.
  static Result<TcpSocket> open(std::string_view address, std::uint16_t port);

  Status listen();
  // Begins to open the connection; the socket's state tells how far it is.
  Status connect(std::string_view address, std::uint16_t port);
  // A connection that waits at this listener.
  std::optional<TcpSocket> accept();

  Status send(std::string_view text);
  // What has come; "" if nothing has.
  std::string receive();
  // The peer has closed, and all that it sent was received.
  bool is_at_end();
  // The connection was reset or refused.
  bool has_failed();

  Status shut_down_sending();
  void close();  // in order: with a FIN
  void abort();  // with a RST
  // As the kernel numbers them (netinet/tcp.h).
  int state() const;

 private:
  explicit TcpSocket(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}
  void set_abort_on_close(bool on);
  void look();

  UniqueFd descriptor_;
  bool is_at_end_ = false;
  bool has_failed_ = false;
  std::string received_;
};

}  // namespace tcptwin::system
