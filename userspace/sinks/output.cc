// SPDX-License-Identifier: MIT
#include "sinks/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace tcptwin::sinks {
namespace {

// Enough that a burst of 100,000 lines costs hundreds of writes, little enough to stay in cache.
constexpr std::size_t kPendingBytes = 64 * 1024;

// Somebody made the descriptor non-blocking (a shared terminal): wait instead of losing lines.
void wait_until_writable(int descriptor) {
  pollfd waiting{descriptor, POLLOUT, 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace

void Output::write(std::string_view lines) {
  if (!is_usable()) return;
  if (pending_.size() + lines.size() > kPendingBytes) flush();
  pending_.append(lines);
}

void Output::flush() {
  if (is_usable()) write_out(pending_);
  pending_.clear();
}

void Output::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      wait_until_writable(descriptor_);
      continue;
    }
    if (errno == EPIPE) {
      reader_is_gone_ = true;
    } else {
      error_ = errno;
    }
    return;
  }
}

}  // namespace tcptwin::sinks
