// SPDX-License-Identifier: MIT
#include "sources/recording_facts.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tcptwin::sources {
namespace {

// A value stands on one line.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char character : value) {
    if (character == '\\') {
      text += "\\\\";
    } else if (character == '\n') {
      text += "\\n";
    } else {
      text += character;
    }
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
      continue;
    }
    ++i;
    value += text[i] == 'n' ? '\n' : text[i];
  }
  return value;
}

// "80,443,8000-8010".
std::string ports_text(std::vector<std::uint16_t> ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  std::string text;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::size_t first = i;
    while (i + 1 < ports.size() && ports[i + 1] == ports[i] + 1) ++i;
    if (!text.empty()) text += ',';
    text += std::to_string(ports[first]);
    if (i > first) text += '-' + std::to_string(ports[i]);
  }
  return text;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Calls `each` for the parts between commas.
template <typename Each>
bool for_each_part(std::string_view text, Each each) {
  for (;;) {
    const std::size_t comma = text.find(',');
    if (!each(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

// As they are written: in order, each once. A file that lists them over and over costs nothing.
bool read_ports(std::string_view text, std::vector<std::uint16_t>& ports) {
  if (!ports.empty()) return false;
  const bool is_right = for_each_part(text, [&](std::string_view part) {
    const std::size_t dash = part.find('-');
    const auto first = number_of<std::uint16_t>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : number_of<std::uint16_t>(part.substr(dash + 1));
    if (!first || !last || *last < *first) return false;
    if (!ports.empty() && *first <= ports.back()) return false;
    for (std::uint32_t port = *first; port <= *last; ++port) {
      ports.push_back(static_cast<std::uint16_t>(port));
    }
    return true;
  });
  if (!is_right) ports.clear();
  return is_right;
}

template <typename Number>
bool read_number(std::string_view text, std::optional<Number>& number) {
  const auto read = number_of<Number>(text);
  if (read) number = read;
  return read.has_value();
}

bool read_flag(std::string_view text, bool& flag) {
  if (text != "yes" && text != "no") return false;
  flag = text == "yes";
  return true;
}

bool read_family(std::string_view text, std::optional<Family>& family) {
  if (text != "ipv4" && text != "ipv6") return false;
  family = text == "ipv4" ? Family::Inet : Family::Inet6;
  return true;
}

bool read_uids(std::string_view text, std::vector<std::uint32_t>& uids) {
  std::vector<std::uint32_t> more;
  const bool is_right = for_each_part(text, [&](std::string_view part) {
    const auto uid = number_of<std::uint32_t>(part);
    if (uid) more.push_back(*uid);
    return uid.has_value();
  });
  if (is_right) uids.insert(uids.end(), more.begin(), more.end());
  return is_right;
}

bool read_filter(std::string_view name, const std::string& value, RecordingFacts& facts) {
  KernelFilter& filter = facts.filter;
  if (name == "local_ports") return read_ports(value, filter.local_ports);
  if (name == "remote_ports") return read_ports(value, filter.remote_ports);
  if (name == "either_ports") return read_ports(value, filter.either_ports);
  if (name == "family") return read_family(value, filter.family);
  if (name == "pid") return read_number(value, filter.pid);
  if (name == "netns") return read_number(value, filter.netns);
  if (name == "cgroup") return read_number(value, filter.cgroup);
  if (name == "uids") return read_uids(value, facts.uids);
  if (name != "comm") return false;
  facts.comms.push_back(value);
  return true;
}

bool read_fact(std::string_view name, const std::string& value, RecordingFacts& facts) {
  constexpr std::string_view kFilter = "filter.";
  constexpr std::string_view kGiven = "given.";
  if (name.starts_with(kFilter)) return read_filter(name.substr(kFilter.size()), value, facts);
  if (name.starts_with(kGiven)) {
    facts.given.emplace_back(name.substr(kGiven.size()), value);
    return true;
  }
  if (name == "evidence.all") return read_flag(value, facts.shows_all_evidence);
  if (name == "evidence.minisocket_segments") {
    return read_flag(value, facts.shows_minisocket_segments);
  }
  std::string* const text = name == "host"      ? &facts.host
                            : name == "kernel"  ? &facts.kernel
                            : name == "machine" ? &facts.machine
                            : name == "writer"  ? &facts.writer
                                                : nullptr;
  if (text == nullptr) return false;
  *text = value;
  return true;
}

class Lines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += std::string{name} + '=' + escaped(value) + '\n';
  }
  void add(std::string_view name, bool value) { add(name, std::string_view{value ? "yes" : "no"}); }
  void add(std::string_view name, const std::vector<std::uint16_t>& ports) {
    if (!ports.empty()) add(name, ports_text(ports));
  }
  template <typename Number>
  void add(std::string_view name, const std::optional<Number>& number) {
    if (number) add(name, std::to_string(*number));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string facts_text(const RecordingFacts& facts) {
  Lines lines;
  lines.add("writer", facts.writer);
  lines.add("host", facts.host);
  lines.add("kernel", facts.kernel);
  lines.add("machine", facts.machine);
  lines.add("evidence.all", facts.shows_all_evidence);
  lines.add("evidence.minisocket_segments", facts.shows_minisocket_segments);
  const KernelFilter& filter = facts.filter;
  lines.add("filter.local_ports", filter.local_ports);
  lines.add("filter.remote_ports", filter.remote_ports);
  lines.add("filter.either_ports", filter.either_ports);
  if (filter.family)
    lines.add("filter.family", std::string_view{*filter.family == Family::Inet ? "ipv4" : "ipv6"});
  lines.add("filter.pid", filter.pid);
  lines.add("filter.netns", filter.netns);
  lines.add("filter.cgroup", filter.cgroup);
  for (const std::uint32_t uid : facts.uids) lines.add("filter.uids", std::to_string(uid));
  for (const std::string& comm : facts.comms) lines.add("filter.comm", comm);
  for (const auto& [option, words] : facts.given) lines.add("given." + option, words);
  for (const auto& [name, value] : facts.notes) lines.add(name, value);
  return lines.take();
}

void read_facts_text(std::string_view text, RecordingFacts& facts) {
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    const std::size_t equals = line.find('=');
    const std::string_view name = line.substr(0, equals);
    const std::string value =
        equals == std::string_view::npos ? std::string{} : unescaped(line.substr(equals + 1));
    if (!name.empty() && !read_fact(name, value, facts)) facts.notes.emplace_back(name, value);
  }
}

}  // namespace tcptwin::sources
