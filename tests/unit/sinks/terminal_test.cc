// SPDX-License-Identifier: MIT
#include "sinks/terminal.h"

#include <gtest/gtest.h>

#include "sinks/csv.h"
#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

struct Written {
  std::string out;
  std::string diagnostics;
};

template <typename Sink>
Written played(const sinks::TableOptions& options) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  Sink sink{out.output(), diagnostics.output(), options};
  play(sink);
  return {out.text(), diagnostics.text()};
}

Written table(const sinks::TableOptions& options) {
  return played<sinks::TerminalSink>(options);
}

std::string one_line(const tracker::Step& step) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::TerminalSink sink{out.output(), diagnostics.output(), {.clock = test_clock()}};
  sink.on_step(step);
  return out.text();
}

TEST(Terminal, the_default_table_is_as_reviewed) {
  expect_golden("terminal/default.txt", table({.clock = test_clock()}).out);
}

TEST(Terminal, all_columns_and_evidence_are_as_reviewed) {
  expect_golden("terminal/extended.txt", table({.clock = test_clock(),
                                                .times = sinks::TimeColumns::WallAndSince,
                                                .wide_addresses = true,
                                                .evidence = true,
                                                .call_paths = true})
                                             .out);
}

TEST(Terminal, colour_marks_verdict_and_divergence_only) {
  const Written written = table({.clock = test_clock(), .colour = sinks::Colour::Always});
  expect_golden("terminal/colour.txt", written.out);
}

TEST(Terminal, summary_and_losses_go_to_diagnostics) {
  expect_golden("terminal/diagnostics.txt", table({.clock = test_clock()}).diagnostics);
}

TEST(Terminal, without_header_the_first_line_is_a_step) {
  const Written with = table({.clock = test_clock()});
  const Written without = table({.clock = test_clock(), .header = false});
  EXPECT_EQ(with.out.substr(with.out.find('\n') + 1), without.out);
}

TEST(Terminal, an_unknown_owner_is_a_dash_and_an_unknown_dwell_too) {
  const std::string line = one_line(gap_step());
  EXPECT_NE(line.find("      - -  "), std::string::npos) << line;
  EXPECT_NE(line.find("FIN_WAIT2             -  resynchronised"), std::string::npos) << line;
}

TEST(Terminal, a_dwell_whose_start_was_not_seen_is_a_lower_bound) {
  EXPECT_EQ(sinks::dwell_text(adopted_step()).view(), ">=600.000");
}

TEST(Terminal, a_process_name_cannot_send_control_sequences) {
  EXPECT_EQ(one_line(ipv6_step()).find('\x1b'), std::string::npos);
}

TEST(Terminal, an_ipv4_table_fits_160_columns) {
  const std::string line = one_line(synack_step());
  EXPECT_LE(line.size(), 160u);
}

TEST(Csv, rows_are_as_reviewed) {
  expect_golden("csv/default.csv", played<sinks::CsvSink>({.clock = test_clock()}).out);
}

TEST(Csv, all_columns_are_as_reviewed) {
  expect_golden("csv/extended.csv", played<sinks::CsvSink>({.clock = test_clock(),
                                                            .times = sinks::TimeColumns::SinceStart,
                                                            .evidence = true,
                                                            .call_paths = true})
                                        .out);
}

TEST(Csv, divergences_go_to_diagnostics) {
  const Written written = played<sinks::CsvSink>({.clock = test_clock()});
  EXPECT_EQ(written.out.find("divergence["), std::string::npos);
  EXPECT_NE(written.diagnostics.find("divergence[unjustified_edge]"), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::test
