// SPDX-License-Identifier: MIT
// What Debian's kernels do, or show, otherwise than the newest: for the expectations of scenarios.
// docs/kernel-support.md tells the same to users.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "kernel/stage.h"
#include "sources/prerequisites.h"

namespace tcptwin::testing {

inline bool kernel_is_at_least(int major, int minor) {
  return sources::running_kernel().is_at_least(major, minor);
}

// Where tracing programs cannot ask for a cookie, no socket has one.
#define TCPTWIN_NEEDS_COOKIES()                                               \
  if (!::tcptwin::testing::kernel_is_at_least(5, 12)) {                       \
    GTEST_SKIP() << "missing: bpf_get_socket_cookie in tracing (Linux 5.12)"; \
  }
// Who holds which socket.
inline bool shows_holders() {
  return kernel_is_at_least(5, 11);
}
#define TCPTWIN_NEEDS_HOLDERS()                                 \
  if (!::tcptwin::testing::shows_holders()) {                   \
    GTEST_SKIP() << "missing: bpf_sock_from_file (Linux 5.11)"; \
  }

// inet_sk_error_report.
inline bool shows_error_reports() {
  return kernel_is_at_least(5, 14);
}

// The verdict of a step that is proved by what did not show: without all evidence nothing is.
inline std::string by_absence(std::string_view step, std::string_view dialect) {
  const std::string_view verdict = shows_error_reports() ? " deviation " : " unverified ";
  return std::string{step} + std::string{verdict} + std::string{dialect};
}

// Before 6.11 kfree_skb does not tell which minisocket took a segment (no rx_sk); a hook does,
// where the kernel permits it (T2).
inline bool shows_what_reaches_a_minisocket() {
  static const bool shows = [] {
    const auto session = TraceSession::open({});
    return session && session.value()->source().shows_minisocket_segments();
  }();
  return shows;
}

// The end of a minisocket by a segment or an administrator: "rst_received conformant".
inline Path minisocket_ended(std::string_view state, std::string_view how) {
  const std::string_view judged =
      shows_what_reaches_a_minisocket() ? how : "minisock_killed unverified L46";
  return {std::string{state} + " -> CLOSE " + std::string{judged}};
}

// A FIN that reaches an orphan's minisocket. Where the segment does not show, only the timer does,
// and it starts anew in sight only if it comes to lie in another slot of the kernel's timer wheel.
inline void expect_fin_at_minisocket(Stage& stage, const Which& which, const Path& before) {
  const Path after =
      before + Path{"FIN_WAIT2(minisocket) -> TIME_WAIT time_wait_entered conformant"};
  if (shows_what_reaches_a_minisocket()) return stage.expect(which, after);
  stage.expect_one_of(which, {before, after});
}

}  // namespace tcptwin::testing
