// SPDX-License-Identifier: MIT
// What passes over the control socket: names of connections, requests; and a connection's story.
#include <gtest/gtest.h>

#include "commands/command_line.h"
#include "commands/connection_name.h"
#include "commands/connection_story.h"
#include "commands/control_request.h"
#include "commands/life_options.h"
#include "commands/stuck_options.h"

namespace tcptwin::test {
namespace {

using namespace commands;

ConnectionName name_of(std::string_view text) {
  const auto name = parse_connection(text);
  EXPECT_TRUE(name) << text;
  return name ? name.value() : ConnectionName{};
}

tracker::ConnectionIdentity connection(std::string_view ends) {
  const ConnectionName name = name_of(ends);
  tracker::ConnectionIdentity result;
  result.id = {0x1f, 2};
  result.tuple = {1, name.local, name.remote};
  return result;
}

TEST(ConnectionName, it_is_written_as_it_is_read) {
  for (const char* const name : {"10.0.0.1:80-10.0.0.9:4711", "[::1]:80-[2001:db8::1]:65535",
                                 "0x1f", "0x1f.2", "0xffffffffffffffff.4294967295"}) {
    EXPECT_EQ(text(name_of(name)), name);
  }
  for (const char* const wrong : {"", "10.0.0.1:80", "10.0.0.1:80-", "10.0.0.1:80-10.0.0.9:65536",
                                  "10.0.0.1:x-10.0.0.9:1", "300.0.0.1:80-10.0.0.9:1", "0x", "0x1g",
                                  "0x1f.", "0x1f.-1", "0x10000000000000000", "::1"}) {
    EXPECT_FALSE(parse_connection(wrong)) << wrong;
  }
}

TEST(ConnectionName, it_means_this_end_before_the_other_one) {
  const auto here = connection("10.0.0.1:80-10.0.0.9:4711");
  EXPECT_EQ(match(name_of("10.0.0.1:80-10.0.0.9:4711"), here), NameMatch::Exact);
  EXPECT_EQ(match(name_of("10.0.0.9:4711-10.0.0.1:80"), here), NameMatch::OtherEnd);
  EXPECT_EQ(match(name_of("10.0.0.1:81-10.0.0.9:4711"), here), NameMatch::No);
  EXPECT_EQ(match(name_of("[::ffff:10.0.0.1]:80-[::ffff:10.0.0.9]:4711"), here), NameMatch::Exact);
  EXPECT_EQ(match(name_of("0x1f"), here), NameMatch::Exact);
  EXPECT_EQ(match(name_of("0x1f.2"), here), NameMatch::Exact);
  EXPECT_EQ(match(name_of("0x1f.1"), here), NameMatch::No);
}

TEST(ControlRequest, it_is_understood_as_it_was_meant) {
  ControlRequest request;
  request.ask = Ask::Findings;
  request.past = true;
  request.follow = true;
  request.kinds = sinks::kinds_of<tracker::Life, tracker::Loss>();
  std::string line = request_line(request);
  ASSERT_TRUE(line.ends_with('\n'));
  line.pop_back();
  EXPECT_LT(line.size(), kRequestLimit);
  const auto read = parse_request(line);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read.value().ask, Ask::Findings);
  EXPECT_EQ(read.value().kinds, request.kinds);
  EXPECT_TRUE(read.value().past && read.value().follow && !read.value().census);

  request = {};
  request.census = true;
  request.connection = name_of("[::1]:80-[::1]:4711");
  line = request_line(request);
  const auto table = parse_request(std::string_view{line}.substr(0, line.size() - 1));
  ASSERT_TRUE(table && table.value().census && table.value().connection);
  EXPECT_EQ(text(*table.value().connection), "[::1]:80-[::1]:4711");
}

TEST(ControlRequest, what_another_build_or_no_build_of_ours_says_is_refused) {
  ControlRequest request;
  std::string line = request_line(request);
  line.pop_back();
  ASSERT_TRUE(parse_request(line));
  for (const std::string& wrong :
       {line + " past", line + " nonsense", line + " ", line + " connection=x", std::string{},
        std::string{"GET / HTTP/1.1"}, line.substr(0, line.rfind(' '))}) {
    EXPECT_FALSE(parse_request(wrong)) << wrong;
  }
  const auto other = parse_request("tcptwin 0.0.1/12345678 table");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().what.find("the service is tcptwin"), std::string::npos);
  EXPECT_NE(other.error().hint.find("restart"), std::string::npos);
}

