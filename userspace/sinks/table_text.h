// SPDX-License-Identifier: MIT
// Columns of the tables for people: padding, times, owners, fields of CSV.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "sinks/terminal.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

inline constexpr std::size_t kAddressWidth = 15;      // any IPv4 address
inline constexpr std::size_t kWideAddressWidth = 39;  // any IPv6 address
inline constexpr std::size_t kCommWidth = 15;         // the kernel keeps no more bytes

inline constexpr std::string_view kNormal = "\x1b[0m";
inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kFaint = "\x1b[2m";
inline constexpr std::string_view kYellow = "\x1b[33m";
inline constexpr std::string_view kStrongRed = "\x1b[1;31m";

// Left-aligned, and a blank after it even if it is too long; nothing is ever cut.
void append_column(std::string& line, std::string_view text, std::size_t width);
// The same for text of our own, which is ASCII; and right-aligned.
void append_word(std::string& line, std::string_view word, std::size_t width);
void append_right(std::string& line, std::string_view word, std::size_t width);
// The heading of the time columns, and the times.
void append_time_heading(std::string& line, TimeColumns times);
void append_times(std::string& line, const TableOptions& options, KernelTime time);
// "    812 curl           " or "      - -              ".
void append_owner(std::string& line, const tracker::Owner& owner, std::size_t comm_width);

// CSV: quoted only where RFC 4180 demands it, and a comma behind.
void append_field(std::string& row, std::string_view text);
void append_csv_times(std::string& row, const TableOptions& options, KernelTime time);
void append_csv_milliseconds(std::string& row, const std::optional<Duration>& duration);
void append_csv_endpoint(std::string& row, const Endpoint& endpoint);
// Puts the newline in place of the last comma.
void finish_row(std::string& row);

}  // namespace tcptwin::sinks
