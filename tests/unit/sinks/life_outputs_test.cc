// SPDX-License-Identifier: MIT
// The table, CSV and JSON of `life` and `stuck`, and what censuses say.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "sinks/json_lines.h"
#include "sinks/life_csv.h"
#include "sinks/life_table.h"
#include "sinks/stuck_table.h"
#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using nlohmann::json;

struct Written {
  std::string out;
  std::string diagnostics;
};

template <typename Sink>
Written played(const sinks::TableOptions& options) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  SyntheticCgroups cgroups;
  Sink sink{out.output(), diagnostics.output(), options, &cgroups};
  play_lives(sink, sink);
  return {out.text(), diagnostics.text()};
}

std::string one_line(const sinks::LifeRecord& record, sinks::TableOptions options) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  options.clock = test_clock();
  sinks::LifeTable sink{out.output(), diagnostics.output(), options, nullptr};
  sink.on_life_record(record);
  return out.text();
}

json close_line(const sinks::LifeRecord& record) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::JsonLinesSink sink{out.output(), diagnostics.output(), {.clock = test_clock()}};
  sink.on_life_record(record);
  return json::parse(out.text());
}

std::string stuck_lines(bool extended) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  SyntheticCgroups cgroups;
  sinks::StuckTable sink{
      out.output(), diagnostics.output(), {.clock = test_clock(), .evidence = extended}, &cgroups};
  sink.on_start();
  sink.on_stuck(close_wait_stuck());
  sink.on_stuck(half_open_stuck());
  sink.on_stuck(last_ack_stuck());
  sink.on_stuck(close_wait_stuck());
  return out.text();
}

TEST(LifeTable, the_default_table_is_as_reviewed) {
  expect_golden("life/default.txt", played<sinks::LifeTable>({.clock = test_clock()}).out);
}

TEST(LifeTable, spans_owners_and_unit_are_as_reviewed) {
  expect_golden("life/extended.txt",
                played<sinks::LifeTable>({.clock = test_clock(),
                                          .times = sinks::TimeColumns::WallAndSince,
                                          .wide_addresses = true,
                                          .evidence = true})
                    .out);
}

TEST(LifeTable, colour_marks_endings_and_divergences_only) {
  expect_golden(
      "life/colour.txt",
      played<sinks::LifeTable>({.clock = test_clock(), .colour = sinks::Colour::Always}).out);
}

TEST(LifeTable, summary_census_and_losses_go_to_diagnostics) {
  expect_golden("life/diagnostics.txt",
                played<sinks::LifeTable>({.clock = test_clock()}).diagnostics);
}

TEST(LifeTable, usual_lines_fit_the_terminal) {
  for (const std::size_t columns : {80u, 100u, 120u, 150u}) {
    for (const sinks::LifeRecord& record :
         {sinks::LifeRecord{client_life()}, sinks::LifeRecord{refused_life()}}) {
      tracker::Life life = record.life;
      life.other_end.reset();
      const std::string line = one_line({life}, {.columns = columns});
      EXPECT_LE(line.size() - 1, columns) << line;
      EXPECT_NE(line.find(phrase(life.ending)), std::string::npos) << line;
    }
  }
}

TEST(LifeTable, a_narrow_terminal_loses_the_cause_first_and_who_and_why_never) {
  const auto wide = sinks::life_columns({.columns = 200});
  EXPECT_TRUE(wide.cause && wide.bytes && wide.times && wide.local_address);
  const auto middle = sinks::life_columns({.columns = 125});
  EXPECT_FALSE(middle.cause);
  EXPECT_TRUE(middle.bytes && middle.times && middle.local_address);
  const auto narrow = sinks::life_columns({.columns = 80});
  EXPECT_FALSE(narrow.local_address);
  // -w shows everything, and so does a pipe.
  EXPECT_TRUE(sinks::life_columns({.wide_addresses = true, .columns = 80}).cause);
  EXPECT_TRUE(sinks::life_columns({.columns = 0}).cause);
}

TEST(LifeTable, an_unknown_begin_is_a_lower_bound_and_unread_bytes_are_a_dash) {
  EXPECT_NE(one_line({adopted_life()}, {}).find(">=90000000.000"), std::string::npos);
  EXPECT_NE(one_line({half_open_life()}, {}).find("    -     -  63000.000"), std::string::npos)
      << one_line({half_open_life()}, {});
}

TEST(LifeTable, one_line_names_both_processes_of_a_connection_within_the_host) {
  const std::string line = one_line({client_life(), served_life()}, {});
  EXPECT_NE(line.find("812 curl"), std::string::npos) << line;
  EXPECT_NE(line.find("(local_close), other end nginx/101 (fin_received)"), std::string::npos)
      << line;
}

TEST(LifeTable, an_other_end_that_stays_is_remarked) {
  EXPECT_NE(one_line({lingering_life()}, {}).find(", other end still FIN_WAIT2 (curl/123)"),
            std::string::npos);
}

