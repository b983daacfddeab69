// SPDX-License-Identifier: MIT
#include "sinks/terminal.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/segment_text.h"
#include "sinks/table_text.h"

namespace tcptwin::sinks {
namespace {

using model::Severity;
using model::Verdict;
using tracker::Step;

// Columns that hold what occurs in practice; longer content pushes the line on, never cut.
constexpr std::size_t kDwellWidth = 10;
constexpr std::size_t kCallPathColumns = 150;  // about as wide as the table

// A deviation's colour says how much it matters; a benign one shall not alarm.
std::string_view deviation_colour(model::DialectId id) {
  if (id == model::DialectId::None) return "\x1b[33m";
  switch (model::entry(id).severity) {
    case Severity::Benign:
      return "\x1b[36m";
    case Severity::Notable:
      return "\x1b[33m";
    case Severity::Violates:
      return "\x1b[35m";
  }
  return "";
}

std::string_view colour_of(const Step& step) {
  switch (step.verdict) {
    case Verdict::Conformant:
      return "\x1b[32m";
    case Verdict::Deviation:
      return deviation_colour(step.dialect);
    case Verdict::Divergence:
      return kStrongRed;
    case Verdict::Unverified:
    case Verdict::Gap:
      return kFaint;
  }
  return "";
}

// What begins, ends and breaks a connection, each in the colour of its kind.
std::string_view segment_colour(const tracker::Segment& segment) {
  if (segment.rst) return "\x1b[31m";
  if (segment.fin) return "\x1b[35m";
  return segment.syn ? "\x1b[34m" : "";
}

}  // namespace

ShortText dwell_text(const Step& step) {
  if (step.dwell) return milliseconds_text(*step.dwell);
  ShortText text;
  if (step.dwell_at_least) {
    text.append(">=");
    text.append(milliseconds_text(*step.dwell_at_least).view());
  } else {
    text.append('-');
  }
  return text;
}

TerminalSink::TerminalSink(Output& out, Output& diagnostics, const TableOptions& options)
    : out_(out),
      diagnostics_(out, diagnostics),
      options_(options),
      address_width_(options.wide_addresses ? kWideAddressWidth : kAddressWidth) {}

void TerminalSink::on_start() {
  if (!options_.header) return;
  std::string line;
  append_time_heading(line, options_.times);
  line += fmt::format("{:>7} ", "PID");
  append_column(line, "COMM", kCommWidth);
  append_column(line, "LADDR", address_width_);
  append_column(line, "LPORT", 5);
  append_column(line, "RADDR", address_width_);
  append_column(line, "RPORT", 5);
  line += fmt::format("{:<12} -> {:<12} {:>{}}  ", "OLDSTATE", "NEWSTATE", "MS", kDwellWidth);
  append_column(line, "CAUSE", 22);
  out_.write(line + "VERDICT\n");
}

void TerminalSink::append_address(const Address& address) {
  append_word(line_, AddressText{address}.view(), address_width_);
}

void TerminalSink::append_verdict(const Step& step) {
  const bool coloured = options_.colour == Colour::Always;
  if (coloured) line_ += colour_of(step);
  line_ += label(step.verdict);
  if (step.verdict == Verdict::Deviation && step.dialect != model::DialectId::None) {
    line_ += ' ';
    line_ += label(step.dialect);
  }
  if (coloured) line_ += kNormal;
  const bool unsure = step.verdict == Verdict::Unverified || step.verdict == Verdict::Gap;
  if (unsure && !step.reason.empty()) {
    line_ += ": ";
    line_ += step.reason;
  }
  line_ += '\n';
}

void TerminalSink::append_evidence(const Step& step) {
  const auto& connection = step.connection;
  if (options_.colour == Colour::Always) line_ += kFaint;
  const std::string words = step.evidence ? evidence_words(*step.evidence) : std::string{};
  if (!words.empty()) line_ += "    " + words + '\n';
  fmt::format_to(std::back_inserter(line_), "    rule=\"{}\" confidence={} observed_by={}",
                 step.rule, label(step.confidence), label(step.observed_by));
  fmt::format_to(std::back_inserter(line_), " context={} owner={} role={}",
                 context_word(step.context), label(step.owner.confidence), label(connection.role));
  fmt::format_to(std::back_inserter(line_), " conn={:#x}.{} netns={}", connection.id.cookie,
                 connection.id.generation, connection.tuple.netns);
  if (connection.cgroup != 0) {
    fmt::format_to(std::back_inserter(line_), " cgroup={}", connection.cgroup);
  }
  if (connection.adopted) line_ += " adopted";
  if (connection.mptcp) line_ += " mptcp";
  if (step.to.holder == model::Holder::Minisocket) line_ += " in_minisocket";
  if (options_.colour == Colour::Always) line_ += kNormal;
  line_ += '\n';
}

void TerminalSink::append_call_path(std::uint32_t id) {
  const tracker::CallPath* path = paths_.find(id);
  if (path == nullptr) return;
  append_wrapped(line_, "    call path: ", "      ", call_path_text(*path), kCallPathColumns);
}

// The columns that every line begins with.
void TerminalSink::append_ends(const tracker::Owner& owner, KernelTime time, const Tuple& tuple) {
  line_.clear();
  append_times(line_, options_, time);
  append_owner(line_, owner, kCommWidth);
  append_address(tuple.local.address);
  append_word(line_, number_text(tuple.local.port).view(), 5);
  append_address(tuple.remote.address);
  append_word(line_, number_text(tuple.remote.port).view(), 5);
}

void TerminalSink::on_step(const Step& step) {
  append_ends(step.owner, step.time, step.connection.tuple);
  append_word(line_, name(step.from), 12);
  line_ += "-> ";
  append_word(line_, name(step.to), 12);
  append_right(line_, dwell_text(step).view(), kDwellWidth);
  line_ += "  ";
  append_word(line_, label(step.cause), 22);
  append_verdict(step);
  if (options_.evidence) append_evidence(step);
  if (options_.call_paths) append_call_path(step.call_path);
  out_.write(line_);
}

// In the columns of a state change: the state that it found, its flags in place of the new state,
// bytes, numbers, and window and options in place of the verdict. ">>" leaves here, "<<" comes in.
void TerminalSink::on_segment(const tracker::SegmentFound& found) {
  const bool coloured = options_.colour == Colour::Always;
  const tracker::Segment& segment = found.segment;
  const std::string_view state = found.state ? name(*found.state) : std::string_view{"-"};
  const bool sent = segment.direction == tracker::Direction::Sent;
  append_ends(found.owner, found.time, found.tuple);
  fmt::format_to(std::back_inserter(line_), "{:<12} {} ", state, sent ? ">>" : "<<");
  if (coloured) line_ += segment_colour(segment);
  fmt::format_to(std::back_inserter(line_), "{:<12}", flags_text(segment));
  if (coloured) line_ += kNormal;
  fmt::format_to(std::back_inserter(line_), " {:>{}}  ", fmt::format("len {}", segment.payload),
                 kDwellWidth);
  append_column(line_, numbers_text(found), 22);
  if (coloured) line_ += kFaint;
  line_ += options_text(segment);
  if (options_.evidence) line_ += segment_details(found);
  if (coloured) line_ += kNormal;
  line_ += '\n';
  out_.write(line_);
}

void TerminalSink::on_divergence(const tracker::Divergence& divergence) {
  const DivergenceStyle style =
      options_.colour == Colour::Always ? DivergenceStyle{kStrongRed, kNormal} : DivergenceStyle{};
  out_.write(divergence_text(divergence, options_.clock, paths_, style));
}

}  // namespace tcptwin::sinks
