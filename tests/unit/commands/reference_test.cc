// SPDX-License-Identifier: MIT
// The man pages, the completions and the commented settings say what the tables say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>

#include "commands/command_line.h"
#include "commands/completions.h"
#include "commands/life_options.h"
#include "commands/manual_pages.h"
#include "commands/option_vocabulary.h"
#include "commands/record_options.h"
#include "commands/roff_page.h"
#include "commands/serve_settings.h"
#include "commands/snapshot_options.h"
#include "commands/stuck_options.h"
#include "commands/top_options.h"
#include "commands/trace_options.h"

namespace tcptwin::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDate = "2026-01-31";

// Of one command in a text that has a line or a paragraph for each.
std::string part_of(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  return text.substr(from, text.find(end, from) - from);
}

TEST(ReferenceTest, every_option_of_every_command_is_in_its_page_and_in_the_completions) {
  const std::string bash_options = part_of(bash_completion(), "_tcptwin_options() {", "esac");
  for (const CommandRow& command : command_table()) {
    const std::string name{command.name};
    const std::string page = command_page(command, kDate);
    const std::string help = help_text(&command);
    const std::string bash = part_of(bash_options, "    " + name + ") ", "\n");
    const std::string zsh = part_of(zsh_completion(), "    " + name + ")\n", ";;\n");
    for (const OptionRow& option : command.options) {
      if (option.visibility == Visibility::Hidden) continue;
      SCOPED_TRACE(name + " --" + std::string{option.name});
      const std::string dashed = "--" + std::string{option.name};
      EXPECT_THAT(help, HasSubstr(dashed));
      EXPECT_THAT(page, HasSubstr(bold(dashed)));
      EXPECT_THAT(bash + " ", ::testing::ContainsRegex(" " + dashed + "[ ']"));
      EXPECT_THAT(zsh, HasSubstr(dashed));
      EXPECT_THAT(fish_completion(), ::testing::ContainsRegex("__tcptwin_is " + name + "'.* -l " +
                                                              std::string{option.name} + " "));
    }
  }
}

TEST(ReferenceTest, what_is_hidden_stays_hidden) {
  const CommandRow& explain = command_table().back();
  ASSERT_EQ(explain.name, "explain");
  EXPECT_THAT(command_page(explain, kDate), Not(HasSubstr("markdown")));
  for (const std::string& text : {bash_completion(), zsh_completion(), fish_completion()}) {
    EXPECT_THAT(text, Not(HasSubstr("markdown")));
  }
}

TEST(ReferenceTest, every_setting_is_in_its_page) {
  const std::string page = settings_page(kDate);
  for (const OptionRow* option : serve_settings()) {
    EXPECT_THAT(page, HasSubstr(bold(std::string{option->name} + ":")));
    EXPECT_THAT(page, HasSubstr(variable_of(option->name)));
  }
}

// The words before two spaces, a pipe, a redirection or the end; without quotes and what stands
// before tcptwin.
std::vector<std::string> words_of_example(std::string line) {
  const std::size_t begin = line.find("tcptwin ");
  line = line.substr(begin == std::string::npos ? 0 : begin);
  line = line.substr(0, std::min({line.find("  "), line.find(" |"), line.find(" >")}));
  std::istringstream stream{line};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  words.erase(words.begin());
  return words;
}

TEST(ReferenceTest, every_example_is_a_right_command_line) {
  std::string examples{program_examples()};
  for (const CommandRow& command : command_table()) examples += command.examples;
  std::istringstream lines{examples};
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = parse_command_line(words_of_example(line));
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().what;
    const CommandLine& read = parsed.value();
    if (!read.command->operands.empty()) continue;
    EXPECT_TRUE(read.arguments.operands().empty()) << line << ": two spaces before what it is for";
  }
}

using Parser = std::function<std::optional<Error>(const Arguments&)>;

template <typename Options>
Parser parser(Result<Options> (*parse)(const Arguments&)) {
  return [parse](const Arguments& arguments) -> std::optional<Error> {
    const auto options = parse(arguments);
    if (options) return std::nullopt;
    return options.error();
  };
}

