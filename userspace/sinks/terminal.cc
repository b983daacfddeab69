// SPDX-License-Identifier: MIT
#include "sinks/terminal.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/summary_text.h"

namespace tcptwin::sinks {
namespace {

using model::Severity;
using model::Verdict;
using tracker::Step;

// Columns that hold what occurs in practice; longer content pushes the line on, never cut.
constexpr std::size_t kAddressWidth = 15;      // any IPv4 address
constexpr std::size_t kWideAddressWidth = 39;  // any IPv6 address
constexpr std::size_t kCommWidth = 15;         // the kernel keeps no more bytes
constexpr std::size_t kDwellWidth = 10;
constexpr std::size_t kCallPathColumns = 150;  // about as wide as the table

constexpr std::string_view kNormal = "\x1b[0m";
constexpr std::string_view kFaint = "\x1b[2m";
constexpr std::string_view kStrongRed = "\x1b[1;31m";

void pad(std::string& line, std::size_t used, std::size_t width) {
  line.append(used < width ? width - used : 0, ' ');
}

// Left-aligned, and a blank after it even if it is too long.
void append_column(std::string& line, std::string_view text, std::size_t width) {
  line += text;
  pad(line, display_width(text), width);
  line += ' ';
}

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

double milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

std::string dwell_text(const Step& step) {
  if (step.dwell) return fmt::format("{:.3f}", milliseconds(*step.dwell));
  if (step.dwell_at_least) return fmt::format(">={:.3f}", milliseconds(*step.dwell_at_least));
  return "-";
}

TerminalSink::TerminalSink(Output& out, Output& diagnostics, const TableOptions& options)
    : out_(out),
      diagnostics_(diagnostics),
      options_(options),
      address_width_(options.wide_addresses ? kWideAddressWidth : kAddressWidth) {}

void TerminalSink::on_start() {
  if (!options_.header) return;
  std::string line;
  if (options_.times != TimeColumns::SinceStart) append_column(line, "TIME", 12);
  if (options_.times != TimeColumns::WallClock) line += fmt::format("{:>11} ", "SECONDS");
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

void TerminalSink::append_times(KernelTime time) {
  if (options_.times != TimeColumns::SinceStart) {
    append_column(line_, clock_time(options_.clock, time).view(), 12);
  }
  if (options_.times != TimeColumns::WallClock) {
    const TimeText text = seconds_since_start(options_.clock, time);
    fmt::format_to(std::back_inserter(line_), "{:>11} ", text.view());
  }
}

void TerminalSink::append_address(const Address& address) {
  append_column(line_, AddressText{address}.view(), address_width_);
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

void TerminalSink::on_step(const Step& step) {
  const Tuple& tuple = step.connection.tuple;
  line_.clear();
  append_times(step.time);
  if (step.owner.confidence == tracker::OwnerConfidence::None) {
    fmt::format_to(std::back_inserter(line_), "{:>7} ", "-");
    append_column(line_, "-", kCommWidth);
  } else {
    fmt::format_to(std::back_inserter(line_), "{:>7} ", step.owner.actor.pid);
    append_column(line_, printable(step.owner.actor.comm.view()), kCommWidth);
  }
  append_address(tuple.local.address);
  fmt::format_to(std::back_inserter(line_), "{:<5} ", tuple.local.port);
  append_address(tuple.remote.address);
  fmt::format_to(std::back_inserter(line_), "{:<5} ", tuple.remote.port);
  fmt::format_to(std::back_inserter(line_), "{:<12} -> {:<12} {:>{}}  ", name(step.from),
                 name(step.to), dwell_text(step), kDwellWidth);
  append_column(line_, label(step.cause), 22);
  append_verdict(step);
  if (options_.evidence) append_evidence(step);
  if (options_.call_paths) append_call_path(step.call_path);
  out_.write(line_);
}

void TerminalSink::on_divergence(const tracker::Divergence& divergence) {
  const DivergenceStyle style =
      options_.colour == Colour::Always ? DivergenceStyle{kStrongRed, kNormal} : DivergenceStyle{};
  out_.write(divergence_text(divergence, options_.clock, paths_, style));
}

void TerminalSink::on_loss(const tracker::Loss& loss) {
  // A gap already shows as the verdict of a line.
  if (loss.where == tracker::LossPlace::Unseen) return;
  out_.flush();
  diagnostics_.write(loss_text(loss));
  diagnostics_.flush();
}

void TerminalSink::on_end(const Summary& summary) {
  out_.flush();
  diagnostics_.write(summary_text(summary));
  diagnostics_.flush();
}

}  // namespace tcptwin::sinks
