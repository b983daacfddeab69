// SPDX-License-Identifier: MIT
// The text of `stuck`: one line per finding, with the advice below it.
#pragma once

#include <string>

#include "sinks/cgroup_directory.h"
#include "sinks/diagnostics.h"
#include "sinks/sink.h"
#include "sinks/terminal.h"

namespace tcptwin::sinks {

class StuckTable final : public Sink {
 public:
  // Lines go to `out`, losses and the summary to `diagnostics`. `cgroups` may be null.
  StuckTable(Output& out, Output& diagnostics, const TableOptions& options,
             CgroupDirectory* cgroups);

  void on_start() override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath&) override {}
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    diagnostics_.reconciliation(reconciliation);
  }
  void on_end(const Summary& summary) override { diagnostics_.end(summary); }

 private:
  void append_extended(const tracker::Stuck& stuck);

  Output& out_;
  Diagnostics diagnostics_;
  TableOptions options_;
  std::size_t address_width_;
  CgroupDirectory* cgroups_;
  std::array<bool, tracker::kStuckKindCount> advised_{};  // the advice was given once
  std::string line_;
};

}  // namespace tcptwin::sinks
