// SPDX-License-Identifier: MIT
#include "commands/top_options.h"

#include <array>
#include <limits>

namespace tcptwin::commands {
namespace {

// Below, drawing would cost more than watching; above, nobody would call it live.
constexpr Duration kShortestInterval = std::chrono::milliseconds{100};
constexpr Duration kLongestInterval = std::chrono::hours{1};
constexpr std::uint64_t kLongestSide = 1000;

constexpr std::array<std::string_view, sinks::kGroupByCount> kGroups = {"process", "unit",
                                                                        "listener"};
// In the order of TopColumn.
constexpr std::array<std::string_view, sinks::kTopColumnCount> kSortKeys = {
    "total",    "established", "close-wait", "time-wait", "half-open",
    "syn-sent", "opens",       "failures",   "stuck"};

Result<Duration> parse_interval(std::string_view text) {
  const auto interval = parse_duration("interval", text);
  if (!interval) return interval.error();
  if (interval.value() < kShortestInterval || interval.value() > kLongestInterval) {
    return Error{ErrorCode::Usage, "--interval " + std::string{text} + " is out of range",
                 "give 100ms to 1h"};
  }
  return interval;
}

// "120x40".
Result<system::GridSize> parse_size(std::string_view text) {
  const std::size_t by = text.find('x');
  if (by == std::string_view::npos) {
    return Error{ErrorCode::Usage, "--size " + std::string{text} + " is not a size",
                 "give columns and lines, such as 120x40"};
  }
  const auto width = parse_number("size", text.substr(0, by), 1, kLongestSide);
  const auto height = parse_number("size", text.substr(by + 1), 1, kLongestSide);
  if (!width) return width.error();
  if (!height) return height.error();
  return system::GridSize{static_cast<int>(width.value()), static_cast<int>(height.value())};
}

void read_view(OptionReader& reader, TopOptions& options) {
  reader.value("interval", parse_interval,
               [&](Duration interval) { options.choice.interval = interval; });
  reader.value(
      "group", [](std::string_view text) { return parse_choice("group", text, kGroups); },
      [&](std::size_t place) { options.choice.group_by = static_cast<sinks::GroupBy>(place); });
  reader.value(
      "sort", [](std::string_view text) { return parse_choice("sort", text, kSortKeys); },
      [&](std::size_t place) { options.choice.sort = static_cast<sinks::TopColumn>(place); });
  reader.value("color", parse_colour, [&](ColourChoice choice) { options.colour = choice; });
  reader.value(
      "batch",
      [](std::string_view text) {
        return parse_number("batch", text, 1, std::numeric_limits<std::uint32_t>::max());
      },
      [&](std::uint64_t screens) { options.batch = screens; });
  reader.value("size", parse_size, [&](system::GridSize size) { options.batch_size = size; });
}

}  // namespace

Result<TopOptions> top_options(const Arguments& arguments) {
  TopOptions options;
  OptionReader reader{arguments};
  read_connection_filters(reader, options.run.live.filter, options.conditions);
  read_view(reader, options);
  read_run(reader, options.run);
  read_service(reader, arguments, {}, options.run);
  if (reader.error()) return *reader.error();
  if (arguments.has("size") && !options.batch) {
    return Error{ErrorCode::Usage, "--size is for --batch; a terminal has a size of its own", ""};
  }
  options.choice.shows_keys = !options.batch;
  options.filter_words = filter_words(arguments, {});
  return options;
}

}  // namespace tcptwin::commands
