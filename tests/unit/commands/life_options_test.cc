// SPDX-License-Identifier: MIT
// The options of life, stuck and snapshot.
#include "commands/life_options.h"

#include <gtest/gtest.h>

#include "commands/command_line.h"
#include "commands/snapshot_options.h"
#include "commands/stuck_options.h"

namespace tcptwin::test {
namespace {

using std::chrono::seconds;

template <typename Options>
Result<Options> read(const char* command, Result<Options> (*parse)(const commands::Arguments&),
                     std::vector<std::string> words) {
  words.insert(words.begin(), command);
  const auto line = commands::parse_command_line(words);
  if (!line) return line.error();
  return parse(line.value().arguments);
}

Result<commands::LifeOptions> life(const std::vector<std::string>& words) {
  return read("life", commands::life_options, words);
}
Result<commands::StuckOptions> stuck(const std::vector<std::string>& words) {
  return read("stuck", commands::stuck_options, words);
}
Result<commands::SnapshotOptions> snapshot(const std::vector<std::string>& words) {
  return read("snapshot", commands::snapshot_options, words);
}

template <typename Options>
std::string text_of(const Result<Options>& result) {
  EXPECT_FALSE(result);
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::Usage);
  return result.error().what + "|" + result.error().hint;
}

TEST(LifeOptions, endings_are_lists_of_labels) {
  const auto options = life({"--closed-by", "local,KERNEL", "--how", "fin", "--why", "rst_received",
                             "--why", "icmp_error", "--min-duration", "2m"});
  ASSERT_TRUE(options);
  const sinks::FindingConditions& conditions = options.value().conditions;
  EXPECT_EQ(conditions.subject, sinks::Subject::Lives);
  EXPECT_EQ(conditions.closed_by, (std::vector{model::EndedBy::Local, model::EndedBy::Kernel}));
  EXPECT_EQ(conditions.how, std::vector{model::EndedHow::Fin});
  EXPECT_EQ(conditions.why, (std::vector{model::Cause::RstReceived, model::Cause::IcmpError}));
  EXPECT_EQ(conditions.min_duration, Duration{seconds{120}});
  EXPECT_EQ(options.value().filter_words,
            "--closed-by local,KERNEL --how fin --why rst_received icmp_error --min-duration 2m");
}

TEST(LifeOptions, unknown_words_name_the_nearest) {
  EXPECT_EQ(text_of(life({"--closed-by", "remot"})),
            "--closed-by: 'remot' is no party|did you mean remote?");
  EXPECT_EQ(text_of(life({"--how", "rst_recieved"})),
            "--how: 'rst_recieved' is no way to end|did you mean rst_received?");
  EXPECT_EQ(text_of(life({"--why", "fin_recieved"})),
            "--why: 'fin_recieved' is no cause|did you mean fin_received?");
  EXPECT_EQ(text_of(life({"--sort", "byts"})), "--sort: 'byts' is no choice|did you mean bytes?");
  EXPECT_EQ(text_of(life({"--both-end-apart"}))
                .find("unknown option --both-end-apart; did you "
                      "mean --both-ends-apart?"),
            0u);
}

TEST(LifeOptions, sort_and_looks) {
  const auto options = life({"--sort", "RTT", "--open", "--both-ends-apart", "-x", "--json"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options.value().sort, sinks::LifeKey::Rtt);
  EXPECT_TRUE(options.value().open && options.value().both_ends_apart);
  EXPECT_TRUE(options.value().look.extended);
  EXPECT_EQ(options.value().look.format, commands::Format::JsonLines);
  EXPECT_FALSE(life({}).value().sort);
}

TEST(LifeOptions, the_mirror_is_compared_each_minute_unless_told_otherwise) {
  EXPECT_EQ(life({}).value().run.reconcile, Duration{seconds{60}});
  EXPECT_EQ(life({"--reconcile", "5"}).value().run.reconcile, Duration{seconds{5}});
  EXPECT_EQ(life({"--reconcile", "0"}).value().run.reconcile, std::nullopt);
  EXPECT_NE(text_of(life({"--reconcile", "-1"})).find("--reconcile"), std::string::npos);
}

TEST(StuckOptions, thresholds_are_set_one_by_one_and_0_is_never) {
  const auto options = stuck({"--close-wait", "10s", "--fin-wait1", "1", "--fin-wait2", "0",
                              "--syn-sent", "500ms", "--half-open", "3", "--other-end-gone", "4"});
  ASSERT_TRUE(options);
  const tracker::StuckThresholds& thresholds = options.value().run.stuck;
  EXPECT_EQ(thresholds.close_wait, seconds{10});
  EXPECT_EQ(thresholds.fin_wait1, seconds{1});
  EXPECT_EQ(thresholds.fin_wait2, Duration{});
  EXPECT_EQ(thresholds.syn_sent, std::chrono::milliseconds{500});
  EXPECT_EQ(thresholds.half_open, seconds{3});
  EXPECT_EQ(thresholds.other_end_gone, seconds{4});
  EXPECT_EQ(commands::longest(thresholds), seconds{10});
  EXPECT_EQ(stuck({}).value().run.stuck, tracker::StuckThresholds{});
  EXPECT_NE(text_of(stuck({"--close-wait", "soon"})).find("--close-wait"), std::string::npos);
}

TEST(StuckOptions, there_is_no_csv) {
  EXPECT_EQ(text_of(stuck({"--csv"})).find("unknown option --csv"), 0u);
}

TEST(SnapshotOptions, nothing_is_traced_and_a_census_is_needed) {
  const auto options = snapshot({"--state", "time-wait,NEW_SYN_RECV", "--sort", "recv-q", "-4"});
  ASSERT_TRUE(options);
  EXPECT_FALSE(options.value().run.live.traces);
  EXPECT_TRUE(options.value().run.needs_census);
  EXPECT_EQ(options.value().conditions.states.size(), 2u);
  EXPECT_EQ(options.value().sort, sinks::SocketKey::ReceiveQueue);
  EXPECT_EQ(options.value().filter_words, "--ipv4 --state time-wait,NEW_SYN_RECV");
  EXPECT_EQ(text_of(snapshot({"--sort", "recvq"})),
            "--sort: 'recvq' is no choice|did you mean recv-q?");
  EXPECT_NE(text_of(snapshot({"--json", "--csv"})).find("exclude"), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::test
