// SPDX-License-Identifier: MIT
// The whole program on one screen: record -> decode -> tracker -> findings. The live trace, a
// replay and the tests all run through this. What comes out depends on the records alone, not on
// when they come: that is what makes a replay say what the live trace said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sources/event_source.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin {

class Pipeline final : public sources::RecordHandler {
 public:
  Pipeline(tracker::Tracker& tracker, tracker::FindingHandler& findings)
      : tracker_(tracker), findings_(findings) {}

  void on_record(std::span<const std::byte> record) override;
  void on_lost(std::uint64_t records) override { unrecorded_ += records; }
  // The stream has ended: what was found to be missing at its very end is told to the tracker.
  void end();

  // The last state of the stream that a source reported.
  const tracker::StreamStatus& status() const { return status_; }

 private:
  tracker::Tracker& tracker_;
  tracker::FindingHandler& findings_;
  tracker::Observation observation_;  // the present one; large, and kept where it is
  tracker::StreamStatus status_;
  KernelTime latest_;  // of all that was observed
  std::uint64_t malformed_ = 0;
  std::uint64_t told_malformed_ = 0;  // of those, in `status_`
  std::uint64_t unrecorded_ = 0;
};

}  // namespace tcptwin
