// SPDX-License-Identifier: MIT
#include "sinks/csv.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/summary_text.h"

namespace tcptwin::sinks {
namespace {

// Quoted only where RFC 4180 demands it.
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

void append_milliseconds(std::string& row, const std::optional<Duration>& duration) {
  if (duration) {
    fmt::format_to(std::back_inserter(row), "{:.3f}", static_cast<double>(duration->count()) / 1e6);
  }
  row += ',';
}

void append_endpoint(std::string& row, const Endpoint& endpoint) {
  fmt::format_to(std::back_inserter(row), "{},{},", AddressText{endpoint.address}.view(),
                 endpoint.port);
}

void finish(std::string& row) {
  row.back() = '\n';  // in place of the last comma
}

}  // namespace

void CsvSink::on_start() {
  if (!options_.header) return;
  std::string header;
  if (options_.times != TimeColumns::SinceStart) header += "TIME,";
  if (options_.times != TimeColumns::WallClock) header += "SECONDS,";
  header += "PID,COMM,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS,MS_AT_LEAST,CAUSE,VERDICT,RULE,";
  if (options_.evidence) {
    header += "CONN,ROLE,OWNER,OBSERVED,CONTEXT,CONFIDENCE,NETNS,CGROUP,REASON,EVIDENCE,";
  }
  if (options_.call_paths) header += "CALL_PATH,";
  finish(header);
  out_.write(header);
}

void CsvSink::append_times(KernelTime time) {
  if (options_.times != TimeColumns::SinceStart) {
    append_field(row_, rfc3339_time(options_.clock, time).view());
  }
  if (options_.times != TimeColumns::WallClock) {
    append_field(row_, seconds_since_start(options_.clock, time).view());
  }
}

void CsvSink::append_evidence(const tracker::Step& step) {
  const auto& connection = step.connection;
  fmt::format_to(std::back_inserter(row_), "{:#x}.{},{},{},{},{},{},{},{},", connection.id.cookie,
                 connection.id.generation, label(connection.role), label(step.owner.confidence),
                 label(step.observed_by), context_word(step.context), label(step.confidence),
                 connection.tuple.netns, connection.cgroup);
  append_field(row_, step.reason);
  append_field(row_, step.evidence ? evidence_words(*step.evidence) : "");
}

void CsvSink::on_step(const tracker::Step& step) {
  row_.clear();
  append_times(step.time);
  if (step.owner.confidence == tracker::OwnerConfidence::None) {
    row_ += ",,";
  } else {
    fmt::format_to(std::back_inserter(row_), "{},", step.owner.actor.pid);
    append_field(row_, printable(step.owner.actor.comm.view()));
  }
  append_endpoint(row_, step.connection.tuple.local);
  append_endpoint(row_, step.connection.tuple.remote);
  fmt::format_to(std::back_inserter(row_), "{},{},", name(step.from), name(step.to));
  append_milliseconds(row_, step.dwell);
  append_milliseconds(row_, step.dwell_at_least);
  fmt::format_to(std::back_inserter(row_), "{},{},", label(step.cause), label(step.verdict));
  append_field(row_, step.rule);
  if (options_.evidence) append_evidence(step);
  if (options_.call_paths) {
    const tracker::CallPath* path = paths_.find(step.call_path);
    append_field(row_, path == nullptr ? "" : call_path_text(*path));
  }
  finish(row_);
  out_.write(row_);
}

void CsvSink::on_divergence(const tracker::Divergence& divergence) {
  out_.flush();
  diagnostics_.write(divergence_text(divergence, options_.clock, paths_, DivergenceStyle{}));
  diagnostics_.flush();
}

void CsvSink::on_loss(const tracker::Loss& loss) {
  if (loss.where == tracker::LossPlace::Unseen) return;
  diagnostics_.write(loss_text(loss));
  diagnostics_.flush();
}

void CsvSink::on_end(const Summary& summary) {
  out_.flush();
  diagnostics_.write(summary_text(summary));
  diagnostics_.flush();
}

}  // namespace tcptwin::sinks
