// SPDX-License-Identifier: MIT
#include "sinks/socket_table.h"

#include <gtest/gtest.h>

#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

std::string table(bool extended) {
  SyntheticCgroups cgroups;
  return sinks::socket_table(socket_rows(), {.extended = extended}, &cgroups);
}

TEST(SocketTable, the_table_is_as_reviewed) {
  expect_golden("snapshot/default.txt", table(false));
  expect_golden("snapshot/extended.txt", table(true));
}

TEST(SocketTable, rows_of_csv_are_as_reviewed) {
  SyntheticCgroups cgroups;
  expect_golden("snapshot/default.csv",
                sinks::socket_csv(socket_rows(), {}, test_clock(), &cgroups));
}

TEST(SocketTable, the_namespace_is_a_column_only_where_there_are_several) {
  EXPECT_NE(table(false).find("NETNS"), std::string::npos);
  const std::vector<sinks::SocketRow> rows = socket_rows();
  EXPECT_EQ(sinks::socket_table({rows.data(), 2}, {}, nullptr).find("NETNS"), std::string::npos);
}

TEST(SocketTable, nothing_to_show_is_a_header_alone) {
  const std::string text = sinks::socket_table({}, {}, nullptr);
  EXPECT_EQ(text.find("STATE"), 0u);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(sinks::socket_table({}, {.header = false}, nullptr), "");
}

TEST(SocketTable, timers_read_as_in_ss) {
  const std::vector<sinks::SocketRow> rows = socket_rows();
  EXPECT_EQ(sinks::timer_text(rows[0]), "-");
  EXPECT_EQ(sinks::timer_text(rows[1]), "on 180ms/2");
  EXPECT_EQ(sinks::timer_text(rows[2]), "timewait 42.1s");
  EXPECT_EQ(sinks::timer_text(rows[3]), "synack 0us/1");  // overdue
  EXPECT_EQ(sinks::timer_text(rows[5]), "-");
}

TEST(SocketTable, holders_are_listed_and_a_crowd_is_counted) {
  const std::vector<sinks::SocketRow> rows = socket_rows();
  EXPECT_EQ(sinks::process_text(rows[0]),
            "users:((\"nginx\",pid=99,fd=6),(\"nginx\",pid=101,fd=6))");
  EXPECT_NE(sinks::process_text(rows[1]).find(" and 2 more"), std::string::npos);
  EXPECT_EQ(sinks::process_text(rows[1]).find('\x1b'), std::string::npos);
  EXPECT_EQ(sinks::process_text(rows[3]), "nginx/99 (listener)");
  EXPECT_NE(sinks::process_text(rows[4]).find("orphan"), std::string::npos);
  EXPECT_EQ(sinks::process_text(rows[5]), "-");
}

TEST(SocketRows, are_sorted_by_each_key_without_losing_one) {
  for (std::size_t key = 0; key < sinks::kSocketKeys.size(); ++key) {
    std::vector<sinks::SocketRow> rows = socket_rows();
    sort_sockets(rows, static_cast<sinks::SocketKey>(key));
    EXPECT_EQ(rows.size(), 6u);
  }
  std::vector<sinks::SocketRow> rows = socket_rows();
  std::reverse(rows.begin(), rows.end());
  sort_sockets(rows, sinks::SocketKey::State);
  EXPECT_EQ(rows.front().state.state, model::State::Listen);
  EXPECT_EQ(rows.back().state.state, model::State::TimeWait);
  sort_sockets(rows, sinks::SocketKey::Age);
  EXPECT_EQ(rows.front().state.state, model::State::FinWait2);
}

TEST(SnapshotText, counts_by_state_and_tells_what_could_not_be_entered) {
  EXPECT_EQ(snapshot_text(snapshot_figures()),
            "tcptwin: 8 sockets, 6 shown (--localport 443): 1 LISTEN, 1 NEW_SYN_RECV, "
            "1 ESTABLISHED, 1 FIN_WAIT2, 1 CLOSE_WAIT, 1 TIME_WAIT; 2 orphaned\n"
            "tcptwin: 1 of 3 network namespaces could not be read; their sockets are missing: "
            "4026532999 (EPERM)\n");
}

}  // namespace
}  // namespace tcptwin::test
