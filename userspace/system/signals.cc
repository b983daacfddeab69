// SPDX-License-Identifier: MIT
#include "system/signals.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace tcptwin::system {

Result<CaughtSignals> CaughtSignals::open(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) {
    return Error{ErrorCode::Failed, std::string{"cannot block signals: "} + strerror(errno), ""};
  }
  UniqueFd descriptor{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
  if (!descriptor.is_open()) {
    return Error{ErrorCode::Failed, std::string{"cannot open a signalfd: "} + strerror(errno), ""};
  }
  return CaughtSignals{std::move(descriptor), set};
}

CaughtSignals::CaughtSignals(CaughtSignals&&) noexcept = default;

CaughtSignals::~CaughtSignals() {
  if (descriptor_.is_open()) sigprocmask(SIG_UNBLOCK, &signals_, nullptr);
}

Result<TerminationSignals> TerminationSignals::open() {
  auto signals = CaughtSignals::open({SIGINT, SIGTERM});
  if (!signals) return signals.error();
  return TerminationSignals{std::move(signals.value())};
}

std::optional<int> CaughtSignals::take() {
  signalfd_siginfo pending{};
  const ssize_t bytes = ::read(descriptor_.get(), &pending, sizeof pending);
  if (bytes != static_cast<ssize_t>(sizeof pending)) return std::nullopt;
  return static_cast<int>(pending.ssi_signo);
}

std::optional<int> CaughtSignals::wait(std::chrono::milliseconds timeout) {
  pollfd descriptor{descriptor_.get(), POLLIN, 0};
  if (::poll(&descriptor, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  return take();
}

}  // namespace tcptwin::system
