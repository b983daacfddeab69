// SPDX-License-Identifier: MIT
// Segments as every sink prints them, and which of them the user's filter lets through.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "sinks/csv.h"
#include "sinks/json_lines.h"
#include "sinks/segment_text.h"
#include "sinks/terminal.h"
#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_segments.h"

namespace tcptwin::test {
namespace {

void play_segments(sinks::Sink& sink) {
  sink.on_start();
  sink.on_segment(syn_sent());
  sink.on_step(synack_step());
  sink.on_segment(reset_by_nobody());
  sink.on_segment(fin_received());
  sink.on_segment(strange_segment());
  sink.on_divergence(data_after_fin());
}

std::string table(const sinks::TableOptions& options) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::TerminalSink sink{out.output(), diagnostics.output(), options};
  play_segments(sink);
  return out.text();
}

TEST(SegmentOutputs, the_table_is_as_reviewed) {
  expect_golden("terminal/segments.txt", table({.clock = test_clock()}));
}

TEST(SegmentOutputs, the_table_with_evidence_is_as_reviewed) {
  expect_golden("terminal/segments_extended.txt",
                table({.clock = test_clock(), .wide_addresses = true, .evidence = true}));
}

TEST(SegmentOutputs, colour_tells_what_begins_ends_and_breaks) {
  expect_golden("terminal/segments_colour.txt",
                table({.clock = test_clock(), .colour = sinks::Colour::Always}));
}

TEST(SegmentOutputs, json_lines_are_as_reviewed) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::JsonLinesSink sink{out.output(), diagnostics.output(), {.clock = test_clock()}};
  play_segments(sink);
  expect_golden("json/segments.jsonl", out.text());
}

TEST(SegmentOutputs, csv_has_state_changes_alone) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::CsvSink sink{out.output(), diagnostics.output(), {.clock = test_clock(), .header = false}};
  for (const tracker::SegmentFound& found : segments()) sink.on_segment(found);
  EXPECT_EQ(out.text(), "");
}

TEST(SegmentOutputs, a_number_whose_beginning_is_not_known_is_shown_as_it_is) {
  EXPECT_EQ(sinks::numbers_text(fin_received()), "seq =2882400001 ack =4294967295");
  EXPECT_EQ(sinks::numbers_text(reset_by_nobody()), "seq =0 ack 1");
}

// How many of the synthetic segments pass.
std::size_t passing(const sinks::FindingConditions& conditions) {
  struct Counter final : tracker::FindingHandler {
    void on_step(const tracker::Step&) override {}
    void on_divergence(const tracker::Divergence&) override {}
    void on_loss(const tracker::Loss&) override {}
    void on_call_path(const tracker::CallPath&) override {}
    void on_segment(const tracker::SegmentFound&) override { ++count; }
    std::size_t count = 0;
  } counter;
  sinks::FindingFilter filter{conditions, counter};
  for (const tracker::SegmentFound& found : segments()) filter.on_segment(found);
  return counter.count;
}

TEST(SegmentFilter, everything_passes_without_conditions) {
  EXPECT_EQ(passing({}), 4u);
}

TEST(SegmentFilter, ports_and_families_are_those_of_the_segment) {
  EXPECT_EQ(passing({.local_ports = {7999}}), 1u);
  EXPECT_EQ(passing({.remote_ports = {443}}), 2u);
  EXPECT_EQ(passing({.family = Family::Inet6}), 1u);
  EXPECT_EQ(passing({.netns = 4026532177u}), 1u);
}

TEST(SegmentFilter, what_belongs_to_no_connection_belongs_to_no_process) {
  EXPECT_EQ(passing({.pid = 812}), 2u);
  EXPECT_EQ(passing({.comms = {"systemd"}}), 1u);
  EXPECT_EQ(passing({.known_cgroup = true}), 3u);
}

TEST(SegmentFilter, a_state_is_the_one_the_segment_found) {
  EXPECT_EQ(passing({.states = {{model::State::SynSent}}}), 2u);
}

TEST(SegmentFilter, who_asks_for_causes_or_verdicts_asks_for_changes_alone) {
  EXPECT_EQ(passing({.causes = {model::Cause::FinReceived}}), 0u);
  EXPECT_EQ(passing({.verdicts = {model::Verdict::Conformant}}), 0u);
}

TEST(SegmentFilter, other_commands_than_trace_do_not_show_them) {
  EXPECT_EQ(passing({.subject = sinks::Subject::Lives}), 0u);
}

}  // namespace
}  // namespace tcptwin::test
