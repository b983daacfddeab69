// SPDX-License-Identifier: MIT
#include "sources/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdio>
#include <string_view>
#include <vector>

namespace tcptwin::sources {

namespace {

// libbpf's print callback has no argument of ours, so the receiver must be found some other way.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
thread_local LibbpfLog* current_log = nullptr;

int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG || current_log == nullptr) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  std::vector<char> line(static_cast<std::size_t>(length) + 1);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  current_log->append({line.data(), static_cast<std::size_t>(length)});
  return length;
}

// Frames of the verifier's log that explain nothing by themselves.
bool is_noise(std::string_view line) {
  return line.empty() || line.find("-- BEGIN PROG LOAD LOG") != std::string_view::npos ||
         line.find("-- END PROG LOAD LOG") != std::string_view::npos ||
         line.starts_with("processed ") || line.starts_with("verification time") ||
         line.starts_with("stack depth") || line.starts_with("func#") || line.starts_with("; ");
}

}  // namespace

LibbpfLog::LibbpfLog() {
  current_log = this;
  libbpf_set_print(collect);
}

LibbpfLog::~LibbpfLog() {
  current_log = nullptr;
}

std::string LibbpfLog::refused_program() const {
  constexpr std::string_view kEnd = "': failed to load";
  constexpr std::string_view kBegin = "prog '";
  const std::size_t end = text_.rfind(kEnd);
  if (end == std::string::npos) return "";
  const std::size_t begin = text_.rfind(kBegin, end);
  if (begin == std::string::npos) return "";
  return text_.substr(begin + kBegin.size(), end - begin - kBegin.size());
}

std::string LibbpfLog::excerpt(std::size_t limit) const {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text_.size();) {
    const std::size_t end = std::min(text_.find('\n', begin), text_.size());
    const std::string_view line = std::string_view{text_}.substr(begin, end - begin);
    if (!is_noise(line)) lines.push_back(line);
    begin = end + 1;
  }
  // The reason stands last: the verifier stops at the first thing it refuses.
  std::string excerpt;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (excerpt.size() + line->size() > limit) break;
    excerpt = excerpt.empty() ? std::string{*line} : std::string{*line} + "; " + excerpt;
  }
  return excerpt;
}

}  // namespace tcptwin::sources
