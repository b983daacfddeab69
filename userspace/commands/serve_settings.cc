// SPDX-License-Identifier: MIT
#include "commands/serve_settings.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "system/config_file.h"

namespace tcptwin::commands {
namespace {

// What a file cannot say: they are about the file.
constexpr std::array<std::string_view, 3> kAboutTheFile = {"config", "check-config",
                                                           "print-config"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kDefaults = {{
    {"listen", ":9293"},
    {"control-group", "tcptwin"},
    {"history", "16M"},
    {"owners", "50"},
    {"table", "1048576"},
    {"keep-rights", "none"},
    {"close-wait", "60s"},
    {"fin-wait1", "30s"},
    {"fin-wait2", "120s"},
    {"syn-sent", "10s"},
    {"half-open", "10s"},
    {"other-end-gone", "10s"},
    {"reconcile", "60s"},
    {"tier", "best"},
}};

// What a reload changes while it runs.
constexpr std::array<std::string_view, 7> kReloaded = {
    "close-wait", "fin-wait1", "fin-wait2", "syn-sent", "half-open", "other-end-gone", "reconcile"};

bool is_in(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

const CommandRow& serve_row() {
  const auto rows = command_table();
  return *std::ranges::find(rows, std::string_view{"serve"}, &CommandRow::name);
}

// What is wrong with one setting alone, said with its place.
std::optional<Error> wrong_alone(std::string_view option, const std::vector<std::string>& values,
                                 const std::string& place) {
  Arguments alone;
  alone.add(option, values);
  const auto options = serve_options(alone);
  if (options) return std::nullopt;
  return Error{ErrorCode::Usage, place + ": " + options.error().what, options.error().hint};
}

Error unknown_key(const std::string& place, const std::string& key) {
  std::vector<std::string_view> names;
  for (const OptionRow* option : serve_settings()) names.push_back(option->name);
  std::string what = fmt::format("{}: unknown key '{}'", place, key);
  if (const auto near = nearest(key, names)) what += fmt::format("; did you mean {}?", *near);
  return {ErrorCode::Usage, what, "tcptwin serve --print-config lists all keys"};
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

bool exists(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0;
}

// The file that was named, or the usual one if there is one; "": none.
std::string path_of_config(const Arguments& flags, const Environment& environment) {
  if (flags.has("config")) return flags.value("config");
  if (const char* named = environment(variable_of("config").c_str())) return named;
  return exists(std::string{kDefaultConfig}) ? std::string{kDefaultConfig} : "";
}

void set(ServeSettings& settings, std::string_view option, std::vector<std::string> values,
         std::string origin) {
  settings.arguments.add(option, std::move(values));
  settings.origins.emplace(option, std::move(origin));
}

Status add_environment(ServeSettings& settings, const Environment& environment) {
  for (const OptionRow* option : serve_settings()) {
    const std::string variable = variable_of(option->name);
    const char* value = environment(variable.c_str());
    if (value == nullptr || settings.origins.contains(option->name)) continue;
    auto values =
        option->name == "listen" ? split_at_commas(value) : std::vector<std::string>{value};
    if (auto error = wrong_alone(option->name, values, variable)) return *error;
    set(settings, option->name, std::move(values), variable);
  }
  return Done{};
}

// Every entry is checked, also one that a flag outweighs.
Status add_file(ServeSettings& settings, const system::ConfigFile& file) {
  const auto known = serve_settings();
  for (const system::ConfigEntry& entry : file.entries) {
    const std::string at = place(file, entry);
    const auto option = std::ranges::find(known, entry.key, &OptionRow::name);
    if (option == known.end()) return unknown_key(at, entry.key);
    if (entry.values.size() > 1 && entry.key != "listen") {
      return Error{ErrorCode::Usage, fmt::format("{}: {} wants one value", at, entry.key), ""};
    }
    if (auto error = wrong_alone(entry.key, entry.values, at)) return *error;
    if (!settings.origins.contains(entry.key)) set(settings, (*option)->name, entry.values, at);
  }
  return Done{};
}

// As YAML takes any text: between quotes.
std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char character : value) {
    if (character == '"' || character == '\\') text += '\\';
    text += character;
  }
  return text + '"';
}

std::string value_text(const std::vector<std::string>& values) {
  if (values.size() == 1) return quoted(values.front());
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + quoted(value);
  return "[" + text + "]";
}

}  // namespace

std::vector<const OptionRow*> serve_settings() {
  std::vector<const OptionRow*> options;
  for (const OptionRow& option : serve_row().options) {
    if (!is_in(kAboutTheFile, option.name)) options.push_back(&option);
  }
  return options;
}

std::string variable_of(std::string_view option) {
  std::string name = "TCPTWIN_";
  for (const char letter : option) {
    name +=
        letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return name;
}

std::string_view default_of(std::string_view option) {
  for (const auto& [name, value] : kDefaults) {
    if (name == option) return value;
  }
  return "";
}

bool takes_effect_at_reload(std::string_view option) {
  return is_in(kReloaded, option);
}

Result<ServeSettings> gather_settings(const Arguments& flags, const Environment& environment) {
  ServeSettings settings;
  for (const OptionRow* option : serve_settings()) {
    if (!flags.has(option->name)) continue;
    set(settings, option->name, flags.values(option->name), fmt::format("--{}", option->name));
  }
  if (const Status added = add_environment(settings, environment); !added) return added.error();
  settings.file = path_of_config(flags, environment);
  if (settings.file.empty()) return settings;
  const auto file = system::read_config(settings.file);
  if (!file) return file.error();
  if (const Status added = add_file(settings, file.value()); !added) return added.error();
  return settings;
}

std::string settings_text(const ServeSettings& settings) {
  std::string text;
  for (const OptionRow* option : serve_settings()) {
    const auto origin = settings.origins.find(option->name);
    const std::string_view otherwise = default_of(option->name);
    if (origin != settings.origins.end()) {
      text += fmt::format("{}: {}  # {}\n", option->name,
                          value_text(settings.arguments.values(option->name)), origin->second);
    } else if (!otherwise.empty()) {
      text += fmt::format("{}: {}  # default\n", option->name, quoted(otherwise));
    } else {
      text += fmt::format("# {}: not set\n", option->name);
    }
  }
  return text;
}

std::string settings_template() {
  std::string text =
      "# The settings of the tcptwin service, with their defaults: tcptwin.yaml(5).\n"
      "# `tcptwin serve --check-config` says whether all is right; `systemctl reload tcptwin` has "
      "it\n"
      "# read again; a setting marked with a star takes a restart.\n";
  for (const OptionRow* option : serve_settings()) {
    const std::string_view star = takes_effect_at_reload(option->name) ? "" : " *";
    const std::string_view otherwise = default_of(option->name);
    const std::string value = otherwise.empty() ? std::string{option->value} : quoted(otherwise);
    text += fmt::format("\n# {}{}\n#{}: {}\n", option->text, star, option->name, value);
  }
  return text;
}

std::vector<std::string> changes_for_restart(const ServeSettings& before,
                                             const ServeSettings& after) {
  std::vector<std::string> changes;
  for (const OptionRow* option : serve_settings()) {
    if (takes_effect_at_reload(option->name)) continue;
    if (before.arguments.values(option->name) != after.arguments.values(option->name)) {
      changes.emplace_back(option->name);
    }
  }
  return changes;
}

}  // namespace tcptwin::commands
