// SPDX-License-Identifier: MIT
#include "sinks/table_text.h"

#include <fmt/format.h>

#include "sinks/short_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {

void append_column(std::string& line, std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  line += text;
  line.append(used < width ? width - used : 0, ' ');
  line += ' ';
}

void append_word(std::string& line, std::string_view word, std::size_t width) {
  line += word;
  line.append(word.size() < width ? width - word.size() + 1 : 1, ' ');
}

void append_right(std::string& line, std::string_view word, std::size_t width) {
  line.append(word.size() < width ? width - word.size() : 0, ' ');
  line += word;
}

void append_time_heading(std::string& line, TimeColumns times) {
  if (times != TimeColumns::SinceStart) append_column(line, "TIME", 12);
  if (times != TimeColumns::WallClock) line += fmt::format("{:>11} ", "SECONDS");
}

void append_times(std::string& line, const TableOptions& options, KernelTime time) {
  if (options.times != TimeColumns::SinceStart) {
    append_word(line, clock_time(options.clock, time).view(), 12);
  }
  if (options.times != TimeColumns::WallClock) {
    append_right(line, seconds_since_start(options.clock, time).view(), 11);
    line += ' ';
  }
}

void append_owner(std::string& line, const tracker::Owner& owner, std::size_t comm_width) {
  if (owner.is_known()) {
    append_right(line, number_text(owner.actor.pid).view(), 7);
    line += ' ';
    const std::string_view comm = owner.actor.comm.view();
    if (is_plain(comm)) {
      append_word(line, comm, comm_width);
    } else {
      append_column(line, printable(comm), comm_width);
    }
  } else {
    append_right(line, "-", 7);
    line += ' ';
    append_word(line, "-", comm_width);
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
  if (duration) row += milliseconds_text(*duration).view();
  row += ',';
}

void append_csv_endpoint(std::string& row, const Endpoint& endpoint) {
  row += AddressText{endpoint.address}.view();
  row += ',';
  row += number_text(endpoint.port).view();
  row += ',';
}

void finish_row(std::string& row) {
  row.back() = '\n';
}

}  // namespace tcptwin::sinks
