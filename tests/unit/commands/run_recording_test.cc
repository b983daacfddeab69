// SPDX-License-Identifier: MIT
#include "commands/run_recording.h"

#include <gtest/gtest.h>

#include "commands/command_line.h"
#include "commands/record_options.h"
#include "commands/trace_options.h"

namespace tcptwin::test {
namespace {

using namespace commands;

TraceOptions traced(std::vector<std::string> words) {
  words.insert(words.begin(), "trace");
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line);
  auto options = trace_options(line.value().arguments);
  EXPECT_TRUE(options) << options.error().what;
  return options.value();
}

sources::RecordingFacts recorded_with_ports_and_comm() {
  sources::RecordingFacts facts;
  facts.filter.local_ports = {80, 443};
  facts.comms = {"nginx"};
  facts.given = {{"comm", " nginx"}, {"localport", " 80,443"}};
  return facts;
}

TEST(RecordedFilter, it_stays_in_force_where_nothing_else_is_said) {
  TraceOptions options = traced({"--from", "a", "--state", "close"});
  fill_in_recorded_filter(recorded_with_ports_and_comm(), options.run, options.conditions,
                          options.filter_words);
  EXPECT_EQ(options.conditions.local_ports, (std::vector<std::uint16_t>{80, 443}));
  EXPECT_EQ(options.conditions.comms, (std::vector<std::string>{"nginx"}));
  EXPECT_EQ(options.filter_words, "--comm nginx --localport 80,443 --state close");
}

TEST(RecordedFilter, the_users_own_takes_the_place_of_its_kind) {
  TraceOptions options = traced({"--from", "a", "-L", "443"});
  fill_in_recorded_filter(recorded_with_ports_and_comm(), options.run, options.conditions,
                          options.filter_words);
  EXPECT_EQ(options.conditions.local_ports, (std::vector<std::uint16_t>{443}));
  EXPECT_EQ(options.conditions.comms, (std::vector<std::string>{"nginx"}));
  EXPECT_EQ(options.filter_words, "--comm nginx --localport 443");
}

TEST(RecordedFilter, given_again_it_is_said_once) {
  TraceOptions options = traced({"--from", "a", "--comm", "nginx", "-L", "80,443"});
  fill_in_recorded_filter(recorded_with_ports_and_comm(), options.run, options.conditions,
                          options.filter_words);
  EXPECT_EQ(options.filter_words, "--comm nginx --localport 80,443");
}

TEST(RecordedCgroup, a_path_means_what_is_below_it_too) {
  const auto web = system::parse_cgroup_path("/system.slice/web.service");
  for (const char* words : {"system.slice/web.service", "/system.slice", "/", "system.slice/",
                            "/sys/fs/cgroup/system.slice/web.service", "77"}) {
    EXPECT_TRUE(is_in_cgroup(words, 77, &web)) << words;
  }
  for (const char* words : {"system.slice/web", "web.service", "7", "/user.slice"}) {
    EXPECT_FALSE(is_in_cgroup(words, 77, &web)) << words;
  }
  EXPECT_TRUE(is_in_cgroup("77", 77, nullptr));
  EXPECT_FALSE(is_in_cgroup("/", 77, nullptr));
}

Result<RecordOptions> recorded(std::vector<std::string> words) {
  words.insert(words.begin(), "record");
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line);
  return record_options(line.value().arguments);
}

TEST(RecordOptions, rotation_is_by_size_or_time_or_both) {
  const auto both = recorded({"--rotate", "64M,90m", "--keep", "3", "a"});
  ASSERT_TRUE(both) << both.error().what;
  const sources::Rotation& rotation = both.value().run.record.rotation;
  EXPECT_EQ(rotation.bytes, std::uint64_t{64} << 20);
  EXPECT_EQ(rotation.after, Duration{std::chrono::minutes{90}});
  EXPECT_EQ(rotation.keep, 3u);
  EXPECT_EQ(both.value().run.record.path, "a");
  EXPECT_FALSE(recorded({"--rotate", "5s", "a"}).value().run.record.rotation.bytes);
  for (const char* wrong : {"", "10", "1K", "64M,64M", "64M,", ",1h", "64 M", "9G", "1h,", "m"}) {
    EXPECT_FALSE(recorded({"--rotate", wrong, "a"})) << wrong;
  }
}

}  // namespace
}  // namespace tcptwin::test
