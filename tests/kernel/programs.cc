// SPDX-License-Identifier: MIT
// What each kernel must take: a program that its verifier refuses would be missing in silence in
// every test that does not look for just its records.
#include <gtest/gtest.h>

#include "kernel/stage.h"
#include "support/trace_session.h"

namespace tcptwin::testing {
namespace {

void expect_none_refused(const sources::LiveOptions& options) {
  const auto session = TraceSession::open(options);
  ASSERT_TRUE(session) << session.error().what;
  for (const sources::ProgramReport& program : session.value()->programs()) {
    EXPECT_EQ(program.reason.find("refused"), std::string::npos)
        << program.name << " at " << program.hook << ": " << program.reason;
    EXPECT_EQ(program.attached, program.reason.empty()) << program.name;
  }
}

TEST(Programs, none_is_refused_by_the_verifier) {
  TCPTWIN_NEEDS_LIVE_KERNEL();
  sources::LiveOptions options;
  options.segments = true;
  expect_none_refused(options);
  options.every_segment = true;
  expect_none_refused(options);
}

}  // namespace
}  // namespace tcptwin::testing
