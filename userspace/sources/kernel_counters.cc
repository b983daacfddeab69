// SPDX-License-Identifier: MIT
#include "sources/kernel_counters.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "sources/prerequisites.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {
namespace {

constexpr std::size_t kLongestFile = 1u << 20;  // today's is 6 KB

// Counters that older kernels have too, but count otherwise: CurrEstab leaves CLOSE_WAIT out; a
// TIME_WAIT counts when its timer has ended it, not when it begins.
struct ChangedMeaning {
  std::string_view counter;
  int major;  // the release that changed it
  int minor;
};
constexpr std::array kChangedMeanings = {
    ChangedMeaning{"Tcp.CurrEstab", 6, 10},
    ChangedMeaning{"TcpExt.TW", 5, 18},
    ChangedMeaning{"TcpExt.TWKilled", 5, 18},
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// The next word; "" at the end of the line.
std::string_view take_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

Error broken(std::size_t line, const std::string& what) {
  return {ErrorCode::Failed, "line " + std::to_string(line) + " of the kernel's counters: " + what,
          ""};
}

// The kernel prints most of them unsigned, also a level that is below zero for a moment.
std::optional<std::int64_t> parse_value(std::string_view digits) {
  const auto parse = [&](auto number) -> std::optional<std::int64_t> {
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return static_cast<std::int64_t>(number);
  };
  const auto value = parse(std::int64_t{0});
  return value ? value : parse(std::uint64_t{0});
}

Result<std::string> read_file(const std::string& path) {
  const system::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) {
    return Error{errno == EACCES || errno == EPERM ? ErrorCode::NotPermitted : ErrorCode::Failed,
                 path + ": " + std::strerror(errno), ""};
  }
  std::string text;
  std::array<char, 16384> block{};
  while (text.size() < kLongestFile) {
    const ssize_t size = ::read(file.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return Error{ErrorCode::Failed, path + ": " + std::strerror(errno), ""};
    }
    if (size == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(size));
  }
  return Error{ErrorCode::Failed,
               path + " is longer than " + std::to_string(kLongestFile) + " bytes", ""};
}

}  // namespace

Status KernelCounters::parse(std::string_view text) {
  for (std::size_t line = 1; !text.empty(); line += 2) {
    const std::string_view names = take_line(text);
    if (names.empty()) return broken(line, "it is empty");
    if (text.empty()) return broken(line, "names without a line of values");
    const Status pair = parse_pair(names, take_line(text), line);
    if (!pair) return pair.error();
  }
  return Done{};
}

Status KernelCounters::parse_pair(std::string_view names, std::string_view values,
                                  std::size_t line) {
  const std::string_view group = take_word(names);
  if (group.size() < 2 || group.back() != ':') return broken(line, "it begins with no group");
  if (take_word(values) != group) return broken(line + 1, "its group is not that of the names");
  const std::string prefix = std::string{group.substr(0, group.size() - 1)} + ".";
  while (true) {
    const std::string_view name = take_word(names);
    const std::string_view digits = take_word(values);
    if (name.empty() && digits.empty()) return Done{};
    if (name.empty()) return broken(line + 1, "more values than names");
    if (digits.empty()) return broken(line + 1, "fewer values than names");
    const auto value = parse_value(digits);
    if (!value) return broken(line + 1, "the value of " + std::string{name} + " is no number");
    if (values_.size() >= kCounters) return broken(line, "there are too many counters");
    if (!values_.emplace(prefix + std::string{name}, *value).second) {
      return broken(line, std::string{name} + " comes twice");
    }
  }
}

std::optional<std::int64_t> KernelCounters::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

void KernelCounters::forget(std::string_view name) {
  const auto found = values_.find(name);
  if (found != values_.end()) values_.erase(found);
}

Result<KernelCounters> read_kernel_counters(const std::string& directory) {
  KernelCounters counters;
  for (const std::string_view file : {"snmp", "netstat"}) {
    const std::string path = directory + "/" + std::string{file};
    const auto text = read_file(path);
    if (!text) return text.error();
    const Status parsed = counters.parse(text.value());
    if (!parsed) {
      return Error{ErrorCode::Failed, path + ": " + parsed.error().what, ""};
    }
  }
  const std::string release = running_kernel().text;
  for (const ChangedMeaning& change : kChangedMeanings) {
    if (!means_the_same(change.counter, release)) counters.forget(change.counter);
  }
  return counters;
}

bool means_the_same(std::string_view counter, std::string_view release) {
  const KernelRelease running = parse_release(std::string{release});
  return std::ranges::none_of(kChangedMeanings, [&](const ChangedMeaning& change) {
    return change.counter == counter && !running.is_at_least(change.major, change.minor);
  });
}

}  // namespace tcptwin::sources
