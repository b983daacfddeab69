// SPDX-License-Identifier: MIT
#include "support/replay_check.h"

#include <sys/mman.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "commands/run_recording.h"
#include "sources/recording_source.h"
#include "support/trace_session.h"
#include "system/cgroup_names.h"

namespace tcptwin::testing {
namespace {

// What a machine full of sanitizers cannot write at once waits, instead of being lost.
constexpr std::size_t kQueueBytes = std::size_t{256} << 20;

std::string path_of(const system::UniqueFd& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

}  // namespace

tracker::TrackerOptions judging_of(const sources::RecordingFacts& facts) {
  const sources::KernelFilter& filter = facts.filter;
  tracker::TrackerOptions judging;
  judging.filters_by_peer =
      !filter.remote_ports.empty() || !filter.either_ports.empty() || filter.family.has_value();
  judging.shows_all_evidence = facts.shows_all_evidence;
  judging.shows_minisocket_segments = facts.shows_minisocket_segments;
  judging.nothing_is_hidden = nothing_is_hidden();
  return judging;
}

ReplayCheck::ReplayCheck(const sources::RecordingFacts& facts, tracker::FindingHandler& next)
    : file_(::memfd_create("recording", MFD_CLOEXEC)) {
  if (!file_.is_open()) throw std::system_error(errno, std::generic_category(), "memfd_create");
  sources::RecorderOptions options;
  options.path = path_of(file_);
  options.writer.queue_bytes = kQueueBytes;
  const auto names = std::make_shared<system::CgroupNames>(system::CgroupNames::of_host());
  auto opened = sources::Recorder::open(std::move(options), facts,
                                        [names](std::uint64_t id) { return names->find(id); });
  if (!opened) throw std::runtime_error(opened.error().what);
  recorder_ = std::move(opened.value());
  told_ = std::make_unique<ToldFindings>(
      commands::clock_of(facts), [this](std::uint64_t id) { return recorder_->find_cgroup(id); },
      &next);
}

sources::RecordHandler& ReplayCheck::records_before(sources::RecordHandler& next) {
  recorder_->pass_on_to(next);
  return *recorder_;
}

void ReplayCheck::end_turn(KernelTime now, KernelTime stream_time) {
  recorder_->end_turn(now);
  told_->end_turn(stream_time);
}

std::string ReplayCheck::finish(KernelTime end, const tracker::Tracker& tracker,
                                const tracker::StreamStatus& stream) {
  told_->finish(end, tracker, stream);
  const sources::RecordingReport report = recorder_->finish(end, 0);
  if (report.lost != 0 || report.error != 0) {
    return std::to_string(report.lost) + " records could not be recorded\n";
  }
  Lines said;
  std::string wrong = replay(said);
  if (wrong.empty()) wrong = told_->lines().difference(said);
  return wrong;
}

// As commands/live_run.cc does it.
std::string ReplayCheck::replay(Lines& said) const {
  auto opened = sources::RecordingSource::open(path_of(file_));
  if (!opened) return opened.error().what + "\n";
  sources::RecordingSource& source = *opened.value();
  tracker::Tracker tracker{judging_of(source.facts())};
  ToldFindings told{commands::clock_of(source.facts()),
                    [&source](std::uint64_t id) { return source.find_cgroup(id); }};
  Pipeline pipeline{tracker, told};
  while (!source.is_exhausted() && !source.is_finishing()) {
    const auto polled = source.poll(std::chrono::milliseconds{0}, pipeline);
    if (!polled) return polled.error().what + "\n";
    told.end_turn(pipeline.status().time);
  }
  source.finish(pipeline);
  pipeline.end();
  tracker.finish(told);
  told.finish(source.time(), tracker, pipeline.status());
  if (source.damage()) return "the recording is damaged: " + source.damage()->what + "\n";
  said = told.lines();
  return "";
}

}  // namespace tcptwin::testing
