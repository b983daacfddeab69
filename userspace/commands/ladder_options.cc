// SPDX-License-Identifier: MIT
#include "commands/ladder_options.h"

#include <utility>

namespace tcptwin::commands {
namespace {

Result<std::string> parse_svg(std::string_view text) {
  if (!text.empty()) return std::string{text};
  return Error{ErrorCode::Usage, "--svg wants the name of a file", "or - for stdout"};
}

}  // namespace

Result<LadderOptions> ladder_options(const Arguments& arguments) {
  LadderOptions options;
  OptionReader reader{arguments};
  if (arguments.operands().size() > 1) {
    return Error{ErrorCode::Usage, "ladder takes one connection",
                 "as 10.0.0.1:80-10.0.0.9:4711; without one, all are drawn"};
  }
  if (!arguments.operands().empty()) {
    auto name = parse_connection(arguments.operands().front());
    if (!name) return name.error();
    options.name = name.value();
  }
  const LookOptions look = read_look(reader);
  options.colour = look.colour;
  options.json = look.format == Format::JsonLines;
  options.ascii = reader.has("ascii");
  reader.value("svg", parse_svg, [&](std::string file) { options.svg = std::move(file); });
  reader.value(
      "width", [](std::string_view text) { return parse_number("width", text, 80, 400); },
      [&](std::uint64_t columns) { options.columns = columns; });
  reader.exclude("svg", "json");
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  sinks::FindingConditions counted;
  read_count(reader, counted);
  options.count = counted.limit;
  reader.exclude("from", "no-data");
  options.run.live.segments = true;
  options.run.live.every_segment = !reader.has("no-data");
  options.exit_code_on_divergence = reader.has("exit-code");
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, {});
  return options;
}

}  // namespace tcptwin::commands
