// SPDX-License-Identifier: MIT
// Comma-separated values (RFC 4180), one row per state change, with a header row.
#pragma once

#include <string>

#include "sinks/clock_mapping.h"
#include "sinks/diagnostics.h"
#include "sinks/output.h"
#include "sinks/sink.h"
#include "sinks/terminal.h"
#include "sinks/words.h"

namespace tcptwin::sinks {

class CsvSink final : public Sink {
 public:
  // Rows go to `out`; divergence blocks, losses and the summary to `diagnostics`.
  CsvSink(Output& out, Output& diagnostics, const TableOptions& options)
      : out_(out), diagnostics_(out, diagnostics), options_(options) {}

  void on_start() override;
  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath& call_path) override { paths_.add(call_path); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    diagnostics_.reconciliation(reconciliation);
  }
  void on_end(const Summary& summary) override { diagnostics_.end(summary); }

 private:
  void append_evidence(const tracker::Step& step);

  Output& out_;
  Diagnostics diagnostics_;
  TableOptions options_;
  CallPaths paths_;
  std::string row_;
};

}  // namespace tcptwin::sinks
