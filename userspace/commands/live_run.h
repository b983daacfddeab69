// SPDX-License-Identifier: MIT
// What `trace`, `life`, `stuck`, `record`, `top` and `doctor --watch` share: the live kernel, or a
// recording of it, through pipeline and tracker until somebody or something ends it; live with a
// census at the start, every --reconcile, and soon after every loss.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "commands/live_options.h"
#include "commands/run_recording.h"
#include "commands/watched_run.h"
#include "pipeline.h"
#include "sinks/cgroup_directory.h"
#include "sinks/clock_mapping.h"
#include "sinks/finding_filter.h"
#include "sinks/output.h"
#include "sinks/sink.h"
#include "sources/live_bpf.h"
#include "sources/recorder.h"
#include "sources/recording_source.h"
#include "system/signals.h"
#include "tracker/tracker.h"

namespace tcptwin::commands {

class LiveRun final : public WatchedRun {
 public:
  // Takes over Ctrl-C, then loads and attaches, or opens the recording, and says so. Messages go to
  // `diagnostics`.
  static Result<std::unique_ptr<LiveRun>> open(LiveRunOptions options, sinks::Output& diagnostics);

  // When it was attached: what -t and --duration count from.
  KernelTime start() const override { return clock_.start; }
  // What a summary speaks of: a file that continues another begins later than the run.
  KernelTime began() const { return replayed_ ? replayed_->facts().opened : start(); }
  // Of the host that was traced.
  const sinks::ClockMapping& clock() const override { return clock_; }
  // Of the host that was traced: "6.1.0-18-amd64".
  std::string kernel() const;
  sinks::CgroupDirectory& cgroups() override { return *cgroups_; }
  // In a replay: adds the filter that was in force when it was recorded.
  void fill_in_filter(sinks::FindingConditions& conditions, std::string& words) override;

  // From here on findings go to `findings`. Takes in what is there already. `census_tap`, if any,
  // sees the records of that census as well.
  Status begin(tracker::FindingHandler& findings, sources::RecordHandler* census_tap);
  Status begin(tracker::FindingHandler& findings) override { return begin(findings, nullptr); }

  // Waits for records and judges them; takes a census if one is due.
  Status turn() override { return turn(next_wait()); }
  Status turn(std::chrono::milliseconds wait);
  bool is_over() override;

  // Takes what the kernel has already handed over and judges what still waits, after a last census
  // where the options ask for one. From here on a signal ends the program at once.
  Status finish() override;
  // When finish() was called.
  KernelTime end() const override { return end_; }

  // The kernel side; null in a replay.
  const sources::LiveBpf* live() const { return live_.get(); }
  const tracker::Tracker& tracker() const { return *tracker_; }
  Status visit(const tracker::TwinVisitor& visitor) override {
    tracker_->visit(visitor);
    return Done{};
  }
  tracker::TrackerCounts counts() const { return tracker_->counts(); }
  const tracker::StreamStatus& stream() const override { return pipeline_->status(); }

  // Asks for a comparison soon, within the share of the time that they may take; `tap` sees its
  // records and must live until it has come.
  void ask_for_census(sources::RecordHandler& tap) { asked_tap_ = &tap; }
  // The latest one began then.
  KernelTime census_began() const { return census_began_; }
  // Before it, none at all can be taken.
  bool takes_censuses() const { return live_ && failed_censuses_ == 0; }

  // Compares with the kernel now, whether it is due or not. After an Error no other can be taken.
  Status take_census(sources::RecordHandler* tap = nullptr);

  // What a service may be told while it runs.
  void change(const tracker::StuckThresholds& stuck, std::optional<Duration> reconcile) {
    options_.reconcile = reconcile;
    tracker_->set_stuck_thresholds(stuck);
  }

  // Nobody reads what is recorded any more.
  bool recording_is_gone() const { return recorder_ != nullptr && recorder_->is_gone(); }

  // The run so far; `filter` knows what was seen, shown and lost.
  sinks::Summary summary(const sinks::FindingFilter& filter) const override;

 private:
  LiveRun(LiveRunOptions options, sinks::Output& diagnostics, system::TerminationSignals signals)
      : options_(std::move(options)), diagnostics_(diagnostics), signals_(std::move(signals)) {}

  Status open_live();
  Status open_recording();
  Status open_recorder(sources::RecordingFacts facts);
  sources::EventSource& source();
  sources::RecordHandler& intake();
  KernelTime now() const;
  Status finish_live();
  Status finish_replay();
  Status finish_recorder();

  std::chrono::milliseconds next_wait() const;
  bool census_is_due(KernelTime now) const;
  Status take_last_census();
  void report_failed_census(const Error& error);

  LiveRunOptions options_;
  sinks::Output& diagnostics_;
  std::optional<system::TerminationSignals> signals_;
  // One of the two.
  std::unique_ptr<sources::LiveBpf> live_;
  std::unique_ptr<sources::RecordingSource> replayed_;
  std::optional<ReplayProgress> progress_;
  std::unique_ptr<sources::Recorder> recorder_;  // may be missing
  std::unique_ptr<sinks::CgroupDirectory> cgroups_;
  sinks::ClockMapping clock_;
  KernelTime end_;
  std::unique_ptr<tracker::Tracker> tracker_;
  std::unique_ptr<Pipeline> pipeline_;
  tracker::FindingHandler* findings_ = nullptr;
  sources::RecordHandler* asked_tap_ = nullptr;
  KernelTime census_began_;
  KernelTime last_census_;             // when the latest one ended
  Duration census_length_{};           // of the latest one
  std::uint64_t failed_censuses_ = 0;  // 0 or 1
  std::uint64_t unrecorded_ = 0;
  bool interrupted_ = false;
};

// Whether the run of `summary` deserves another exit code than 0.
int exit_code_of(const sinks::Summary& summary, bool on_divergence, bool strict);

// Failed if `out` could not be written for another reason than that its reader went away.
Status written(const sinks::Output& out);

}  // namespace tcptwin::commands
