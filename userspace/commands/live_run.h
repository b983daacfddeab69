// SPDX-License-Identifier: MIT
// What `trace`, `life`, `stuck`, `top` and `doctor --watch` share: the live kernel through pipeline
// and tracker until somebody or something ends it, with a census at the start, every --reconcile,
// and soon after every loss.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "commands/live_options.h"
#include "pipeline.h"
#include "sinks/finding_filter.h"
#include "sinks/output.h"
#include "sinks/sink.h"
#include "sources/live_bpf.h"
#include "system/signals.h"
#include "tracker/tracker.h"

namespace tcptwin::commands {

class LiveRun {
 public:
  // Takes over Ctrl-C, then loads and attaches, and says so. Messages go to `diagnostics`.
  static Result<std::unique_ptr<LiveRun>> open(LiveRunOptions options, sinks::Output& diagnostics);

  // When it was attached: what -t and --duration count from.
  KernelTime start() const { return start_; }
  const sources::LiveBpf& source() const { return *source_; }

  // From here on findings go to `findings`. Takes in what is there already. `census_tap`, if any,
  // sees the records of that census as well.
  Status begin(tracker::FindingHandler& findings, sources::RecordHandler* census_tap = nullptr);

  // Waits up to `wait` for records and judges them; takes a census if one is due.
  Status turn(std::chrono::milliseconds wait);

  // Turns until a signal, the end of --duration, or `is_over` says so; `is_over` is asked after
  // every turn and may print.
  Status run_until(const std::function<bool()>& is_over);
  // --duration is over, or a signal came.
  bool is_over();

  // Takes what the kernel has already handed over and judges what still waits. From here on a
  // signal ends the program at once.
  Status finish();

  const tracker::Tracker& tracker() const { return *tracker_; }
  tracker::TrackerCounts counts() const { return tracker_->counts(); }
  const tracker::StreamStatus& stream() const { return pipeline_->status(); }
  std::uint64_t failed_censuses() const { return failed_censuses_; }

  // Compares with the kernel now, whether it is due or not.
  Status take_census(sources::RecordHandler* tap = nullptr);

  // The run so far; `filter` knows what was seen, shown and lost.
  sinks::Summary summary(const sinks::FindingFilter& filter) const;

 private:
  LiveRun(LiveRunOptions options, sinks::Output& diagnostics, system::TerminationSignals signals,
          std::unique_ptr<sources::LiveBpf> source);

  std::chrono::milliseconds next_wait() const;
  bool census_is_due(KernelTime now) const;
  void report_failed_census(const Error& error);

  LiveRunOptions options_;
  sinks::Output& diagnostics_;
  std::optional<system::TerminationSignals> signals_;
  std::unique_ptr<sources::LiveBpf> source_;
  KernelTime start_;
  std::unique_ptr<tracker::Tracker> tracker_;
  std::unique_ptr<Pipeline> pipeline_;
  tracker::FindingHandler* findings_ = nullptr;
  KernelTime last_census_;    // when the latest one ended
  Duration census_length_{};  // of the latest one
  std::uint64_t failed_censuses_ = 0;
  bool interrupted_ = false;
};

// Whether the run of `summary` deserves another exit code than 0.
int exit_code_of(const sinks::Summary& summary, bool on_divergence, bool strict);

// Failed if `out` could not be written for another reason than that its reader went away.
Status written(const sinks::Output& out);

}  // namespace tcptwin::commands
