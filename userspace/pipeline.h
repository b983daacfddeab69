// SPDX-License-Identifier: MIT
// The whole program on one screen: record -> decode -> tracker -> findings. The live trace, a
// replay and the tests all run through this.
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

  // The last state of the stream that a source reported.
  const tracker::StreamStatus& status() const { return status_; }

 private:
  tracker::Tracker& tracker_;
  tracker::FindingHandler& findings_;
  tracker::StreamStatus status_;
  std::uint64_t malformed_ = 0;
};

}  // namespace tcptwin
