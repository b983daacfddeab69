// SPDX-License-Identifier: MIT
// The table a person reads: one line per state change, aligned, and a block per divergence.
#pragma once

#include <string>

#include "sinks/clock_mapping.h"
#include "sinks/diagnostics.h"
#include "sinks/output.h"
#include "sinks/short_text.h"
#include "sinks/sink.h"
#include "sinks/words.h"

namespace tcptwin::sinks {

enum class Colour { Never, Always };

// Which times stand at the beginning of a line.
enum class TimeColumns {
  WallClock,     // HH:MM:SS.mmm, the default and -T
  SinceStart,    // -t
  WallAndSince,  // -T -t
};

struct TableOptions {
  ClockMapping clock{};
  TimeColumns times = TimeColumns::WallClock;
  Colour colour = Colour::Never;
  bool header = true;
  bool wide_addresses = false;  // -w: room for any IPv6 address
  bool evidence = false;        // -x: a second line
  bool call_paths = false;      // --stack
  std::size_t columns = 0;      // of the terminal; 0: as many as it takes
};

class TerminalSink final : public Sink {
 public:
  // Findings go to `out`; losses and the summary to `diagnostics`.
  TerminalSink(Output& out, Output& diagnostics, const TableOptions& options);

  void on_start() override;
  void on_step(const tracker::Step& step) override;
  void on_segment(const tracker::SegmentFound& found) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath& call_path) override { paths_.add(call_path); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    diagnostics_.reconciliation(reconciliation);
  }
  void on_end(const Summary& summary) override { diagnostics_.end(summary); }

 private:
  void append_address(const Address& address);
  void append_ends(const tracker::Owner& owner, KernelTime time, const Tuple& tuple);
  void append_verdict(const tracker::Step& step);
  void append_evidence(const tracker::Step& step);
  void append_call_path(std::uint32_t id);

  Output& out_;
  Diagnostics diagnostics_;
  TableOptions options_;
  std::size_t address_width_;
  CallPaths paths_;
  std::string line_;
};

// "12.345", ">=12.345" or "-": how long the state was held.
ShortText dwell_text(const tracker::Step& step);

}  // namespace tcptwin::sinks
