// SPDX-License-Identifier: MIT
#include "commands/live_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "commands/command.h"
#include "commands/host_cgroups.h"
#include "commands/surroundings.h"
#include "sources/prerequisites.h"

namespace tcptwin::commands {
namespace {

// How long one wait for records lasts: what Ctrl-C and the end of --duration may be late by.
constexpr std::chrono::milliseconds kWait{50};

// Censuses that a loss asks for come at most this often, and take at most this part of the time.
constexpr Duration kCensusPause = std::chrono::seconds{1};
constexpr int kCensusShare = 10;

// With a filter on local ports every connect passes the kernel side until its port is chosen.
constexpr std::size_t kUnnamedConnects = 4096;

// Hands each record to two readers.
class TappedRecords final : public sources::RecordHandler {
 public:
  TappedRecords(sources::RecordHandler& first, sources::RecordHandler* second)
      : first_(first), second_(second) {}
  void on_record(std::span<const std::byte> record) override {
    first_.on_record(record);
    if (second_ != nullptr) second_->on_record(record);
  }

 private:
  sources::RecordHandler& first_;
  sources::RecordHandler* second_;
};

// What the source of the records can show.
struct Sight {
  const sources::KernelFilter& filter;
  bool all_evidence;
  bool minisocket_segments;
};

tracker::TrackerOptions tracker_options(const LiveRunOptions& options, const Sight& sight) {
  const sources::KernelFilter& filter = sight.filter;
  tracker::TrackerOptions result;
  if (!filter.local_ports.empty() || !filter.either_ports.empty()) {
    result.unnamed_connects = kUnnamedConnects;
  }
  result.filters_by_peer =
      !filter.remote_ports.empty() || !filter.either_ports.empty() || filter.family.has_value();
  result.shows_all_evidence = sight.all_evidence;
  result.shows_minisocket_segments = sight.minisocket_segments;
  result.stuck = options.stuck;
  result.twins = options.table;
  return result;
}

}  // namespace

Result<std::unique_ptr<LiveRun>> LiveRun::open(LiveRunOptions options, sinks::Output& diagnostics) {
  auto signals = system::TerminationSignals::open();
  if (!signals) return signals.error();
  std::unique_ptr<LiveRun> run{
      new LiveRun(std::move(options), diagnostics, std::move(signals.value()))};
  const Status opened = run->options_.from.empty() ? run->open_live() : run->open_recording();
  if (!opened) return opened.error();
  diagnostics.flush();
  return run;
}

Status LiveRun::open_live() {
  options_.live.name_frames_in_kernel = !kallsyms_are_readable();
  auto opened = sources::LiveBpf::open(options_.live);
  if (!opened) return opened.error();
  live_ = std::move(opened.value());
  clock_ = clock_mapping(monotonic_now());
  const Sight sight{options_.live.filter, live_->shows_all_evidence(),
                    live_->shows_minisocket_segments()};
  tracker_ = std::make_unique<tracker::Tracker>(tracker_options(options_, sight));
  cgroups_ = std::make_unique<HostCgroups>();
  if (options_.live.traces) diagnostics_.write(live_text(*live_));
  return open_recorder(facts_of(*live_, options_, clock_));
}

Status LiveRun::open_recorder(sources::RecordingFacts facts) {
  if (options_.record.path.empty()) return Done{};
  auto recorder = sources::Recorder::open(
      options_.record, std::move(facts),
      [known = std::shared_ptr{std::move(cgroups_)}](std::uint64_t id) { return known->find(id); });
  if (!recorder) return recorder.error();
  recorder_ = std::move(recorder.value());
  cgroups_ = std::make_unique<RecordedCgroups>(
      [this](std::uint64_t id) { return recorder_->find_cgroup(id); });
  return Done{};
}

Status LiveRun::open_recording() {
  auto opened = sources::RecordingSource::open(options_.from);
  if (!opened) return opened.error();
  replayed_ = std::move(opened.value());
  progress_.emplace(diagnostics_);
  const sources::RecordingFacts& facts = replayed_->facts();
  clock_ = clock_of(facts);
  const Sight sight{facts.filter, facts.shows_all_evidence, facts.shows_minisocket_segments};
  tracker_ = std::make_unique<tracker::Tracker>(tracker_options(options_, sight));
  cgroups_ = std::make_unique<RecordedCgroups>(
      [this](std::uint64_t id) { return replayed_->find_cgroup(id); });
  diagnostics_.write(replay_text(*replayed_, options_.from));
  return open_recorder(facts);
}

void LiveRun::fill_in_filter(sinks::FindingConditions& conditions, std::string& words) {
  if (!replayed_) return;
  fill_in_recorded_filter(replayed_->facts(), options_, conditions, words);
  if (options_.from_cgroup.empty()) return;
  conditions.in_cgroup = [this](std::uint64_t id) {
    return is_in_cgroup(options_.from_cgroup, id, replayed_->find_cgroup(id));
  };
}

sources::EventSource& LiveRun::source() {
  if (live_) return *live_;
  return *replayed_;
}

sources::RecordHandler& LiveRun::intake() {
  if (recorder_) return *recorder_;
  return *pipeline_;
}

// Of the run: a replay lives in the time of its recording.
KernelTime LiveRun::now() const {
  return replayed_ ? replayed_->time() : monotonic_now();
}

std::string LiveRun::kernel() const {
  return replayed_ ? replayed_->facts().kernel : sources::running_kernel().text;
}

Status LiveRun::begin(tracker::FindingHandler& findings, sources::RecordHandler* census_tap) {
  findings_ = &findings;
  pipeline_ = std::make_unique<Pipeline>(*tracker_, findings);
  if (recorder_) recorder_->pass_on_to(*pipeline_);
  if (replayed_) return turn(kWait);
  const Status taken = take_census(census_tap);
  if (!taken && options_.needs_census) return taken;
  if (!taken) report_failed_census(taken.error());
  return turn(std::chrono::milliseconds{0});
}

Status LiveRun::take_census(sources::RecordHandler* tap) {
  const KernelTime begin = monotonic_now();
  TappedRecords tapped{intake(), tap};
  Status taken = live_->take_census(tapped);
  census_began_ = begin;
  last_census_ = monotonic_now();
  census_length_ = last_census_ - begin;
  if (!taken) ++failed_censuses_;
  return taken;
}

// Without any census a run is poorer, not wrong. (One that fails later ends the run: the thread may
// be in a foreign namespace then, where the next one would miss what exists.)
void LiveRun::report_failed_census(const Error& error) {
  diagnostics_.write(fmt::format(
      "tcptwin: what was there before cannot be read: {}\n  spans of older connections stay "
      "unknown, and losses are not healed\n",
      error.what));
  diagnostics_.flush();
}

bool LiveRun::census_is_due(KernelTime now) const {
  if (!takes_censuses() || (!options_.reconcile && asked_tap_ == nullptr)) return false;
  const Duration since = now - last_census_;
  if (options_.reconcile && since >= *options_.reconcile) return true;
  return since >= std::max<Duration>(kCensusPause, kCensusShare * census_length_) &&
         (asked_tap_ != nullptr || tracker_->wants_census() ||
          (recorder_ && recorder_->wants_census()));
}

Status LiveRun::turn(std::chrono::milliseconds wait) {
  const auto records = source().poll(wait, intake());
  if (!records) return records.error();
  if (census_is_due(monotonic_now())) {
    const Status taken = take_census(std::exchange(asked_tap_, nullptr));
    if (!taken) return taken;
  }
  if (progress_) progress_->show(*replayed_);
  if (recorder_) {
    recorder_->end_turn(now());
    diagnostics_.write(recorder_->take_message());
  }
  diagnostics_.flush();
  return Done{};
}

bool LiveRun::is_over() {
  if (signals_ && signals_->take()) interrupted_ = true;
  if (replayed_ && (replayed_->is_exhausted() || replayed_->is_finishing())) return true;
  return interrupted_ || (options_.duration && now() - began() >= *options_.duration);
}

std::chrono::milliseconds LiveRun::next_wait() const {
  if (!options_.duration || replayed_) return kWait;
  const Duration left = *options_.duration - (monotonic_now() - start());
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds{0}, kWait);
}

