// SPDX-License-Identifier: MIT
// The only file that includes CLI11. Its exceptions end here.
#include "commands/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"

namespace tcptwin::commands {
namespace {

std::string flags_of(const OptionRow& option) {
  std::string flags = option.letter == 0 ? "" : std::string{"-"} + option.letter + ",";
  return flags + "--" + std::string{option.name};
}

// What CLI11 fills for one command.
struct CommandSlots {
  CLI::App* app = nullptr;
  bool help = false;
  std::vector<std::string> operands;
  std::map<std::string_view, std::vector<std::string>> values;
  std::map<std::string_view, bool> flags;
};

void add_options(CommandSlots& slots, const CommandRow& command) {
  slots.app->set_help_flag();
  slots.app->allow_extras();
  slots.app->add_flag("-h,--help", slots.help);
  for (const OptionRow& option : command.options) {
    if (option.value.empty()) {
      slots.app->add_flag(flags_of(option), slots.flags[option.name]);
    } else {
      slots.app->add_option(flags_of(option), slots.values[option.name])->allow_extra_args(false);
    }
  }
  if (!command.operands.empty()) slots.app->add_option("operands", slots.operands);
}

Error usage_error(std::string what, std::optional<std::string_view> suggestion,
                  const CommandRow* command) {
  if (suggestion) what += "; did you mean " + std::string{*suggestion} + "?";
  return {ErrorCode::Usage, std::move(what), usage_hint(command)};
}

// "--duratoin=5" and "-Z5" are about "--duratoin" and "-Z".
std::string bare_option(const std::string& word) {
  if (word.starts_with("--")) return word.substr(0, word.find('='));
  return word.substr(0, 2);
}

Error unknown_word(const std::string& word, const CommandRow& command) {
  if (word.size() < 2 || word[0] != '-') {
    return usage_error("unexpected argument '" + word + "'", std::nullopt, &command);
  }
  const std::string option = bare_option(word);
  std::vector<std::string> names = {"--help"};
  for (const OptionRow& row : command.options) names.push_back("--" + std::string{row.name});
  const std::vector<std::string_view> candidates{names.begin(), names.end()};
  // A single letter is near to every other: no suggestion is better than a wild one.
  const bool is_long = option.starts_with("--");
  return usage_error("unknown option " + option,
                     is_long ? nearest(option, candidates) : std::nullopt, &command);
}

Error unknown_command(const std::string& word) {
  if (word.starts_with("-")) {
    constexpr std::array<std::string_view, 2> kOptions = {"--help", "--version"};
    return usage_error("unknown option " + bare_option(word), nearest(bare_option(word), kOptions),
                       nullptr);
  }
  std::vector<std::string_view> names;
  for (const CommandRow& command : command_table()) names.push_back(command.name);
  return usage_error("unknown command '" + word + "'", nearest(word, names), nullptr);
}

Arguments arguments_of(CommandSlots& slots) {
  Arguments arguments;
  for (auto& [name, values] : slots.values) {
    if (!values.empty()) arguments.add(name, std::move(values));
  }
  for (const auto& [name, given] : slots.flags) {
    if (given) arguments.add(name, {});
  }
  arguments.add_operands(std::move(slots.operands));
  return arguments;
}

Result<CommandLine> parse_command(const CommandRow& command, std::span<const std::string> words) {
  CLI::App app;
  CommandSlots slots;
  slots.app = &app;
  add_options(slots, command);
  // CLI11 takes them from the back. An arrow between two states is no option.
  std::vector<std::string> reversed{words.rbegin(), words.rend()};
  std::erase(reversed, "->");
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what(), std::nullopt, &command);
  }
  if (slots.help) return CommandLine{Request::Help, &command, {}};
  const std::vector<std::string> unknown = app.remaining();
  if (!unknown.empty()) return unknown_word(unknown.front(), command);
  return CommandLine{Request::Run, &command, arguments_of(slots)};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> words) {
  if (words.empty()) return CommandLine{};
  const std::string& first = words.front();
  if (first == "--version" || first == "-V") return CommandLine{Request::Version, nullptr, {}};
  if (first == "--help" || first == "-h") return CommandLine{};
  const auto commands = command_table();
  const auto is_named = [](std::string_view name) {
    return [name](const CommandRow& row) { return row.name == name; };
  };
  if (first == "help") {
    if (words.size() == 1) return CommandLine{};
    const auto about = std::find_if(commands.begin(), commands.end(), is_named(words[1]));
    if (about == commands.end()) return unknown_command(words[1]);
    return CommandLine{Request::Help, &*about, {}};
  }
  const auto found = std::find_if(commands.begin(), commands.end(), is_named(first));
  if (found == commands.end()) return unknown_command(first);
  return parse_command(*found, words.subspan(1));
}

}  // namespace tcptwin::commands
