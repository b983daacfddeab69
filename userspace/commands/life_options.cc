// SPDX-License-Identifier: MIT
#include "commands/life_options.h"

#include <array>

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 4> kLifeFilters = {"closed-by", "how", "why",
                                                          "min-duration"};

}  // namespace

Result<LifeOptions> life_options(const Arguments& arguments) {
  LifeOptions options;
  OptionReader reader{arguments};
  sinks::FindingConditions& conditions = options.conditions;
  conditions.subject = sinks::Subject::Lives;
  options.look = read_look(reader);
  read_connection_filters(reader, options.run.live.filter, conditions);
  reader.list("closed-by", parse_ended_bys, conditions.closed_by);
  reader.list("how", parse_ended_hows, conditions.how);
  reader.list(
      "why", [](std::string_view text) { return parse_causes("why", text); }, conditions.why);
  reader.value(
      "min-duration", [](std::string_view text) { return parse_duration("min-duration", text); },
      [&](Duration duration) { conditions.min_duration = duration; });
  reader.value(
      "sort", [](std::string_view text) { return parse_choice("sort", text, sinks::kLifeKeys); },
      [&](std::size_t key) { options.sort = static_cast<sinks::LifeKey>(key); });
  options.open = reader.has("open");
  options.run.last_census = options.open ? LastCensus::Always : LastCensus::AfterLoss;
  options.both_ends_apart = reader.has("both-ends-apart");
  read_run(reader, options.run);
  read_recording(reader, arguments, options.conditions, options.run);
  options.past = reader.has("past");
  reader.exclude("past", "from");
  reader.exclude("past", "live");
  read_service(reader, arguments, {}, options.run);
  read_count(reader, conditions);
  options.exit_code_on_divergence = reader.has("exit-code");
  options.strict = reader.has("strict");
  if (reader.error()) return *reader.error();
  options.filter_words = filter_words(arguments, kLifeFilters);
  return options;
}

}  // namespace tcptwin::commands
