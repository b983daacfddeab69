// SPDX-License-Identifier: MIT
#include "sinks/finding_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "synthetic_findings.h"

namespace tcptwin::sinks {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

class FindingLogTest : public ::testing::Test {
 protected:
  FindingLogTest() { log.advance(now); }

  KernelTime now = kernel_time_from_ns(1'000'000'000);
  std::vector<system::JournalLine> lines;
  FindingLog log{test::test_clock(), [this](const auto& line) { lines.push_back(line); }};
};

TEST_F(FindingLogTest, a_divergence_has_its_fields_and_its_whole_report) {
  const tracker::Divergence divergence = test::unjustified();
  log.on_divergence(divergence);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0].message, StartsWith("divergence[unjustified_edge]: "));
  EXPECT_EQ(lines[0].message_id, log_kinds()[0].message_id);
  EXPECT_EQ(lines[0].priority, system::Priority::Warning);
  EXPECT_THAT(lines[0].details, HasSubstr("tcptwin explain unjustified_edge"));
  EXPECT_THAT(lines[0].fields, Contains(Pair("TCPTWIN_EVENT", "divergence")));
  EXPECT_THAT(lines[0].fields, Contains(Pair("TCPTWIN_KIND", "unjustified_edge")));
  EXPECT_THAT(lines[0].fields,
              Contains(Pair("TCPTWIN_LOCAL", endpoint_text(divergence.connection.tuple.local))));
}

TEST_F(FindingLogTest, a_stuck_connection_and_a_loss_have_theirs) {
  log.on_stuck(test::close_wait_stuck());
  log.on_loss(test::ring_loss());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0].message, StartsWith("stuck[close_wait]: "));
  EXPECT_THAT(lines[0].fields, Contains(Pair("TCPTWIN_STATE", "close_wait")));
  EXPECT_THAT(lines[1].fields, Contains(Pair("TCPTWIN_STAGE", "ring_buffer")));
  EXPECT_THAT(lines[1].fields,
              Contains(Pair("TCPTWIN_LOST", std::to_string(test::ring_loss().lost))));
  for (const auto& line : lines) EXPECT_EQ(line.message.find('\n'), std::string::npos);
}

TEST_F(FindingLogTest, too_many_of_a_kind_are_held_back_counted_and_said) {
  for (int i = 0; i < 25; ++i) log.on_stuck(test::close_wait_stuck());
  log.on_loss(test::ring_loss());
  EXPECT_EQ(lines.size(), LogGate::kMost + 1) << "another kind is not touched";
  log.advance(now + 5s);
  EXPECT_EQ(lines.size(), LogGate::kMost + 1) << "not before the window is over";
  log.advance(now + 10s);
  ASSERT_EQ(lines.size(), LogGate::kMost + 2);
  EXPECT_THAT(lines.back().fields, Contains(Pair("TCPTWIN_HELD_BACK", "15")));
  EXPECT_THAT(lines.back().fields, Contains(Pair("TCPTWIN_HELD_BACK_EVENT", "stuck")));
  log.on_stuck(test::close_wait_stuck());
  EXPECT_THAT(lines.back().message, StartsWith("stuck["));
}

TEST_F(FindingLogTest, what_is_held_back_at_the_end_is_said) {
  for (int i = 0; i < 12; ++i) log.on_loss(test::ring_loss());
  log.finish();
  EXPECT_THAT(lines.back().fields, Contains(Pair("TCPTWIN_HELD_BACK", "2")));
  const std::size_t said = lines.size();
  log.finish();
  EXPECT_EQ(lines.size(), said) << "once";
}

TEST(LogKinds, have_ids_of_their_own_and_are_in_the_document) {
  std::ifstream file{std::string{TCPTWIN_SOURCE_DIR} + "/docs/service.md"};
  std::ostringstream document;
  document << file.rdbuf();
  std::set<std::string_view> ids;
  for (const LogKindRow& kind : log_kinds()) {
    EXPECT_TRUE(ids.insert(kind.message_id).second);
    EXPECT_EQ(kind.message_id.size(), 32u);
    EXPECT_EQ(kind.message_id.find_first_not_of("0123456789abcdef"), std::string_view::npos);
    const std::string row = "| `" + std::string{kind.label} + "` | `" +
                            std::string{kind.message_id} + "` | " + std::string{kind.means} + " |";
    EXPECT_THAT(document.str(), HasSubstr(row));
  }
}

}  // namespace
}  // namespace tcptwin::sinks
