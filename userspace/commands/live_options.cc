// SPDX-License-Identifier: MIT
#include "commands/live_options.h"

#include <unistd.h>

#include <array>
#include <limits>

#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// The options that narrow which connections are shown, in the order of --help.
constexpr std::array<std::string_view, 10> kConnectionFilters = {
    "pid", "uid", "comm", "localport", "remoteport", "port", "ipv4", "ipv6", "netns", "cgroup"};

constexpr std::array<std::string_view, 2> kTiers = {"best", "t0"};

auto ports_of(std::string_view option) {
  return [option](std::string_view text) { return parse_ports(option, text); };
}

}  // namespace

void read_connection_filters(OptionReader& reader, sources::KernelFilter& kernel,
                             sinks::FindingConditions& user) {
  reader.exclude("ipv4", "ipv6");
  reader.value(
      "pid",
      [](std::string_view text) {
        return parse_number("pid", text, 1, std::numeric_limits<std::int32_t>::max());
      },
      [&](std::uint64_t pid) { kernel.pid = static_cast<std::uint32_t>(pid); });
  reader.list("localport", ports_of("localport"), kernel.local_ports);
  reader.list("remoteport", ports_of("remoteport"), kernel.remote_ports);
  reader.list("port", ports_of("port"), kernel.either_ports);
  // In a replay names mean those of another host: a cgroup's is looked up in the recording.
  if (reader.has("from")) {
    reader.value("netns", parse_netns_number, [&](std::uint32_t netns) { kernel.netns = netns; });
  } else {
    reader.value("netns", parse_netns, [&](std::uint32_t netns) { kernel.netns = netns; });
    reader.value("cgroup", parse_cgroup, [&](std::uint64_t cgroup) { kernel.cgroup = cgroup; });
  }
  if (reader.has("ipv4")) kernel.family = Family::Inet;
  if (reader.has("ipv6")) kernel.family = Family::Inet6;
  // The kernel side lets pass what it cannot tell yet (a port that connect() has not chosen, the
  // process behind a timer): user space looks again.
  user.pid = kernel.pid;
  user.local_ports = kernel.local_ports;
  user.remote_ports = kernel.remote_ports;
  user.either_ports = kernel.either_ports;
  user.netns = kernel.netns;
  user.family = kernel.family;
  user.known_cgroup = kernel.cgroup.has_value();
  reader.list("uid", parse_uids, user.uids);
  reader.list(
      "comm", [](std::string_view text) { return parse_names("comm", text); }, user.comms);
}

LookOptions read_look(OptionReader& reader) {
  LookOptions look;
  reader.exclude("json", "csv");
  if (reader.has("csv")) look.format = Format::Csv;
  if (reader.has("json")) look.format = Format::JsonLines;
  if (reader.has("timestamp")) {
    look.times =
        reader.has("time") ? sinks::TimeColumns::WallAndSince : sinks::TimeColumns::SinceStart;
  }
  look.header = !reader.has("no-header");
  look.wide = reader.has("wide");
  look.extended = reader.has("extended");
  reader.value("color", parse_colour, [&](ColourChoice choice) { look.colour = choice; });
  return look;
}

void read_segments(const OptionReader& reader, sources::LiveOptions& live) {
  live.every_segment = reader.has("all-segments");
  live.segments = live.every_segment || reader.has("segments");
}

void read_run(OptionReader& reader, LiveRunOptions& options) {
  reader.value(
      "duration", [](std::string_view text) { return parse_duration("duration", text); },
      [&](Duration duration) { options.duration = duration; });
  reader.value(
      "reconcile", [](std::string_view text) { return parse_duration_or_never("reconcile", text); },
      [&](std::optional<Duration> every) { options.reconcile = every; });
  reader.value(
      "buffer-size", [](std::string_view text) { return parse_buffer_size("buffer-size", text); },
      [&](std::size_t bytes) { options.live.ring_bytes = bytes; });
  reader.value(
      "tier", [](std::string_view text) { return parse_choice("tier", text, kTiers); },
      [&](std::size_t place) {
        options.live.tiers =
            place == 0 ? sources::TierChoice::Best : sources::TierChoice::TracepointsOnly;
      });
}

