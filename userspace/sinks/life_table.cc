// SPDX-License-Identifier: MIT
#include "sinks/life_table.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/life_text.h"
#include "sinks/table_text.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kNarrowComm = 10;
constexpr std::size_t kMillisecondsWidth = 10;
constexpr std::size_t kUsualPhrase = 19;  // "closed by this host"
constexpr std::size_t kUsualCause = 21;   // " (close_unread_abort)"
constexpr std::size_t kExtendedColumns = 150;

// How wide a usual IPv4 line is with these columns.
std::size_t width_of(const LifeColumns& columns) {
  std::size_t width = 8 + columns.comm + 1 + 6 + kAddressWidth + 1 + 6 + kMillisecondsWidth + 2;
  if (columns.times) width += 13;
  if (columns.local_address) width += kAddressWidth + 1;
  if (columns.bytes) width += 12;
  return width + kUsualPhrase + (columns.cause ? kUsualCause : 0);
}

std::string_view colour_of(const model::Ending& ending) {
  switch (ending.how) {
    case model::EndedHow::Fin:
      return "\x1b[32m";
    case model::EndedHow::Unknown:
      return kFaint;
    case model::EndedHow::ResetSent:
    case model::EndedHow::ResetReceived:
    case model::EndedHow::Refused:
    case model::EndedHow::Unreachable:
    case model::EndedHow::Timeout:
    case model::EndedHow::Silent:
      return kYellow;
  }
  return "";
}

}  // namespace

LifeColumns life_columns(const TableOptions& options) {
  LifeColumns columns;
  if (options.columns == 0 || options.wide_addresses) return columns;
  const auto fits = [&] { return width_of(columns) <= options.columns; };
  if (!fits()) columns.cause = false;
  if (!fits()) columns.comm = kNarrowComm;
  if (!fits()) columns.local_address = false;
  if (!fits() && options.times == TimeColumns::WallClock) columns.times = false;
  if (!fits()) columns.bytes = false;
  return columns;
}

LifeTable::LifeTable(Output& out, Output& diagnostics, const TableOptions& options,
                     CgroupDirectory* cgroups)
    : out_(out),
      diagnostics_(out, diagnostics),
      options_(options),
      columns_(life_columns(options)),
      address_width_(options.wide_addresses ? kWideAddressWidth : kAddressWidth),
      cgroups_(cgroups) {}

void LifeTable::on_start() {
  if (!options_.header) return;
  std::string line;
  if (columns_.times) append_time_heading(line, options_.times);
  line += fmt::format("{:>7} ", "PID");
  append_column(line, "COMM", columns_.comm);
  if (columns_.local_address) append_column(line, "LADDR", address_width_);
  append_column(line, "LPORT", 5);
  append_column(line, "RADDR", address_width_);
  append_column(line, "RPORT", 5);
  if (columns_.bytes) line += fmt::format("{:>5} {:>5} ", "IN", "OUT");
  out_.write(line + fmt::format("{:>{}}  ENDING\n", "MS", kMillisecondsWidth));
}

void LifeTable::append_beginning(KernelTime time, const tracker::Owner& owner, const Tuple& tuple) {
  line_.clear();
  if (columns_.times) append_times(line_, options_, time);
  append_owner(line_, owner, columns_.comm);
  if (columns_.local_address) {
    append_column(line_, AddressText{tuple.local.address}.view(), address_width_);
  }
  fmt::format_to(std::back_inserter(line_), "{:<5} ", tuple.local.port);
  append_column(line_, AddressText{tuple.remote.address}.view(), address_width_);
  fmt::format_to(std::back_inserter(line_), "{:<5} ", tuple.remote.port);
}

void LifeTable::append_bytes(bool are_known, std::uint64_t in, std::uint64_t out) {
  if (!columns_.bytes) return;
  fmt::format_to(std::back_inserter(line_), "{:>5} {:>5} ", are_known ? bytes_text(in) : "-",
                 are_known ? bytes_text(out) : "-");
}

void LifeTable::append_ending(const LifeRecord& record) {
  const bool coloured = options_.colour == Colour::Always;
  if (coloured) line_ += colour_of(record.life.ending);
  line_ += columns_.cause ? ending_text(record) : std::string{phrase(record.life.ending)};
  if (coloured) line_ += kNormal;
  if (record.life.verdict == model::Verdict::Divergence) {
    line_ += coloured ? fmt::format("  {}divergence{}", kStrongRed, kNormal) : "  divergence";
  }
  line_ += '\n';
}

void LifeTable::append_indented(const std::string& words) {
  if (!words.empty()) append_wrapped(line_, "    ", "      ", words, kExtendedColumns);
}

void LifeTable::append_extended(const tracker::Life& life, std::string_view before) {
  if (options_.colour == Colour::Always) line_ += kFaint;
  append_indented(std::string{before} + path_text(life));
  append_indented(life_words(life));
  append_indented(identity_words(life, cgroups_));
  if (options_.colour == Colour::Always) line_ += kNormal;
}

void LifeTable::on_life_record(const LifeRecord& record) {
  const tracker::Life& life = record.life;
  append_beginning(life.ended, life.owners.best(), life.connection.tuple);
  append_bytes(bytes_are_known(life), life.bytes_in, life.bytes_out);
  fmt::format_to(std::back_inserter(line_), "{:>{}}  ",
                 milliseconds_text(life.duration, life.duration_at_least), kMillisecondsWidth);
  append_ending(record);
  if (options_.evidence) {
    append_extended(life, "");
    if (record.other_end) append_extended(*record.other_end, "other end: ");
  }
  out_.write(line_);
}

void LifeTable::on_open(const tracker::TwinView& twin, KernelTime now) {
  append_beginning(now, twin.owners.best(), twin.connection.tuple);
  const bool known = twin.last != nullptr;
  append_bytes(known, known ? twin.last->bytes_received : 0, known ? twin.last->bytes_acked : 0);
  const auto age = twin.entered ? std::optional{now - *twin.entered} : std::nullopt;
  fmt::format_to(std::back_inserter(line_), "{:>{}}  open: {} for {}\n", "-", kMillisecondsWidth,
                 name(twin.state), span_text(age, now - twin.known_since));
  out_.write(line_);
}

void LifeTable::on_divergence(const tracker::Divergence& divergence) {
  const DivergenceStyle style =
      options_.colour == Colour::Always ? DivergenceStyle{kStrongRed, kNormal} : DivergenceStyle{};
  out_.write(divergence_text(divergence, options_.clock, paths_, style));
}

}  // namespace tcptwin::sinks
