// SPDX-License-Identifier: MIT
#include "commands/command_line.h"

#include <gtest/gtest.h>

#include <set>

namespace tcptwin::test {
namespace {

using commands::CommandLine;
using commands::Request;

Result<CommandLine> parse(const std::vector<std::string>& words) {
  return commands::parse_command_line(words);
}

CommandLine parsed(const std::vector<std::string>& words) {
  auto line = parse(words);
  EXPECT_TRUE(line) << line.error().what;
  return line ? line.value() : CommandLine{};
}

std::string error_of(const std::vector<std::string>& words) {
  const auto line = parse(words);
  EXPECT_FALSE(line);
  if (line) return "";
  EXPECT_EQ(line.error().code, ErrorCode::Usage);
  return line.error().what;
}

TEST(CommandLine, no_words_ask_for_help) {
  EXPECT_EQ(parsed({}).request, Request::Help);
  EXPECT_EQ(parsed({"--help"}).request, Request::Help);
  EXPECT_EQ(parsed({"-h"}).command, nullptr);
  EXPECT_EQ(parsed({"--version"}).request, Request::Version);
}

TEST(CommandLine, help_of_a_command) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"trace", "--help"}, {"trace", "-h"}, {"help", "trace"}, {"trace", "-x", "--help"}}) {
    const CommandLine line = parsed(words);
    EXPECT_EQ(line.request, Request::Help);
    ASSERT_NE(line.command, nullptr);
    EXPECT_EQ(line.command->name, "trace");
  }
}

TEST(CommandLine, letters_and_long_names_mean_the_same) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"trace", "-p", "12", "-t", "-x"},
                                             {"trace", "-p12", "-tx"},
                                             {"trace", "--pid=12", "--timestamp", "--extended"},
                                             {"trace", "--pid", "12", "-xt"}}) {
    const CommandLine line = parsed(words);
    EXPECT_EQ(line.request, Request::Run);
    EXPECT_EQ(line.arguments.value("pid"), "12");
    EXPECT_TRUE(line.arguments.has("timestamp"));
    EXPECT_TRUE(line.arguments.has("extended"));
    EXPECT_FALSE(line.arguments.has("wide"));
  }
}

TEST(CommandLine, the_letters_of_bcc_keep_their_meanings) {
  const CommandLine line = parsed({"trace", "-p", "1", "-u", "0", "-L", "80", "-D", "443", "-P",
                                   "53", "-4", "-T", "-t", "-w", "-s", "-N", "5", "-x"});
  for (const char* option : {"pid", "uid", "localport", "remoteport", "port", "ipv4", "time",
                             "timestamp", "wide", "csv", "netns", "extended"}) {
    EXPECT_TRUE(line.arguments.has(option)) << option;
  }
  EXPECT_TRUE(parsed({"trace", "-6"}).arguments.has("ipv6"));
}

TEST(CommandLine, a_repeated_option_adds_up) {
  EXPECT_EQ(parsed({"trace", "-L", "80", "-L", "443"}).arguments.values("localport"),
            (std::vector<std::string>{"80", "443"}));
}

TEST(CommandLine, an_unknown_option_names_the_nearest) {
  EXPECT_EQ(error_of({"trace", "--duratoin", "5"}),
            "unknown option --duratoin; did you mean --duration?");
  EXPECT_EQ(error_of({"trace", "--jsn"}), "unknown option --jsn; did you mean --json?");
  EXPECT_EQ(error_of({"trace", "--colour=never"}),
            "unknown option --colour; did you mean --color?");
  EXPECT_EQ(error_of({"trace", "-x", "-Z"}), "unknown option -Z");
  EXPECT_EQ(error_of({"trace", "--gibberish"}), "unknown option --gibberish");
  EXPECT_EQ(error_of({"--verison"}), "unknown option --verison; did you mean --version?");
}

TEST(CommandLine, segments_are_for_those_who_print_or_store_them) {
  EXPECT_EQ(error_of({"life", "--segments"}), "unknown option --segments");
  EXPECT_EQ(error_of({"stuck", "--segments"}), "unknown option --segments");
}

TEST(CommandLine, an_unknown_command_names_the_nearest) {
  EXPECT_EQ(error_of({"trcae"}), "unknown command 'trcae'; did you mean trace?");
  EXPECT_EQ(error_of({"help", "explian"}), "unknown command 'explian'; did you mean explain?");
  EXPECT_EQ(error_of({"frobnicate"}), "unknown command 'frobnicate'");
}

TEST(CommandLine, words_that_belong_nowhere_are_refused) {
  EXPECT_EQ(error_of({"trace", "eth0"}), "unexpected argument 'eth0'");
  EXPECT_EQ(error_of({"doctor", "--json", "x"}), "unexpected argument 'x'");
}

TEST(CommandLine, a_missing_value_is_an_error) {
  EXPECT_NE(error_of({"trace", "--pid"}).find("--pid"), std::string::npos);
}

TEST(CommandLine, an_option_does_not_swallow_the_next_word) {
  EXPECT_EQ(error_of({"trace", "-L", "80", "443"}), "unexpected argument '443'");
}

TEST(CommandLine, explain_takes_words_and_an_arrow) {
  EXPECT_EQ(parsed({"explain", "FIN_WAIT2", "->", "TIME_WAIT"}).arguments.operands(),
            (std::vector<std::string>{"FIN_WAIT2", "TIME_WAIT"}));
  EXPECT_EQ(parsed({"explain", "FIN_WAIT2->TIME_WAIT"}).arguments.operands(),
            (std::vector<std::string>{"FIN_WAIT2->TIME_WAIT"}));
}

TEST(CommandTable, names_and_letters_are_unique_and_described) {
  std::set<std::string_view> commands;
  for (const commands::CommandRow& command : commands::command_table()) {
    EXPECT_TRUE(commands.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.summary.empty());
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const commands::OptionRow& option : command.options) {
      EXPECT_TRUE(names.insert(option.name).second) << option.name;
      EXPECT_FALSE(option.text.empty()) << option.name;
      const bool is_new = option.letter == 0 || letters.insert(option.letter).second;
      EXPECT_TRUE(is_new) << option.letter;
      EXPECT_NE(option.letter, 'h');
    }
  }
}

TEST(Help, names_every_command_and_every_shown_option_within_100_columns) {
  const std::string program = commands::help_text(nullptr);
  for (const commands::CommandRow& command : commands::command_table()) {
    EXPECT_NE(program.find("\n  " + std::string{command.name} + " "), std::string::npos);
    const std::string help = commands::help_text(&command);
    for (const commands::OptionRow& option : command.options) {
      const bool shown = help.find("--" + std::string{option.name}) != std::string::npos;
      EXPECT_EQ(shown, option.visibility == commands::Visibility::Shown) << option.name;
    }
    for (std::size_t begin = 0; begin < help.size();) {
      const std::size_t end = help.find('\n', begin);
      EXPECT_LE(end - begin, 100u) << help.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

}  // namespace
}  // namespace tcptwin::test
