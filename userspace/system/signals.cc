// SPDX-License-Identifier: MIT
#include "system/signals.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace tcptwin::system {

namespace {

sigset_t termination_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Result<TerminationSignals> TerminationSignals::open() {
  const sigset_t set = termination_set();
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) {
    return Error{ErrorCode::Failed, std::string{"cannot block signals: "} + strerror(errno), ""};
  }
  UniqueFd descriptor{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
  if (!descriptor.is_open()) {
    return Error{ErrorCode::Failed, std::string{"cannot open a signalfd: "} + strerror(errno), ""};
  }
  return TerminationSignals{std::move(descriptor)};
}

TerminationSignals::TerminationSignals(TerminationSignals&&) noexcept = default;

TerminationSignals::~TerminationSignals() {
  if (!descriptor_.is_open()) return;
  const sigset_t set = termination_set();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> TerminationSignals::take() {
  signalfd_siginfo pending{};
  const ssize_t bytes = ::read(descriptor_.get(), &pending, sizeof pending);
  if (bytes != static_cast<ssize_t>(sizeof pending)) return std::nullopt;
  return static_cast<int>(pending.ssi_signo);
}

std::optional<int> TerminationSignals::wait(std::chrono::milliseconds timeout) {
  pollfd descriptor{descriptor_.get(), POLLIN, 0};
  if (::poll(&descriptor, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  return take();
}

}  // namespace tcptwin::system
