// SPDX-License-Identifier: MIT
// Raw bytes as records: decode is total, and what it lets through cannot harm the tracker.
#include "pipeline.h"
#include "recorded_stream.h"
#include "sources/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tcptwin;
  auto bytes = std::as_bytes(std::span{data, size});
  (void)sources::decode(bytes);

  tracker::Tracker tracker{fuzz::kTightLimits};
  fuzz::CountingFindings findings;
  Pipeline pipeline{tracker, findings};
  while (!bytes.empty()) {
    const auto record = fuzz::next_record(bytes);
    pipeline.on_record(record);
    bytes = bytes.subspan(record.size());
  }
  tracker.finish(findings);
  findings.check(tracker);
  return 0;
}
