// SPDX-License-Identifier: MIT
// Beside a live session: records it as `record` does, and replays it at its end. The replay must
// say what the session said, byte for byte. For TraceSession.
#pragma once

#include <memory>
#include <string>

#include "pipeline.h"
#include "sources/recorder.h"
#include "sources/recording_facts.h"
#include "support/told_findings.h"
#include "system/unique_fd.h"

namespace tcptwin::testing {

// What a tracker is told of the source of its records, live or recorded.
tracker::TrackerOptions judging_of(const sources::RecordingFacts& facts);

class ReplayCheck {
 public:
  // `next` is handed the findings of the live session.
  ReplayCheck(const sources::RecordingFacts& facts, tracker::FindingHandler& next);

  // Where the session's records go first; they come out at `next`.
  sources::RecordHandler& records_before(sources::RecordHandler& next);
  // Where the session's findings go.
  tracker::FindingHandler& findings() { return *told_; }

  // The session has looked up.
  void end_turn(KernelTime now, KernelTime stream_time);
  // The session is over; its last records follow.
  void begin_finish(KernelTime now) { recorder_->begin_finish(now); }
  // What the replay says differently; "" if nothing.
  std::string finish(KernelTime end, const tracker::Tracker& tracker,
                     const tracker::StreamStatus& stream);

 private:
  std::string replay(Lines& said) const;

  system::UniqueFd file_;  // in memory
  std::unique_ptr<sources::Recorder> recorder_;
  std::unique_ptr<ToldFindings> told_;
};

}  // namespace tcptwin::testing
