// SPDX-License-Identifier: MIT
// Signals as a file descriptor (signalfd), so that no code runs in a signal handler.
#pragma once

#include <signal.h>

#include <chrono>
#include <initializer_list>
#include <optional>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

// Blocks the signals for the process from open() until destruction. Open it before any thread.
class CaughtSignals {
 public:
  static Result<CaughtSignals> open(std::initializer_list<int> signals);
  CaughtSignals(CaughtSignals&&) noexcept;
  CaughtSignals& operator=(CaughtSignals&&) = delete;
  ~CaughtSignals();

  // The next pending signal number, without waiting.
  std::optional<int> take();
  // Waits up to `timeout` for one.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  // For epoll or poll: readable when a signal is pending.
  int descriptor() const { return descriptor_.get(); }

 private:
  CaughtSignals(UniqueFd descriptor, const sigset_t& signals)
      : descriptor_(std::move(descriptor)), signals_(signals) {}

  UniqueFd descriptor_;
  sigset_t signals_;
};

// SIGINT and SIGTERM.
class TerminationSignals final : public CaughtSignals {
 public:
  static Result<TerminationSignals> open();

 private:
  explicit TerminationSignals(CaughtSignals signals) : CaughtSignals(std::move(signals)) {}
};

}  // namespace tcptwin::system
