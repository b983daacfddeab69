// SPDX-License-Identifier: MIT
// What a run says and needs where a recording is made or replayed: used by live_run alone, and by
// the commands that fill in the recorded filter.
#pragma once

#include <string>

#include "base/result.h"
#include "commands/live_options.h"
#include "sinks/clock_mapping.h"
#include "sources/live_bpf.h"
#include "sources/recorder.h"
#include "sources/recording_source.h"

namespace tcptwin::commands {

// What is attached, and what this run cannot see.
std::string live_text(const sources::LiveBpf& source);
// Whose recording it is.
std::string replay_text(const sources::RecordingFacts& facts, const std::string& path);

// What a recording must know of this host and this run.
sources::RecordingFacts facts_of(const sources::LiveBpf& source, const LiveRunOptions& options,
                                 const sinks::ClockMapping& clock);
sinks::ClockMapping clock_of(const sources::RecordingFacts& facts);

// What became of the recording, for stderr; an Error if the file lacks what the disk refused.
std::string recorded_text(const sources::RecordingReport& report, const std::string& path);
Status recorded_status(const sources::RecordingReport& report, const std::string& path);

// An Error if the recording could not be read to its end.
Status replayed_status(const sources::RecordingSource& source, const std::string& path);

// A filter that was in force when it was recorded stays in force, unless the user sets another of
// the same kind now.
void fill_in_recorded_filter(const sources::RecordingFacts& facts, const LiveRunOptions& options,
                             sinks::FindingConditions& conditions, std::string& filter_words);

}  // namespace tcptwin::commands
