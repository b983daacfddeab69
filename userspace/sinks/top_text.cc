// SPDX-License-Identifier: MIT
#include "sinks/top_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/text.h"

namespace tcptwin::sinks {
namespace {

using system::Repertoire;

constexpr std::array<std::string_view, 8> kEighthsWide = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<std::string_view, 8> kEighthsHigh = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> kAsciiHigh = {".", ":", "-", "=", "+", "*", "%", "#"};

std::int64_t seconds_of(Duration duration) {
  return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count(),
                                0);
}

}  // namespace

std::string count_text(std::uint64_t count, int columns) {
  const auto fits = [&](const std::string& text) {
    return static_cast<int>(text.size()) <= columns;
  };
  const std::string whole = grouped(count);
  if (fits(whole)) return whole;
  constexpr std::array<std::string_view, 6> kUnits = {"k", "M", "G", "T", "P", "E"};
  double scaled = static_cast<double>(count);
  std::string text = whole;
  for (const std::string_view unit : kUnits) {
    scaled /= 1000;
    text = fmt::format("{:.1f}{}", scaled, unit);
    if (scaled < 1000 && fits(text)) return text;
    text = fmt::format("{:.0f}{}", scaled, unit);
    if (scaled < 1000 && fits(text)) return text;
  }
  return text;
}

std::string rate_text(double per_second) {
  if (per_second <= 0) return "0";
  if (per_second < 0.05) return "<0.1";
  if (per_second < 99.95) return fmt::format("{:.1f}", per_second);
  return count_text(static_cast<std::uint64_t>(std::llround(per_second)), 7);
}

std::string age_text(Duration age) {
  const std::int64_t seconds = seconds_of(age);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (minutes < 60) return fmt::format("{}m{:02}s", minutes, seconds % 60);
  if (hours < 24) return fmt::format("{}h{:02}m", hours, minutes % 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

std::string running_text(Duration running) {
  const std::int64_t seconds = seconds_of(running);
  const std::int64_t hours = seconds / 3600;
  const std::int64_t minutes = seconds / 60 % 60;
  if (hours < 24) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
  return fmt::format("{}d {:02}:{:02}:{:02}", hours / 24, hours % 24, minutes, seconds % 60);
}

std::string interval_text(Duration interval) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(interval).count();
  if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
  return fmt::format("{:g} s", static_cast<double>(milliseconds) / 1000);
}

std::string bar(std::uint64_t count, std::uint64_t most, int columns, Repertoire repertoire) {
  if (count == 0 || most == 0 || columns <= 0) return "";
  const double share = std::min(1.0, static_cast<double>(count) / static_cast<double>(most));
  if (repertoire == Repertoire::Ascii) {
    const auto length = std::max(1.0, std::round(share * columns));
    return std::string(static_cast<std::size_t>(length), '#');
  }
  const auto eighths = static_cast<std::size_t>(std::max(1.0, std::round(share * columns * 8)));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += kEighthsWide.back();
  if (eighths % 8 != 0) text += kEighthsWide[eighths % 8 - 1];
  return text;
}

std::string sparkline(std::span<const std::uint64_t> values, int columns, Repertoire repertoire) {
  if (columns <= 0) return "";
  values = values.last(std::min(values.size(), static_cast<std::size_t>(columns)));
  if (values.empty()) return "";
  const std::uint64_t most = *std::max_element(values.begin(), values.end());
  const auto& heights = repertoire == Repertoire::Ascii ? kAsciiHigh : kEighthsHigh;
  std::string text;
  for (const std::uint64_t value : values) {
    if (value == 0) {
      text += ' ';
      continue;
    }
    const double share = static_cast<double>(value) / static_cast<double>(most);
    text += heights[static_cast<std::size_t>(std::ceil(share * 8)) - 1];
  }
  return text;
}

}  // namespace tcptwin::sinks
