// SPDX-License-Identifier: MIT
#include "commands/option_values.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <bitset>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tcptwin::commands {
namespace {

Error wrong(std::string_view option, std::string_view value, std::string_view expected) {
  return {ErrorCode::Usage, fmt::format("--{}: '{}' is not {}", option, value, expected), ""};
}

Error unknown(std::string_view option, std::string_view value, std::string_view what,
              std::span<const std::string_view> candidates) {
  const auto near = nearest(value, candidates);
  const std::string hint = near ? fmt::format("did you mean {}?", *near)
                                : fmt::format("known are: {}", fmt::join(candidates, ", "));
  return {ErrorCode::Usage, fmt::format("--{}: '{}' is no {}", option, value, what), hint};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || rest != end || text.empty()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// Each word of a list through `parse`; the first that fails is the answer.
template <typename T, typename Parse>
Result<std::vector<T>> parse_list(std::string_view text, Parse parse) {
  std::vector<T> values;
  for (const std::string_view word : split(text)) {
    Result<T> value = parse(word);
    if (!value) return value.error();
    values.push_back(value.value());
  }
  return values;
}

// The words of an enumeration, by their labels.
template <typename Enumeration>
Result<std::vector<Enumeration>> parse_labels(std::string_view option, std::string_view text,
                                              std::string_view what, std::size_t count) {
  std::vector<std::string_view> labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back(label(static_cast<Enumeration>(i)));
  return parse_list<Enumeration>(text, [&](std::string_view word) -> Result<Enumeration> {
    const auto found = std::find(labels.begin(), labels.end(), to_lower(word));
    if (found == labels.end()) return unknown(option, word, what, labels);
    return static_cast<Enumeration>(found - labels.begin());
  });
}

struct PortRange {
  std::uint16_t first;
  std::uint16_t last;
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  const auto number = number_of(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

Result<PortRange> parse_port_range(std::string_view option, std::string_view text) {
  constexpr std::string_view kExpected = "a port (1 to 65535) or a range such as 8000-8010";
  const std::size_t dash = text.find('-');
  const auto first = port_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_of(text.substr(dash + 1));
  if (!first || !last || *first > *last) return wrong(option, text, kExpected);
  return PortRange{*first, *last};
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array kUnits = {Unit{"ms", 1e6}, Unit{"s", 1e9}, Unit{"", 1e9}, Unit{"m", 60e9},
                               Unit{"h", 3600e9}};

std::optional<std::uint64_t> inode_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view option, std::string_view text,
                                   std::uint64_t lowest, std::uint64_t highest) {
  const auto number = number_of(text);
  if (!number || *number < lowest || *number > highest) {
    return wrong(option, text, fmt::format("a number from {} to {}", lowest, highest));
  }
  return *number;
}

Result<std::vector<std::uint16_t>> parse_ports(std::string_view option, std::string_view text) {
  std::bitset<65536> listed;  // ranges may repeat what others list
  for (const std::string_view part : split(text)) {
    const Result<PortRange> range = parse_port_range(option, part);
    if (!range) return range.error();
    for (unsigned port = range.value().first; port <= range.value().last; ++port) listed.set(port);
  }
  std::vector<std::uint16_t> ports;
  for (unsigned port = 1; port < listed.size(); ++port) {
    if (listed.test(port)) ports.push_back(static_cast<std::uint16_t>(port));
  }
  return ports;
}

Result<Duration> parse_duration(std::string_view option, std::string_view text) {
  constexpr std::string_view kExpected = "a time such as 10, 10s, 500ms, 2m or 1h";
  constexpr double kLongest = 100.0 * 365 * 24 * 3600e9;  // a century still fits 64 bits
  double amount = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{}) return wrong(option, text, kExpected);
  const std::string_view suffix{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
  for (const Unit& unit : kUnits) {
    if (unit.name != suffix) continue;
    const double nanoseconds = amount * unit.nanoseconds;
    if (!(nanoseconds >= 1.0) || nanoseconds > kLongest) break;
    return Duration{static_cast<std::int64_t>(nanoseconds)};
  }
  return wrong(option, text, kExpected);
}

Result<std::optional<Duration>> parse_duration_or_never(std::string_view option,
                                                        std::string_view text) {
  if (text == "0") return std::optional<Duration>{};
  const auto duration = parse_duration(option, text);
  if (!duration) return duration.error();
  return std::optional<Duration>{duration.value()};
}

Result<std::size_t> parse_file_size(std::string_view option, std::string_view text) {
  constexpr std::size_t kLeast = 64 * 1024;
  constexpr std::size_t kMost = std::size_t{2} << 30;  // what the kernel's ring buffer can be
  std::string_view digits = text;
  std::size_t factor = 1;
  if (!text.empty()) {
    const char suffix = to_lower(text.substr(text.size() - 1))[0];
    factor = suffix == 'k' ? 1024 : suffix == 'm' ? 1024 * 1024 : suffix == 'g' ? 1 << 30 : 1;
    if (factor != 1) digits.remove_suffix(1);
  }
  const auto number = number_of(digits);
  if (!number || *number == 0 || *number > kMost / factor || *number * factor < kLeast) {
    return wrong(option, text, "a size from 64K to 2G, such as 512K or 64M");
  }
  return *number * factor;
}

Result<std::size_t> parse_buffer_size(std::string_view option, std::string_view text) {
  const auto size = parse_file_size(option, text);
  if (!size) return size.error();
  return std::bit_ceil(size.value());
}

Result<ColourChoice> parse_colour(std::string_view text) {
  if (text == "auto") return ColourChoice::Auto;
  if (text == "always") return ColourChoice::Always;
  if (text == "never") return ColourChoice::Never;
  constexpr std::array<std::string_view, 3> kChoices = {"auto", "always", "never"};
  return unknown("color", text, "choice", kChoices);
}

Result<std::vector<std::string>> parse_names(std::string_view option, std::string_view text) {
  return parse_list<std::string>(text, [&](std::string_view word) -> Result<std::string> {
    if (word.empty()) return wrong(option, text, "a list of names");
    return std::string{word.substr(0, 15)};  // the kernel keeps no more
  });
}

Result<std::vector<std::uint32_t>> parse_uids(std::string_view text) {
  return parse_list<std::uint32_t>(text, [](std::string_view word) -> Result<std::uint32_t> {
    const auto uid = parse_number("uid", word, 0, std::numeric_limits<std::uint32_t>::max());
    if (!uid) return uid.error();
    return static_cast<std::uint32_t>(uid.value());
  });
}

Result<std::vector<model::MirrorState>> parse_states(std::string_view text) {
  std::vector<std::string_view> names;
  for (const model::State state : model::kAllStates) names.push_back(model::name(state));
  names.push_back("NEW_SYN_RECV");
  return parse_list<model::MirrorState>(text,
                                        [&](std::string_view word) -> Result<model::MirrorState> {
                                          const auto state = model::parse_state(word);
                                          if (!state) return unknown("state", word, "state", names);
                                          return *state;
                                        });
}

Result<std::vector<model::Cause>> parse_causes(std::string_view option, std::string_view text) {
  std::vector<std::string_view> labels;
  for (const model::CauseRow& row : model::cause_table()) labels.push_back(row.label);
  return parse_list<model::Cause>(text, [&](std::string_view word) -> Result<model::Cause> {
    const auto cause = model::parse_cause(to_lower(word));
    if (!cause) return unknown(option, word, "cause", labels);
    return *cause;
  });
}

Result<std::vector<model::Verdict>> parse_verdicts(std::string_view text) {
  return parse_labels<model::Verdict>("verdict", text, "verdict", model::kVerdictCount);
}

Result<std::vector<model::EndedBy>> parse_ended_bys(std::string_view text) {
  return parse_labels<model::EndedBy>("closed-by", text, "party", model::kEndedByCount);
}

Result<std::vector<model::EndedHow>> parse_ended_hows(std::string_view text) {
  return parse_labels<model::EndedHow>("how", text, "way to end", model::kEndedHowCount);
}

Result<std::size_t> parse_choice(std::string_view option, std::string_view text,
                                 std::span<const std::string_view> choices) {
  const auto found = std::find(choices.begin(), choices.end(), to_lower(text));
  if (found == choices.end()) return unknown(option, text, "choice", choices);
  return static_cast<std::size_t>(found - choices.begin());
}

Result<std::uint32_t> parse_netns(std::string_view text) {
  const std::string word{text};
  const bool is_path = word.find('/') != std::string::npos;
  const auto inode = inode_of(is_path ? word : "/run/netns/" + word);
  const auto number = inode || is_path ? inode : number_of(text);
  if (text.empty() || !number || *number == 0 ||
      *number > std::numeric_limits<std::uint32_t>::max()) {
    return wrong("netns", text,
                 "a network namespace: a name in /run/netns, a path such as /proc/1/ns/net, or "
                 "an inode number");
  }
  return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> parse_netns_number(std::string_view text) {
  const auto number = number_of(text);
  if (number && *number != 0 && *number <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(*number);
  }
  return wrong("netns", text,
               "the inode number of a network namespace (names are not recorded; --json shows the "
               "number)");
}

// The id of a cgroup is its inode number in the cgroup2 file system.
Result<std::uint64_t> parse_cgroup(std::string_view text) {
  if (const auto id = number_of(text); id && *id != 0) return *id;
  const std::string word{text};
  if (!word.empty()) {
    for (const std::string& path :
         {word, "/sys/fs/cgroup/" + word, "/sys/fs/cgroup/unified/" + word}) {
      if (!path.starts_with("/sys/fs/cgroup")) continue;
      if (const auto inode = inode_of(path)) return *inode;
    }
  }
  return wrong("cgroup", text, "a cgroup: a path such as system.slice/ssh.service, or an id");
}

}  // namespace tcptwin::commands
