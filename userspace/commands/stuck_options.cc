// SPDX-License-Identifier: MIT
#include "commands/stuck_options.h"

#include <algorithm>
#include <array>

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 1> kStuckFilters = {"state"};

struct ThresholdOption {
  std::string_view name;
  Duration tracker::StuckThresholds::*threshold;
};
constexpr std::array<ThresholdOption, 6> kThresholds = {{
    {"syn-sent", &tracker::StuckThresholds::syn_sent},
    {"half-open", &tracker::StuckThresholds::half_open},
    {"close-wait", &tracker::StuckThresholds::close_wait},
    {"fin-wait1", &tracker::StuckThresholds::fin_wait1},
    {"fin-wait2", &tracker::StuckThresholds::fin_wait2},
    {"other-end-gone", &tracker::StuckThresholds::other_end_gone},
}};

}  // namespace

Duration longest(const tracker::StuckThresholds& thresholds) {
  Duration most{};
  for (const ThresholdOption& option : kThresholds) {
    most = std::max(most, thresholds.*option.threshold);
  }
  return most;
}

void read_thresholds(OptionReader& reader, tracker::StuckThresholds& thresholds) {
  for (const ThresholdOption& option : kThresholds) {
    reader.value(
        option.name,
        [&](std::string_view text) { return parse_duration_or_never(option.name, text); },
        [&](std::optional<Duration> threshold) {
          thresholds.*option.threshold = threshold.value_or(Duration{});
        });
  }
}

Result<StuckOptions> stuck_options(const Arguments& arguments) {
  StuckOptions options;
  OptionReader reader{arguments};
  options.conditions.subject = sinks::Subject::Stuck;
  options.look = read_look(reader);
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  reader.list("state", parse_states, options.conditions.states);
  read_thresholds(reader, options.run.stuck);
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  std::array<std::string_view, kThresholds.size()> thresholds{};
  std::ranges::transform(kThresholds, thresholds.begin(), &ThresholdOption::name);
  read_service(reader, arguments, thresholds, options.run);
  read_count(reader, options.conditions);
  options.once = reader.has("once");
  options.exit_code_on_stuck = reader.has("exit-code");
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, kStuckFilters);
  return options;
}

}  // namespace tcptwin::commands
