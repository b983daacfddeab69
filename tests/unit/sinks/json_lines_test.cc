// SPDX-License-Identifier: MIT
#include "sinks/json_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using nlohmann::json;

std::string played(const sinks::JsonOptions& options) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::JsonLinesSink sink{out.output(), diagnostics.output(), options};
  play(sink);
  return out.text();
}

json one_line(const tracker::Step& step) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::JsonLinesSink sink{out.output(), diagnostics.output(), {.clock = test_clock()}};
  sink.on_step(step);
  return json::parse(out.text());
}

TEST(JsonLines, default_lines_are_as_reviewed) {
  expect_golden("json/default.jsonl", played({.clock = test_clock()}));
}

TEST(JsonLines, lines_with_evidence_and_call_paths_are_as_reviewed) {
  expect_golden("json/extended.jsonl",
                played({.clock = test_clock(), .evidence = true, .call_paths = true}));
}

TEST(JsonLines, every_line_is_json_with_schema_type_and_times) {
  std::istringstream lines{played({.clock = test_clock(), .evidence = true, .call_paths = true})};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const json parsed = json::parse(line);
    EXPECT_EQ(parsed.at("schema"), 1);
    EXPECT_TRUE(parsed.at("type").is_string());
    EXPECT_TRUE(parsed.at("time").is_string());
    EXPECT_TRUE(parsed.at("mono_ns").is_number_integer());
  }
  EXPECT_EQ(count, 12);
}

TEST(JsonLines, any_byte_in_a_process_name_gives_valid_json) {
  for (int byte = 1; byte < 256; ++byte) {
    tracker::Step step = synack_step();
    const std::array<char, 3> comm = {'a', static_cast<char>(byte), 'b'};
    step.owner.actor.comm = tracker::Comm{std::string_view{comm.data(), comm.size()}};
    const std::string name = one_line(step).at("owner").at("comm");
    const bool is_ascii = byte < 0x80;
    EXPECT_EQ(name, is_ascii ? std::string(comm.data(), comm.size())
                             : "a\xef\xbf\xbd"
                               "b")
        << byte;
  }
}

TEST(JsonLines, every_pair_of_bytes_gives_valid_json) {
  for (int first = 1; first < 256; ++first) {
    for (int second = 1; second < 256; ++second) {
      sinks::JsonText text;
      text.begin_object();
      const std::array<char, 2> value = {static_cast<char>(first), static_cast<char>(second)};
      text.string("comm", {value.data(), value.size()});
      text.end_object();
      ASSERT_TRUE(json::accept(text.view().begin(), text.view().end())) << first << ' ' << second;
    }
  }
}

TEST(JsonLines, a_process_name_in_utf8_stays_as_it_is) {
  tracker::Step step = synack_step();
  step.owner.actor.comm = tracker::Comm{"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7"};
  EXPECT_EQ(one_line(step).at("owner").at("comm"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7");
}

TEST(JsonLines, an_unseen_start_has_no_dwell_but_a_lower_bound) {
  const json line = one_line(adopted_step());
  EXPECT_TRUE(line.at("dwell_us").is_null());
  EXPECT_EQ(line.at("dwell_at_least_us"), 600'000);
}

TEST(JsonLines, an_unknown_owner_is_null) {
  const json owner = one_line(gap_step()).at("owner");
  EXPECT_TRUE(owner.at("pid").is_null());
  EXPECT_TRUE(owner.at("comm").is_null());
  EXPECT_EQ(owner.at("confidence"), "none");
}

TEST(JsonLines, evidence_stands_only_where_asked_for) {
  EXPECT_FALSE(one_line(synack_step()).contains("evidence"));
  EXPECT_NE(played({.clock = test_clock(), .evidence = true}).find("\"evidence\":{"),
            std::string::npos);
}

TEST(JsonLines, a_minisocket_is_marked) {
  EXPECT_EQ(one_line(time_wait_step()).at("minisocket"), true);
  EXPECT_FALSE(one_line(synack_step()).contains("minisocket"));
}

}  // namespace
}  // namespace tcptwin::test