TEST(LifeTable, a_process_name_cannot_send_control_sequences) {
  EXPECT_EQ(one_line({adopted_life()}, {.evidence = true}).find('\x1b'), std::string::npos);
}

TEST(LifeTable, what_is_still_open_is_a_line_of_its_own) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::LifeTable sink{out.output(), diagnostics.output(), {.clock = test_clock()}, nullptr};
  const auto connection = client_connection();
  const tracker::Owners owners = client_life().owners;
  const tracker::TwinView twin{.connection = connection,
                               .state = {model::State::Established, model::Holder::Socket},
                               .entered = std::nullopt,
                               .known_since = KernelTime{std::chrono::seconds{1}},
                               .owners = owners,
                               .last = nullptr,
                               .kernel = nullptr,
                               .listener = nullptr,
                               .other_end = std::nullopt};
  sink.on_open(twin, KernelTime{std::chrono::seconds{61}});
  EXPECT_NE(out.text().find("-     -          -  open: ESTABLISHED for >=1m00s"), std::string::npos)
      << out.text();
}

TEST(LifeCsv, rows_are_as_reviewed_and_have_as_many_fields_as_the_header) {
  const Written written = played<sinks::LifeCsv>({.clock = test_clock()});
  expect_golden("life/default.csv", written.out);
  std::istringstream lines{written.out};
  std::string header;
  std::getline(lines, header);
  const auto fields = [](const std::string& line) {
    std::size_t count = 1;
    bool quoted = false;
    for (const char character : line) {
      if (character == '"') quoted = !quoted;
      if (character == ',' && !quoted) ++count;
    }
    return count;
  };
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(fields(line), fields(header)) << line;
}

TEST(LifeJson, lines_are_as_reviewed) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  SyntheticCgroups cgroups;
  sinks::JsonLinesSink sink{
      out.output(), diagnostics.output(), {.clock = test_clock(), .cgroups = &cgroups}};
  play_lives(sink, sink);
  for (const auto& stuck : {close_wait_stuck(), half_open_stuck(), last_ack_stuck()}) {
    sink.on_stuck(stuck);
  }
  sink.on_adopted(adopted());
  for (const sinks::SocketRow& row : socket_rows()) sink.on_socket(row);
  sink.on_snapshot(snapshot_figures());
  expect_golden("json/lives.jsonl", out.text());
}

TEST(LifeJson, what_is_not_known_is_null_and_never_zero) {
  const json line = close_line({half_open_life()});
  for (const char* field : {"bytes_in", "bytes_out", "retransmits", "mss", "srtt_us", "options",
                            "iss", "irs", "handshake_us", "half_closed"}) {
    EXPECT_TRUE(line.at(field).is_null()) << field;
  }
  EXPECT_EQ(line.at("synack_retransmits"), 5);
  EXPECT_EQ(line.at("owners").at("closer").at("confidence"), "none");
  EXPECT_FALSE(line.contains("other_end"));
}

TEST(LifeJson, an_adopted_life_has_lower_bounds) {
  const json line = close_line({adopted_life()});
  EXPECT_TRUE(line.at("duration_us").is_null());
  EXPECT_EQ(line.at("duration_at_least_us"), 90'000'000'000);
  EXPECT_TRUE(line.at("path").at(0).at("us").is_null());
  EXPECT_EQ(line.at("path").at(0).at("at_least_us"), 90'000'000'000);
}

TEST(LifeJson, a_joined_other_end_has_the_same_shape) {
  const json line = close_line({client_life(), served_life()});
  const json& other = line.at("other_end");
  EXPECT_EQ(other.at("closed_by"), "remote");
  EXPECT_EQ(other.at("owner").at("comm"), "nginx");
  EXPECT_EQ(other.at("path").size(), 5u);
  for (const auto& [key, value] : line.items()) {
    if (key == "schema" || key == "type" || key == "other_end") continue;
    const bool optional = key.starts_with("accept_wait") || key == "adopted" || key == "mptcp";
    EXPECT_TRUE(optional || other.contains(key)) << key;
  }
}

TEST(LifeJson, an_other_end_that_stays_has_its_state) {
  const json other = close_line({lingering_life()}).at("other_end");
  EXPECT_EQ(other.at("state"), "fin_wait2");
  EXPECT_EQ(other.at("owner").at("pid"), 123);
}

TEST(StuckTable, lines_and_advice_are_as_reviewed) {
  expect_golden("stuck/default.txt", stuck_lines(false));
  expect_golden("stuck/extended.txt", stuck_lines(true));
}

TEST(StuckTable, advice_is_given_once_a_kind) {
  const std::string text = stuck_lines(false);
  std::string advised;
  for (const char character : text) {
    if (character != '\n') advised += character;
  }
  const std::string words{advice(tracker::StuckKind::CloseWait).substr(0, 12)};
  const std::size_t first = text.find(words);
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find(words, first + 1), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::test