// What the parser of a command lists when nothing is near what it was given.
std::string known_words(const Parser& parse, const OptionRow& option) {
  Arguments nonsense;
  nonsense.add(option.name, {"00000000000000000000000000000000"});
  nonsense.add_operands({"file"});
  const auto error = parse(nonsense);
  return error ? error->hint : "no error";
}

const std::map<std::string_view, Parser>& parsers() {
  static const std::map<std::string_view, Parser> kParsers = {
      {"trace", parser(trace_options)}, {"life", parser(life_options)},
      {"stuck", parser(stuck_options)}, {"snapshot", parser(snapshot_options)},
      {"top", parser(top_options)},     {"record", parser(record_options)},
      {"serve", parser(serve_options)}};
  return kParsers;
}

TEST(ReferenceTest, every_command_of_the_runbook_is_a_right_command_line) {
  std::ifstream runbook{TCPTWIN_SOURCE_DIR "/docs/runbook.md"};
  int commands = 0;
  for (std::string line; std::getline(runbook, line);) {
    if (!line.starts_with("tcptwin ")) continue;
    ++commands;
    const auto parsed = parse_command_line(words_of_example(line));
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().what;
    const auto known = parsers().find(parsed.value().command->name);
    if (known == parsers().end()) continue;
    const auto wrong = known->second(parsed.value().arguments);
    EXPECT_FALSE(wrong) << line << ": " << wrong->what;
  }
  EXPECT_GT(commands, 20);
}

TEST(ReferenceTest, the_words_that_are_offered_are_those_that_the_parser_knows) {
  int compared = 0;
  for (const CommandRow& command : command_table()) {
    if (!parsers().contains(command.name)) continue;
    for (const OptionRow& option : command.options) {
      const Vocabulary vocabulary = vocabulary_of(command.name, option);
      if (vocabulary.words.empty()) continue;
      SCOPED_TRACE(std::string{command.name} + " --" + std::string{option.name});
      std::string known = "known are: ";
      for (const std::string_view word : vocabulary.words) {
        known += (word == vocabulary.words.front() ? "" : ", ") + std::string{word};
      }
      EXPECT_EQ(known_words(parsers().at(command.name), option), known);
      ++compared;
    }
  }
  EXPECT_GT(compared, 15);
}

TEST(ReferenceTest, the_file_of_settings_changes_nothing_and_is_right_when_it_is_uncommented) {
  const std::string path = ::testing::TempDir() + "tcptwin-template-" + std::to_string(::getpid());
  const auto gathered = [&](const std::string& text) {
    std::ofstream{path} << text;
    Arguments flags;
    flags.add("config", {path});
    auto settings = gather_settings(flags, [](const char*) -> const char* { return nullptr; });
    ::unlink(path.c_str());
    return settings;
  };
  const std::string text = settings_template();
  const auto commented = gathered(text);
  ASSERT_TRUE(commented) << commented.error().what;
  EXPECT_TRUE(commented.value().origins.empty());

  std::string uncommented;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const bool has_default = line.ends_with('"');
    if (line.starts_with("#") && !line.starts_with("# ") && has_default) {
      uncommented += line.substr(1) + "\n";
    }
  }
  const auto settings = gathered(uncommented);
  ASSERT_TRUE(settings) << settings.error().what;
  for (const OptionRow* option : serve_settings()) {
    EXPECT_THAT(text, HasSubstr("\n#" + std::string{option->name} + ": "));
    EXPECT_EQ(settings.value().arguments.value(option->name), default_of(option->name));
  }
}

TEST(RoffTest, what_roff_would_read_is_escaped) {
  EXPECT_EQ(roff("a\\b --x 'q' \"d\" `"), "a\\eb \\-\\-x \\(aqq\\(aq \\(dqd\\(dq \\(ga");
  EXPECT_EQ(roff(".hidden"), "\\&.hidden");
  RoffPage page{"p", 1, kDate, "s"};
  page.paragraph("see `a b` and .c");
  EXPECT_THAT(page.text(), HasSubstr("see \\fBa\\fR \\fBb\\fR and \\&.c\n"));
}

}  // namespace
}  // namespace tcptwin::commands
