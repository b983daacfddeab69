// SPDX-License-Identifier: MIT
#include "sinks/csv.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/divergence_text.h"
#include "sinks/table_text.h"

namespace tcptwin::sinks {
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
  finish_row(header);
  out_.write(header);
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
  append_csv_times(row_, options_, step.time);
  if (step.owner.confidence == tracker::OwnerConfidence::None) {
    row_ += ",,";
  } else {
    fmt::format_to(std::back_inserter(row_), "{},", step.owner.actor.pid);
    append_field(row_, printable(step.owner.actor.comm.view()));
  }
  append_csv_endpoint(row_, step.connection.tuple.local);
  append_csv_endpoint(row_, step.connection.tuple.remote);
  fmt::format_to(std::back_inserter(row_), "{},{},", name(step.from), name(step.to));
  append_csv_milliseconds(row_, step.dwell);
  append_csv_milliseconds(row_, step.dwell_at_least);
  fmt::format_to(std::back_inserter(row_), "{},{},", label(step.cause), label(step.verdict));
  append_field(row_, step.rule);
  if (options_.evidence) append_evidence(step);
  if (options_.call_paths) {
    const tracker::CallPath* path = paths_.find(step.call_path);
    append_field(row_, path == nullptr ? "" : call_path_text(*path));
  }
  finish_row(row_);
  out_.write(row_);
}

void CsvSink::on_divergence(const tracker::Divergence& divergence) {
  diagnostics_.text(divergence_text(divergence, options_.clock, paths_, DivergenceStyle{}));
}

}  // namespace tcptwin::sinks
