// SPDX-License-Identifier: MIT
#include "commands/trace_options.h"

#include <array>
#include <limits>
#include <utility>

namespace tcptwin::commands {
namespace {

// The options that narrow what is shown, in the order of --help.
constexpr std::array<std::string_view, 13> kFilterOptions = {
    "pid",  "uid",   "comm",   "localport", "remoteport", "port",   "ipv4",
    "ipv6", "netns", "cgroup", "state",     "cause",      "verdict"};

// Collects the first error of many options, so that each needs one line.
class Reader {
 public:
  explicit Reader(const Arguments& arguments) : arguments_(arguments) {}

  bool has(std::string_view option) const { return arguments_.has(option); }

  // One value; `set` gets it if it is right.
  template <typename Parse, typename Set>
  void value(std::string_view option, Parse parse, Set set) {
    if (!arguments_.has(option) || error_) return;
    auto parsed = parse(arguments_.value(option));
    if (!parsed) {
      error_ = parsed.error();
      return;
    }
    set(std::move(parsed.value()));
  }

  // A list; a repeated option adds to it.
  template <typename Parse, typename T>
  void list(std::string_view option, Parse parse, std::vector<T>& all) {
    for (const std::string& text : arguments_.values(option)) {
      if (error_) return;
      auto parsed = parse(text);
      if (!parsed) {
        error_ = parsed.error();
        return;
      }
      all.insert(all.end(), parsed.value().begin(), parsed.value().end());
    }
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Arguments& arguments_;
  std::optional<Error> error_;
};

std::string words_of(const Arguments& arguments) {
  std::string words;
  for (const std::string_view option : kFilterOptions) {
    if (!arguments.has(option)) continue;
    words += words.empty() ? "--" : " --";
    words += option;
    for (const std::string& value : arguments.values(option)) words += " " + value;
  }
  return words;
}

std::optional<Error> contradiction(const Arguments& arguments) {
  const auto both = [](std::string_view first, std::string_view second) {
    return Error{
        ErrorCode::Usage,
        "--" + std::string{first} + " and --" + std::string{second} + " exclude each other", ""};
  };
  if (arguments.has("json") && arguments.has("csv")) return both("json", "csv");
  if (arguments.has("ipv4") && arguments.has("ipv6")) return both("ipv4", "ipv6");
  return std::nullopt;
}

auto ports_of(std::string_view option) {
  return [option](std::string_view text) { return parse_ports(option, text); };
}

auto number_of(std::string_view option, std::uint64_t highest) {
  return
      [option, highest](std::string_view text) { return parse_number(option, text, 1, highest); };
}

void read_filters(Reader& reader, TraceOptions& options) {
  sources::KernelFilter& kernel = options.live.filter;
  sinks::FindingConditions& user = options.conditions;
  reader.value("pid", number_of("pid", std::numeric_limits<std::int32_t>::max()),
               [&](std::uint64_t pid) { kernel.pid = static_cast<std::uint32_t>(pid); });
  reader.list("localport", ports_of("localport"), kernel.local_ports);
  reader.list("remoteport", ports_of("remoteport"), kernel.remote_ports);
  reader.list("port", ports_of("port"), kernel.either_ports);
  reader.value("netns", parse_netns, [&](std::uint32_t netns) { kernel.netns = netns; });
  reader.value("cgroup", parse_cgroup, [&](std::uint64_t cgroup) { kernel.cgroup = cgroup; });
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
  reader.list("state", parse_states, user.states);
  reader.list("cause", parse_causes, user.causes);
  reader.list("verdict", parse_verdicts, user.verdicts);
}

void read_look(Reader& reader, TraceOptions& options) {
  if (reader.has("csv")) options.format = Format::Csv;
  if (reader.has("json")) options.format = Format::JsonLines;
  if (reader.has("timestamp")) {
    options.times =
        reader.has("time") ? sinks::TimeColumns::WallAndSince : sinks::TimeColumns::SinceStart;
  }
  options.header = !reader.has("no-header");
  options.wide_addresses = reader.has("wide");
  options.evidence = reader.has("extended");
  options.call_paths = reader.has("stack");
  if (options.call_paths) options.live.call_paths = sources::CallPaths::All;
  reader.value("color", parse_colour, [&](ColourChoice choice) { options.colour = choice; });
}

void read_run(Reader& reader, TraceOptions& options) {
  reader.value(
      "duration", [](std::string_view text) { return parse_duration("duration", text); },
      [&](Duration duration) { options.duration = duration; });
  reader.value("count", number_of("count", std::numeric_limits<std::uint64_t>::max()),
               [&](std::uint64_t count) { options.conditions.limit = count; });
  reader.value(
      "buffer-size", [](std::string_view text) { return parse_buffer_size("buffer-size", text); },
      [&](std::size_t bytes) { options.live.ring_bytes = bytes; });
  options.exit_code_on_divergence = reader.has("exit-code");
  options.strict = reader.has("strict");
}

}  // namespace

Result<TraceOptions> trace_options(const Arguments& arguments) {
  if (const auto error = contradiction(arguments)) return *error;
  TraceOptions options;
  Reader reader{arguments};
  read_filters(reader, options);
  read_look(reader, options);
  read_run(reader, options);
  if (reader.error()) return *reader.error();
  options.filter_words = words_of(arguments);
  return options;
}

}  // namespace tcptwin::commands