LiveRunOptions life_run(std::vector<std::string> words) {
  words.insert(words.begin(), "life");
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line);
  const auto options = life_options(line.value().arguments);
  EXPECT_TRUE(options) << options.error().what;
  return options ? options.value().run : LiveRunOptions{};
}

TEST(ServiceChoice, what_only_a_watch_of_our_own_can_obey_is_noticed) {
  EXPECT_EQ(life_run({}).service.live_only, "");
  EXPECT_EQ(life_run({"-L", "443", "--json"}).service.live_only, "");
  EXPECT_EQ(life_run({"--tier", "t0"}).service.live_only, "--tier");
  EXPECT_EQ(life_run({"--record", "x"}).service.live_only, "--record");
  EXPECT_TRUE(life_run({"--live"}).service.live);
  EXPECT_EQ(life_run({"--service", "/run/x"}).service.path, "/run/x");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"life", "--live", "--service", "x"},
        std::vector<std::string>{"life", "--from", "x", "--live"},
        std::vector<std::string>{"life", "--past", "--live"}}) {
    const auto line = parse_command_line(words);
    ASSERT_TRUE(line);
    EXPECT_FALSE(life_options(line.value().arguments));
  }
  const auto line = parse_command_line(std::vector<std::string>{"stuck", "--close-wait", "1s"});
  ASSERT_TRUE(line);
  EXPECT_EQ(stuck_options(line.value().arguments).value().run.service.live_only, "--close-wait");
}

tracker::Step step(KernelTime time, std::string_view ends, model::State from, model::State to) {
  tracker::Step result{};
  result.time = time;
  result.connection = connection(ends);
  result.from.state = from;
  result.to.state = to;
  return result;
}

constexpr KernelTime at(int second) {
  return KernelTime{std::chrono::seconds{second}};
}

TEST(StoryCollector, the_connect_without_a_port_belongs_to_it) {
  StoryCollector collector{name_of("10.0.0.1:4711-10.0.0.9:80")};
  using model::State;
  collector.on_step(step(at(1), "10.0.0.1:0-10.0.0.9:80", State::Closed, State::SynSent));
  collector.on_step(step(at(2), "10.0.0.1:4711-10.0.0.9:80", State::SynSent, State::Established));
  tracker::Step other = step(at(3), "10.0.0.1:5-10.0.0.9:80", State::Closed, State::SynSent);
  other.connection.id.cookie = 0x2f;
  collector.on_step(other);
  const auto stories = collector.take();
  ASSERT_EQ(stories.size(), 1u);
  ASSERT_EQ(stories[0].steps.size(), 2u);
  EXPECT_EQ(stories[0].steps[0].to.state, State::SynSent);
  EXPECT_EQ(stories[0].connection.tuple.local.port, 4711);
}

TEST(StoryCollector, what_the_history_lost_the_twin_still_knows) {
  using model::State;
  StoryCollector collector{name_of("0x1f.2")};
  collector.on_step(step(at(9), "10.0.0.1:4711-10.0.0.9:80", State::Established, State::CloseWait));
  const auto identity = connection("10.0.0.1:4711-10.0.0.9:80");
  const tracker::Owners owners;
  const std::vector<tracker::HistoryEntry> history = {
      {at(1), {State::SynSent}, model::Cause::ActiveOpen, model::Verdict::Conformant, {}},
      {at(2),
       {State::Established},
       model::Cause::SynackAccepted,
       model::Verdict::Deviation,
       model::dialect(12)},
      {at(9), {State::CloseWait}, model::Cause::FinReceived, model::Verdict::Conformant, {}}};
  const tracker::TwinView twin{.connection = identity,
                               .state = {State::CloseWait},
                               .entered = at(9),
                               .known_since = at(9),
                               .owners = owners,
                               .last = nullptr,
                               .kernel = nullptr,
                               .listener = nullptr,
                               .other_end = {},
                               .history = history};
  collector.add(twin);
  const auto stories = collector.take();
  ASSERT_EQ(stories.size(), 1u);
  const auto& steps = stories[0].steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].cause, model::Cause::ActiveOpen);
  EXPECT_EQ(steps[1].from.state, State::SynSent);
  EXPECT_EQ(steps[1].dwell, Duration{std::chrono::seconds{1}});
  EXPECT_EQ(steps[1].verdict, model::Verdict::Deviation);
  EXPECT_EQ(steps[1].rule, "L12");
  EXPECT_TRUE(stories[0].now);
}

}  // namespace
}  // namespace tcptwin::test
