// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM as a file descriptor (signalfd), so that no code runs in a signal handler.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

// Blocks both signals for the process from open() until destruction. Open it before any thread.
class TerminationSignals {
 public:
  static Result<TerminationSignals> open();
  TerminationSignals(TerminationSignals&&) noexcept;
  TerminationSignals& operator=(TerminationSignals&&) = delete;
  ~TerminationSignals();

  // The next pending signal number, without waiting.
  std::optional<int> take();
  // Waits up to `timeout` for one.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  // For epoll or poll: readable when a signal is pending.
  int descriptor() const { return descriptor_.get(); }

 private:
  explicit TerminationSignals(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

  UniqueFd descriptor_;
};

}  // namespace tcptwin::system
