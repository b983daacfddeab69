// SPDX-License-Identifier: MIT
// `life` as comma-separated values (RFC 4180): everything that is known of a connection, one row.
#pragma once

#include <string>

#include "sinks/cgroup_directory.h"
#include "sinks/diagnostics.h"
#include "sinks/life_record.h"
#include "sinks/sink.h"
#include "sinks/terminal.h"
#include "sinks/words.h"

namespace tcptwin::sinks {

class LifeCsv final : public Sink, public LifeReceiver {
 public:
  // Rows go to `out`; divergences, losses and the summary to `diagnostics`. `cgroups` may be null.
  LifeCsv(Output& out, Output& diagnostics, const TableOptions& options, CgroupDirectory* cgroups)
      : out_(out), diagnostics_(out, diagnostics), options_(options), cgroups_(cgroups) {}

  void on_start() override;
  void on_life_record(const LifeRecord& record) override;
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath& call_path) override { paths_.add(call_path); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    diagnostics_.reconciliation(reconciliation);
  }
  void on_end(const Summary& summary) override { diagnostics_.end(summary); }

 private:
  void append_spans(const tracker::Life& life);
  void append_counters(const tracker::Life& life);
  void append_owners(const tracker::Life& life);
  void append_identity(const tracker::Life& life);
  void append_other_end(const LifeRecord& record);

  Output& out_;
  Diagnostics diagnostics_;
  TableOptions options_;
  CgroupDirectory* cgroups_;
  CallPaths paths_;
  std::string row_;
};

}  // namespace tcptwin::sinks
