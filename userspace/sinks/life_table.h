// SPDX-License-Identifier: MIT
// The table of `life`: one line per connection that has ended. On a terminal that is narrower than
// the table the columns that matter least are left out.
#pragma once

#include <string>

#include "sinks/cgroup_directory.h"
#include "sinks/diagnostics.h"
#include "sinks/life_record.h"
#include "sinks/sink.h"
#include "sinks/terminal.h"
#include "sinks/words.h"
#include "tracker/snapshot.h"

namespace tcptwin::sinks {

// Which columns there is room for.
struct LifeColumns {
  bool times = true;
  bool local_address = true;
  bool bytes = true;
  bool cause = true;  // behind the ending in plain words
  std::size_t comm = 15;
};
LifeColumns life_columns(const TableOptions& options);

class LifeTable final : public Sink, public LifeReceiver {
 public:
  // Lines go to `out`, losses and the summary to `diagnostics`. `cgroups` may be null.
  LifeTable(Output& out, Output& diagnostics, const TableOptions& options,
            CgroupDirectory* cgroups);

  void on_start() override;
  void on_life_record(const LifeRecord& record) override;
  // A connection that has not ended (--open).
  void on_open(const tracker::TwinView& twin, KernelTime now);
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath& call_path) override { paths_.add(call_path); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    diagnostics_.reconciliation(reconciliation);
  }
  void on_end(const Summary& summary) override { diagnostics_.end(summary); }

 private:
  void append_beginning(KernelTime time, const tracker::Owner& owner, const Tuple& tuple);
  void append_bytes(bool are_known, std::uint64_t in, std::uint64_t out);
  void append_ending(const LifeRecord& record);
  void append_extended(const tracker::Life& life, std::string_view before);
  void append_indented(const std::string& words);

  Output& out_;
  Diagnostics diagnostics_;
  TableOptions options_;
  LifeColumns columns_;
  std::size_t address_width_;
  CgroupDirectory* cgroups_;
  CallPaths paths_;
  std::string line_;
};

}  // namespace tcptwin::sinks
