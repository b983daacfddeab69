// SPDX-License-Identifier: MIT
#include "commands/trace_options.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "commands/command_line.h"
#include "commands/ladder_options.h"

namespace tcptwin::test {
namespace {

using commands::TraceOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;

Result<TraceOptions> read(std::vector<std::string> words) {
  words.insert(words.begin(), "trace");
  const auto line = commands::parse_command_line(words);
  if (!line) return line.error();
  return commands::trace_options(line.value().arguments);
}

TraceOptions options_of(const std::vector<std::string>& words) {
  auto options = read(words);
  EXPECT_TRUE(options) << options.error().what;
  return options ? options.value() : TraceOptions{};
}

std::string error_of(const std::vector<std::string>& words) {
  const auto options = read(words);
  EXPECT_FALSE(options) << words.back();
  if (options) return "";
  EXPECT_EQ(options.error().code, ErrorCode::Usage);
  return options.error().what + "|" + options.error().hint;
}

TEST(TraceOptions, nothing_given_means_everything_as_a_table) {
  const TraceOptions options = options_of({});
  EXPECT_EQ(options.look.format, commands::Format::Table);
  EXPECT_TRUE(options.look.header);
  EXPECT_EQ(options.look.times, sinks::TimeColumns::WallClock);
  EXPECT_EQ(options.filter_words, "");
  EXPECT_FALSE(options.run.duration);
  EXPECT_FALSE(options.conditions.limit);
}

TEST(TraceOptions, ports_are_lists_and_ranges) {
  const TraceOptions options = options_of({"-L", "443,80,8000-8003,80", "-D", "65535", "-P", "1"});
  EXPECT_EQ(options.run.live.filter.local_ports,
            (std::vector<std::uint16_t>{80, 443, 8000, 8001, 8002, 8003}));
  EXPECT_EQ(options.run.live.filter.remote_ports, (std::vector<std::uint16_t>{65535}));
  EXPECT_EQ(options.run.live.filter.either_ports, (std::vector<std::uint16_t>{1}));
  EXPECT_EQ(options.conditions.local_ports, options.run.live.filter.local_ports);
}

TEST(TraceOptions, all_ports_are_no_endless_loop) {
  EXPECT_EQ(options_of({"-L", "1-65535"}).run.live.filter.local_ports.size(), 65535u);
}

TEST(TraceOptions, bad_ports_are_refused) {
  for (const char* ports : {"0", "65536", "80,", ",", "", "http", "80-79", "80-", "-80", "8 0",
                            "99999999999999999999", "1-2-3", "+80"}) {
    EXPECT_NE(error_of({"--localport=" + std::string{ports}}).find("--localport"),
              std::string::npos)
        << ports;
  }
}

TEST(TraceOptions, durations_have_units) {
  EXPECT_EQ(options_of({"--duration", "10"}).run.duration, Duration{seconds{10}});
  EXPECT_EQ(options_of({"--duration", "10s"}).run.duration, Duration{seconds{10}});
  EXPECT_EQ(options_of({"--duration", "500ms"}).run.duration, Duration{milliseconds{500}});
  EXPECT_EQ(options_of({"--duration", "1.5s"}).run.duration, Duration{milliseconds{1500}});
  EXPECT_EQ(options_of({"--duration", "2m"}).run.duration, Duration{seconds{120}});
  EXPECT_EQ(options_of({"--duration", "1h"}).run.duration, Duration{seconds{3600}});
}

TEST(TraceOptions, bad_durations_are_refused) {
  for (const char* duration :
       {"0", "-1", "", "s", "10x", "10 s", "nan", "inf", "1e300", "10s10", "0.0"}) {
    EXPECT_NE(error_of({"--duration=" + std::string{duration}}).find("--duration"),
              std::string::npos)
        << duration;
  }
}

TEST(TraceOptions, bad_numbers_are_refused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-p", "0"},
                                                {"-p", "x"},
                                                {"-p", "4294967296"},
                                                {"--pid=-1"},
                                                {"-u", "root"},
                                                {"-u", "4294967296"},
                                                {"--count", "0"},
                                                {"--count", "1k"},
                                                {"--buffer-size", "1K"},
                                                {"--buffer-size", "3G"},
                                                {"--buffer-size", "M"},
                                                {"--buffer-size", "99999999999999999999M"}}) {
    EXPECT_NE(error_of(words), "") << words.back();
  }
}

TEST(TraceOptions, buffer_sizes_round_up_to_a_power_of_two) {
  EXPECT_EQ(options_of({"--buffer-size", "64K"}).run.live.ring_bytes, 65536u);
  EXPECT_EQ(options_of({"--buffer-size", "100000"}).run.live.ring_bytes, 131072u);
  EXPECT_EQ(options_of({"--buffer-size", "48m"}).run.live.ring_bytes, 64u << 20);
  EXPECT_EQ(options_of({"--buffer-size", "2G"}).run.live.ring_bytes, std::size_t{2} << 30);
}

TEST(TraceOptions, tier_is_the_best_one_unless_told) {
  EXPECT_EQ(options_of({}).run.live.tiers, sources::TierChoice::Best);
  EXPECT_EQ(options_of({"--tier", "best"}).run.live.tiers, sources::TierChoice::Best);
  EXPECT_EQ(options_of({"--tier", "t0"}).run.live.tiers, sources::TierChoice::TracepointsOnly);
  EXPECT_NE(error_of({"--tier", "both"}), "");  // for tests only
}

