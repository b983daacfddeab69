// SPDX-License-Identifier: MIT
#include "commands/trace_options.h"

#include <array>
#include <utility>

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 3> kStepFilters = {"state", "cause", "verdict"};

}  // namespace

Result<TraceOptions> trace_options(const Arguments& arguments) {
  TraceOptions options;
  OptionReader reader{arguments};
  options.look = read_look(reader);
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  reader.list("state", parse_states, options.conditions.states);
  reader.list(
      "cause", [](std::string_view text) { return parse_causes("cause", text); },
      options.conditions.causes);
  reader.list("verdict", parse_verdicts, options.conditions.verdicts);
  options.call_paths = reader.has("stack");
  if (options.call_paths) options.run.live.call_paths = sources::CallPaths::All;
  read_segments(reader, options.run.live);
  reader.exclude("segments", "csv");
  reader.exclude("all-segments", "csv");
  reader.exclude("pcapng", "json");
  reader.exclude("pcapng", "csv");
  reader.value(
      "pcapng",
      [](std::string_view text) -> Result<std::string> {
        if (!text.empty()) return std::string{text};
        return Error{ErrorCode::Usage, "--pcapng wants the name of a file", ""};
      },
      [&](std::string file) { options.pcapng = std::move(file); });
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  read_count(reader, options.conditions);
  options.exit_code_on_divergence = reader.has("exit-code");
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, kStepFilters);
  return options;
}

}  // namespace tcptwin::commands
