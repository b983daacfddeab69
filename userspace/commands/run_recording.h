// SPDX-License-Identifier: MIT
// What a run says and needs where a recording is made or replayed: used by live_run alone, and by
// the commands that fill in the recorded filter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commands/live_options.h"
#include "sinks/cgroup_directory.h"
#include "sinks/clock_mapping.h"
#include "sinks/output.h"
#include "sources/live_bpf.h"
#include "sources/recorder.h"
#include "sources/recording_source.h"

namespace tcptwin::commands {

// What is attached, and what this run cannot see.
std::string live_text(const sources::LiveBpf& source);
// Whose recording it is, and which of its files are missing.
std::string replay_text(const sources::RecordingSource& source,
                        const std::vector<std::string>& paths);

// What a recording must know of this host and this run.
sources::RecordingFacts facts_of(const sources::LiveBpf& source, const LiveRunOptions& options,
                                 const sinks::ClockMapping& clock);
sinks::ClockMapping clock_of(const sources::RecordingFacts& facts);

// What became of the recording, for stderr; an Error if the file lacks what the disk refused.
std::string recorded_text(const sources::RecordingReport& report, const std::string& path);
Status recorded_status(const sources::RecordingReport& report, const std::string& path);

// An Error if the recording could not be read to its end.
Status replayed_status(const sources::RecordingSource& source);

// "45 % of 1200 MB", over and over on one line of stderr, where that is a terminal and the output
// is not, and only of a replay that takes its time.
class ReplayProgress {
 public:
  explicit ReplayProgress(sinks::Output& diagnostics);
  void show(const sources::RecordingSource& source);
  void clear();

 private:
  sinks::Output& diagnostics_;
  bool is_wanted_;
  bool is_shown_ = false;
  KernelTime next_;
};

// A filter that was in force when it was recorded stays in force, unless the user sets another of
// the same kind now.
void fill_in_recorded_filter(const sources::RecordingFacts& facts, const LiveRunOptions& options,
                             sinks::FindingConditions& conditions, std::string& filter_words);

// Whether this is a cgroup that the user means by `words`, an id or a path, or one below it. `name`
// is null where the recording does not know it.
bool is_in_cgroup(std::string_view words, std::uint64_t id, const sinks::CgroupName* name);

}  // namespace tcptwin::commands
