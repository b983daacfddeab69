// SPDX-License-Identifier: MIT
#include "commands/diagram_options.h"

#include <algorithm>
#include <array>

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 3> kFormats = {"text", "svg", "dot"};
// What has a meaning although nothing runs.
constexpr std::array<std::string_view, 3> kAlways = {"format", "ascii", "color"};

// The table alone counts nothing: an option that chooses what is counted would be ignored.
Status check_static(const Arguments& arguments) {
  for (const CommandRow& command : command_table()) {
    if (command.name != "diagram") continue;
    for (const OptionRow& option : command.options) {
      if (!arguments.has(option.name) || std::ranges::count(kAlways, option.name) != 0) continue;
      return Error{ErrorCode::Usage,
                   "--" + std::string{option.name} + " chooses what is counted, and nothing is",
                   "give --live for this host, or --from FILE for a recording"};
    }
  }
  return Done{};
}

}  // namespace

Result<DiagramOptions> diagram_options(const Arguments& arguments) {
  DiagramOptions options;
  OptionReader reader{arguments};
  options.counts = reader.has("live") || reader.has("from");
  if (!options.counts) {
    const Status alone = check_static(arguments);
    if (!alone) return alone.error();
  }
  if (reader.has("live") && reader.has("from")) {
    return Error{ErrorCode::Usage, "--live is this host, --from a recording: give one of them", ""};
  }
  options.colour = read_look(reader).colour;
  reader.value(
      "format", [](std::string_view text) { return parse_choice("format", text, kFormats); },
      [&](std::size_t format) { options.format = static_cast<DiagramFormat>(format); });
  options.ascii = reader.has("ascii");
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, {});
  return options;
}

}  // namespace tcptwin::commands