// What will be said of open connections shall be true now, also after a loss.
Status LiveRun::take_last_census() {
  const bool is_wanted =
      options_.last_census == LastCensus::Always ||
      (options_.last_census == LastCensus::AfterLoss && tracker_->wants_census());
  if (!is_wanted || failed_censuses_ != 0) return Done{};
  return take_census();
}

Status LiveRun::finish() {
  end_ = now();
  if (findings_ != nullptr) return replayed_ ? finish_replay() : finish_live();
  signals_.reset();
  return Done{};
}

Status LiveRun::finish_live() {
  signals_.reset();
  if (recorder_) recorder_->begin_finish(end_);
  const Status census = take_last_census();
  const auto last = live_->poll(std::chrono::milliseconds{0}, intake());
  end_ = monotonic_now();
  tracker_->finish(*findings_);
  const Status recorded = finish_recorder();
  if (!last) return last.error();
  return census ? recorded : census;
}

Status LiveRun::finish_recorder() {
  if (!recorder_) return Done{};
  const sources::RecordingReport report = recorder_->finish(end_, failed_censuses_);
  unrecorded_ = report.lost;
  diagnostics_.write(recorder_->take_message() + recorded_text(report, options_.record.path));
  return recorded_status(report, options_.record.path);
}

Status LiveRun::finish_replay() {
  if (recorder_) recorder_->begin_finish(end_);
  replayed_->finish(intake());
  pipeline_->end();
  progress_->clear();
  signals_.reset();
  end_ = now();
  failed_censuses_ = replayed_->failed_censuses();
  tracker_->finish(*findings_);
  const Status recorded = finish_recorder();
  const Status replayed = replayed_status(*replayed_);
  return replayed ? recorded : replayed;
}

sinks::Summary LiveRun::summary(const sinks::FindingFilter& filter) const {
  sinks::Summary summary;
  summary.end = end_;
  summary.duration = summary.end - began();
  summary.seen = filter.seen();
  summary.shown = filter.shown();
  summary.counts = tracker_->counts();
  summary.stream = pipeline_->status();
  summary.lost = filter.lost();
  summary.failed_censuses = failed_censuses_;
  summary.unrecorded = unrecorded_;
  return summary;
}

int exit_code_of(const sinks::Summary& summary, bool on_divergence, bool strict) {
  const auto& divergences = summary.counts.divergences;
  const bool diverged = std::any_of(divergences.begin(), divergences.end(),
                                    [](std::uint64_t count) { return count != 0; });
  if (on_divergence && diverged) return kExitDivergence;
  if (strict && summary.lost_in_all() + summary.unrecorded != 0) return kExitLost;
  return kExitOk;
}

Status written(const sinks::Output& out) {
  if (out.error() == 0) return Done{};
  return Error{ErrorCode::Failed,
               fmt::format("writing the output failed: {}", std::strerror(out.error())), ""};
}

}  // namespace tcptwin::commands