void read_count(OptionReader& reader, sinks::FindingConditions& conditions) {
  reader.value(
      "count",
      [](std::string_view text) {
        return parse_number("count", text, 1, std::numeric_limits<std::uint64_t>::max());
      },
      [&](std::uint64_t count) { conditions.limit = count; });
}

void read_recording(OptionReader& reader, const Arguments& arguments,
                    const sinks::FindingConditions& conditions, LiveRunOptions& options) {
  for (const std::string_view option :
       {"record", "reconcile", "buffer-size", "tier", "segments", "all-segments"}) {
    reader.exclude("from", option);
  }
  const auto path = [](std::string_view option) {
    return [option](std::string_view text) -> Result<std::string> {
      if (option == "record" && text == "-") {
        return Error{ErrorCode::Usage, "--record wants the name of a file: stdout has the output",
                     "`tcptwin record -` writes a recording to stdout"};
      }
      if (!text.empty()) return std::string{text};
      return Error{ErrorCode::Usage, "--" + std::string{option} + " wants the name of a file", ""};
    };
  };
  reader.list(
      "from",
      [&](std::string_view text) -> Result<std::vector<std::string>> {
        auto file = path("from")(text);
        if (!file) return file.error();
        return std::vector<std::string>{std::move(file.value())};
      },
      options.from);
  reader.value("record", path("record"),
               [&](std::string file) { options.record.path = std::move(file); });
  options.from_cgroup = options.from.empty() ? "" : arguments.value("cgroup");
  options.comms = conditions.comms;
  options.uids = conditions.uids;
  for (const std::string_view option : kConnectionFilters) {
    if (!arguments.has(option)) continue;
    std::string words;
    for (const std::string& value : arguments.values(option)) words += " " + value;
    options.given.emplace_back(option, std::move(words));
  }
}

void read_service(OptionReader& reader, const Arguments& arguments,
                  std::span<const std::string_view> tuning, LiveRunOptions& options) {
  constexpr std::array<std::string_view, 4> kTuning = {"record", "reconcile", "buffer-size",
                                                       "tier"};
  reader.exclude("live", "service");
  reader.exclude("from", "live");
  reader.exclude("from", "service");
  options.service.live = reader.has("live");
  reader.value(
      "service",
      [](std::string_view text) -> Result<std::string> {
        if (!text.empty()) return std::string{text};
        return Error{ErrorCode::Usage, "--service wants the path of a service's socket", ""};
      },
      [&](std::string path) { options.service.path = std::move(path); });
  for (const auto& options_of_ours : {std::span<const std::string_view>{kTuning}, tuning}) {
    for (const std::string_view option : options_of_ours) {
      if (reader.has(option)) options.service.live_only = "--" + std::string{option};
    }
  }
  options.cgroup = arguments.value("cgroup");
}

std::string filter_words(const Arguments& arguments, std::span<const std::string_view> more) {
  std::string words;
  const auto add = [&](std::string_view option) {
    if (!arguments.has(option)) return;
    words += words.empty() ? "--" : " --";
    words += option;
    for (const std::string& value : arguments.values(option)) words += " " + value;
  };
  for (const std::string_view option : kConnectionFilters) add(option);
  for (const std::string_view option : more) add(option);
  return words;
}

sinks::TableOptions table_options(const LookOptions& look, const sinks::ClockMapping& clock) {
  const bool coloured = wants_colour(look.colour, STDOUT_FILENO);
  return {.clock = clock,
          .times = look.times,
          .colour = coloured ? sinks::Colour::Always : sinks::Colour::Never,
          .header = look.header,
          .wide_addresses = look.wide,
          .evidence = look.extended,
          .columns = terminal_columns(STDOUT_FILENO)};
}

}  // namespace tcptwin::commands
