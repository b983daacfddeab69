// SPDX-License-Identifier: MIT
#include "commands/snapshot_options.h"

#include <array>

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 1> kSocketFilters = {"state"};

}  // namespace

Result<SnapshotOptions> snapshot_options(const Arguments& arguments) {
  SnapshotOptions options;
  OptionReader reader{arguments};
  options.run.live.traces = false;
  options.run.needs_census = true;
  options.look = read_look(reader);
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  reader.list("state", parse_states, options.conditions.states);
  reader.value(
      "sort", [](std::string_view text) { return parse_choice("sort", text, sinks::kSocketKeys); },
      [&](std::size_t key) { options.sort = static_cast<sinks::SocketKey>(key); });
  read_service(reader, arguments, {}, options.run);
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, kSocketFilters);
  return options;
}

}  // namespace tcptwin::commands
