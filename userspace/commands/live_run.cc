// SPDX-License-Identifier: MIT
#include "commands/live_run.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "commands/command.h"
#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// How long one wait for records lasts: what Ctrl-C and the end of --duration may be late by.
constexpr std::chrono::milliseconds kWait{50};

// Censuses that a loss asks for come at most this often, and take at most this part of the time.
constexpr Duration kCensusPause = std::chrono::seconds{1};
constexpr int kCensusShare = 10;

// With a filter on local ports every connect passes the kernel side until its port is chosen.
constexpr std::size_t kUnnamedConnects = 4096;

// What is attached, and what this run cannot see.
std::string start_text(const sources::LiveBpf& source) {
  utsname kernel{};
  ::uname(&kernel);
  const auto& programs = source.programs();
  const auto attached = std::count_if(programs.begin(), programs.end(),
                                      [](const auto& program) { return program.attached; });
  std::string text = fmt::format("tcptwin: Linux {}, {} of {} programs attached, {} KB ring buffer",
                                 static_cast<const char*>(kernel.release), attached,
                                 programs.size(), source.ring_bytes() / 1024);
  text += "; Ctrl-C ends\n";
  for (const sources::ProgramReport& program : programs) {
    if (program.attached || program.degrades.empty()) continue;
    text += fmt::format("  without {} ({}): {}\n", program.hook, program.reason, program.degrades);
  }
  return text;
}

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

tracker::TrackerOptions tracker_options(const LiveRunOptions& options,
                                        const sources::LiveBpf& source) {
  const sources::KernelFilter& filter = options.live.filter;
  tracker::TrackerOptions result;
  if (!filter.local_ports.empty() || !filter.either_ports.empty()) {
    result.unnamed_connects = kUnnamedConnects;
  }
  result.filters_by_peer =
      !filter.remote_ports.empty() || !filter.either_ports.empty() || filter.family.has_value();
  result.shows_all_evidence = source.shows_all_evidence();
  result.shows_minisocket_segments = source.is_attached("minisocket_segments");
  result.stuck = options.stuck;
  return result;
}

}  // namespace

Result<std::unique_ptr<LiveRun>> LiveRun::open(LiveRunOptions options, sinks::Output& diagnostics) {
  auto signals = system::TerminationSignals::open();
  if (!signals) return signals.error();
  options.live.name_frames_in_kernel = !kallsyms_are_readable();
  auto source = sources::LiveBpf::open(options.live);
  if (!source) return source.error();
  if (options.live.traces) diagnostics.write(start_text(*source.value()));
  diagnostics.flush();
  return std::unique_ptr<LiveRun>(new LiveRun(
      std::move(options), diagnostics, std::move(signals.value()), std::move(source.value())));
}

LiveRun::LiveRun(LiveRunOptions options, sinks::Output& diagnostics,
                 system::TerminationSignals signals, std::unique_ptr<sources::LiveBpf> source)
    : options_(std::move(options)),
      diagnostics_(diagnostics),
      signals_(std::move(signals)),
      source_(std::move(source)),
      start_(monotonic_now()),
      tracker_(std::make_unique<tracker::Tracker>(tracker_options(options_, *source_))) {}

Status LiveRun::begin(tracker::FindingHandler& findings, sources::RecordHandler* census_tap) {
  findings_ = &findings;
  pipeline_ = std::make_unique<Pipeline>(*tracker_, findings);
  const Status taken = take_census(census_tap);
  if (!taken && options_.needs_census) return taken;
  if (!taken) report_failed_census(taken.error());
  return turn(std::chrono::milliseconds{0});
}

Status LiveRun::take_census(sources::RecordHandler* tap) {
  const KernelTime begin = monotonic_now();
  TappedRecords tapped{*pipeline_, tap};
  Status taken = source_->take_census(tapped);
  last_census_ = monotonic_now();
  census_length_ = last_census_ - begin;
  if (!taken) ++failed_censuses_;
  tracker_->advance(pipeline_->status().time, *findings_);
  return taken;
}

// Without a census a run is poorer, not wrong: said once, counted, and tried again.
void LiveRun::report_failed_census(const Error& error) {
  if (failed_censuses_ != 1) return;
  diagnostics_.write(fmt::format(
      "tcptwin: what was there before cannot be read: {}\n  spans of older connections stay "
      "unknown, and losses are not healed\n",
      error.what));
  diagnostics_.flush();
}

bool LiveRun::census_is_due(KernelTime now) const {
  if (!options_.reconcile) return false;
  const Duration since = now - last_census_;
  if (since >= *options_.reconcile) return true;
  return since >= std::max<Duration>(kCensusPause, kCensusShare * census_length_) &&
         tracker_->wants_census();
}

Status LiveRun::turn(std::chrono::milliseconds wait) {
  const auto records = source_->poll(wait, *pipeline_);
  if (!records) return records.error();
  tracker_->advance(pipeline_->status().time, *findings_);
  if (census_is_due(monotonic_now())) {
    const Status taken = take_census();
    if (!taken) report_failed_census(taken.error());
  }
  diagnostics_.flush();
  return Done{};
}

bool LiveRun::is_over() {
  if (signals_ && signals_->take()) interrupted_ = true;
  return interrupted_ || (options_.duration && monotonic_now() - start_ >= *options_.duration);
}

std::chrono::milliseconds LiveRun::next_wait() const {
  if (!options_.duration) return kWait;
  const Duration left = *options_.duration - (monotonic_now() - start_);
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds{0}, kWait);
}

Status LiveRun::run_until(const std::function<bool()>& is_over_for_caller) {
  while (!is_over_for_caller() && !is_over()) {
    const Status turned = turn(next_wait());
    if (!turned) return turned.error();
  }
  return Done{};
}

Status LiveRun::finish() {
  signals_.reset();
  if (findings_ == nullptr) return Done{};
  const auto last = source_->poll(std::chrono::milliseconds{0}, *pipeline_);
  tracker_->finish(*findings_);
  if (!last) return last.error();
  return Done{};
}

sinks::Summary LiveRun::summary(const sinks::FindingFilter& filter) const {
  sinks::Summary summary;
  summary.end = monotonic_now();
  summary.duration = summary.end - start_;
  summary.seen = filter.seen();
  summary.shown = filter.shown();
  summary.counts = tracker_->counts();
  summary.stream = pipeline_->status();
  summary.lost = filter.lost();
  summary.failed_censuses = failed_censuses_;
  return summary;
}

int exit_code_of(const sinks::Summary& summary, bool on_divergence, bool strict) {
  const auto& divergences = summary.counts.divergences;
  const bool diverged = std::any_of(divergences.begin(), divergences.end(),
                                    [](std::uint64_t count) { return count != 0; });
  if (on_divergence && diverged) return kExitDivergence;
  if (strict && summary.lost_in_all() != 0) return kExitLost;
  return kExitOk;
}

Status written(const sinks::Output& out) {
  if (out.error() == 0) return Done{};
  return Error{ErrorCode::Failed,
               fmt::format("writing the output failed: {}", std::strerror(out.error())), ""};
}

}  // namespace tcptwin::commands
