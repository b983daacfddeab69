// SPDX-License-Identifier: MIT
#include "sinks/table_text.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/words.h"

namespace tcptwin::sinks {

void append_column(std::string& line, std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  line += text;
  line.append(used < width ? width - used : 0, ' ');
  line += ' ';
}

void append_time_heading(std::string& line, TimeColumns times) {
  if (times != TimeColumns::SinceStart) append_column(line, "TIME", 12);
  if (times != TimeColumns::WallClock) line += fmt::format("{:>11} ", "SECONDS");
}

void append_times(std::string& line, const TableOptions& options, KernelTime time) {
  if (options.times != TimeColumns::SinceStart) {
    append_column(line, clock_time(options.clock, time).view(), 12);
  }
  if (options.times != TimeColumns::WallClock) {
    const TimeText text = seconds_since_start(options.clock, time);
    fmt::format_to(std::back_inserter(line), "{:>11} ", text.view());
  }
}

void append_owner(std::string& line, const tracker::Owner& owner, std::size_t comm_width) {
  if (owner.is_known()) {
    fmt::format_to(std::back_inserter(line), "{:>7} ", owner.actor.pid);
    append_column(line, printable(owner.actor.comm.view()), comm_width);
  } else {
    fmt::format_to(std::back_inserter(line), "{:>7} ", "-");
    append_column(line, "-", comm_width);
  }
}

void append_field(std::string& row, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    row += text;
  } else {
    row += '"';
    for (const char character : text) {
      if (character == '"') row += '"';
      row += character;
    }
    row += '"';
  }
  row += ',';
}

void append_csv_times(std::string& row, const TableOptions& options, KernelTime time) {
  if (options.times != TimeColumns::SinceStart) {
    append_field(row, rfc3339_time(options.clock, time).view());
  }
  if (options.times != TimeColumns::WallClock) {
    append_field(row, seconds_since_start(options.clock, time).view());
  }
}

void append_csv_milliseconds(std::string& row, const std::optional<Duration>& duration) {
  if (duration) {
    fmt::format_to(std::back_inserter(row), "{:.3f}", static_cast<double>(duration->count()) / 1e6);
  }
  row += ',';
}

void append_csv_endpoint(std::string& row, const Endpoint& endpoint) {
  fmt::format_to(std::back_inserter(row), "{},{},", AddressText{endpoint.address}.view(),
                 endpoint.port);
}

void finish_row(std::string& row) {
  row.back() = '\n';
}

}  // namespace tcptwin::sinks