TEST(TraceOptions, all_segments_are_segments_too) {
  EXPECT_FALSE(options_of({}).run.live.segments);
  EXPECT_TRUE(options_of({"--segments"}).run.live.segments);
  EXPECT_FALSE(options_of({"--segments"}).run.live.every_segment);
  EXPECT_TRUE(options_of({"--all-segments"}).run.live.segments);
  EXPECT_TRUE(options_of({"--all-segments"}).run.live.every_segment);
  EXPECT_NE(error_of({"--all-segments", "--csv"}), "");
  EXPECT_NE(error_of({"--all-segments", "--from", "today.twin"}), "");
}

TEST(LadderOptions, it_takes_every_segment_unless_told) {
  const auto every_segment = [](std::vector<std::string> words) {
    words.insert(words.begin(), "ladder");
    const auto line = commands::parse_command_line(words);
    const auto options = commands::ladder_options(line.value().arguments);
    EXPECT_TRUE(options && options.value().run.live.segments);
    return options && options.value().run.live.every_segment;
  };
  EXPECT_TRUE(every_segment({}));
  EXPECT_FALSE(every_segment({"--no-data"}));
}

TEST(TraceOptions, states_are_accepted_in_three_spellings) {
  const TraceOptions options =
      options_of({"--state", "FIN_WAIT1,fin-wait-2,estab", "--state", "SYN-RECEIVED,new_syn_recv"});
  ASSERT_EQ(options.conditions.states.size(), 5u);
  EXPECT_EQ(options.conditions.states[1].state, model::State::FinWait2);
  EXPECT_EQ(options.conditions.states[4].holder, model::Holder::RequestSocket);
}

TEST(TraceOptions, unknown_words_name_the_nearest) {
  EXPECT_EQ(error_of({"--state", "TIME_WIAT"}),
            "--state: 'TIME_WIAT' is no state|did you mean TIME_WAIT?");
  EXPECT_EQ(error_of({"--cause", "rst_recieved"}),
            "--cause: 'rst_recieved' is no cause|did you mean rst_received?");
  EXPECT_EQ(error_of({"--verdict", "divergance"}),
            "--verdict: 'divergance' is no verdict|did you mean divergence?");
  EXPECT_EQ(error_of({"--color", "alway"}), "--color: 'alway' is no choice|did you mean always?");
  EXPECT_NE(error_of({"--verdict", "xyzzy"}).find("known are: conformant, deviation"),
            std::string::npos);
}

TEST(TraceOptions, causes_and_verdicts_are_lists) {
  const TraceOptions options =
      options_of({"--cause", "rst_received,ICMP_ERROR", "--verdict", "gap,divergence"});
  EXPECT_EQ(options.conditions.causes,
            (std::vector{model::Cause::RstReceived, model::Cause::IcmpError}));
  EXPECT_EQ(options.conditions.verdicts,
            (std::vector{model::Verdict::Gap, model::Verdict::Divergence}));
}

TEST(TraceOptions, contradictions_are_refused) {
  EXPECT_NE(error_of({"--json", "--csv"}).find("exclude"), std::string::npos);
  EXPECT_NE(error_of({"-4", "-6"}).find("exclude"), std::string::npos);
}

TEST(TraceOptions, time_columns_combine_as_in_bcc) {
  EXPECT_EQ(options_of({"-T"}).look.times, sinks::TimeColumns::WallClock);
  EXPECT_EQ(options_of({"-t"}).look.times, sinks::TimeColumns::SinceStart);
  EXPECT_EQ(options_of({"-Tt"}).look.times, sinks::TimeColumns::WallAndSince);
}

TEST(TraceOptions, a_long_process_name_is_cut_as_the_kernel_cuts_it) {
  EXPECT_EQ(options_of({"--comm", "a-very-long-process-name,sshd"}).conditions.comms,
            (std::vector<std::string>{"a-very-long-pro", "sshd"}));
  EXPECT_NE(error_of({"--comm", "a,,b"}), "");
}

TEST(TraceOptions, the_filter_is_remembered_in_the_user_s_words) {
  EXPECT_EQ(options_of({"--state", "TIME_WAIT", "-L", "80", "-L", "443", "-4", "-x"}).filter_words,
            "--localport 80 443 --ipv4 --state TIME_WAIT");
}

TEST(TraceOptions, a_network_namespace_is_a_path_or_a_number) {
  struct stat self {};
  ASSERT_EQ(::stat("/proc/self/ns/net", &self), 0);
  EXPECT_EQ(options_of({"-N", "/proc/self/ns/net"}).run.live.filter.netns, self.st_ino);
  EXPECT_EQ(options_of({"-N", "4026531840"}).run.live.filter.netns, 4026531840u);
  for (const char* netns : {"/nosuch/path", "no-such-name", "0", "99999999999"}) {
    EXPECT_NE(error_of({"-N", netns}).find("--netns"), std::string::npos) << netns;
  }
}

TEST(TraceOptions, a_cgroup_is_a_path_or_an_id) {
  EXPECT_EQ(options_of({"--cgroup", "4711"}).run.live.filter.cgroup, 4711u);
  EXPECT_EQ(options_of({"--cgroup", "0x10"}).run.live.filter.cgroup, 16u);
  EXPECT_TRUE(options_of({"--cgroup", "4711"}).conditions.known_cgroup);
  EXPECT_NE(error_of({"--cgroup", "no/such/cgroup"}).find("--cgroup"), std::string::npos);
  EXPECT_NE(error_of({"--cgroup", "/etc"}).find("--cgroup"), std::string::npos);
  EXPECT_NE(error_of({"--cgroup", "0"}).find("--cgroup"), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::test
