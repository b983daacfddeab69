// SPDX-License-Identifier: MIT
// Bytes as a recording: reading is total, asks for no more memory than a block may take, and what
// comes out cannot harm the tracker. An input is read twice: as a file, and as the content of a
// block with a right checksum, which nothing but chance would lead a fuzzer to.
#include <algorithm>
#include <cstring>

#include "pipeline.h"
#include "recorded_stream.h"
#include "sources/recording_format.h"
#include "sources/recording_source.h"

namespace tcptwin::fuzz {
namespace {

void replay(std::span<const std::byte> bytes) {
  std::size_t at = 0;
  auto opened = sources::RecordingSource::open(
      [&](std::span<std::byte> room) -> std::ptrdiff_t {
        const std::size_t size = std::min(room.size(), bytes.size() - at);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
        at += size;
        return static_cast<std::ptrdiff_t>(size);
      },
      "input");
  if (!opened) {
    demand(!opened.error().what.empty(), "a refusal has a reason");
    return;
  }
  sources::RecordingSource& source = *opened.value();
  tracker::Tracker tracker{kTightLimits};
  CountingFindings findings;
  Pipeline pipeline{tracker, findings};
  while (!source.is_exhausted() && !source.is_finishing()) {
    demand(bool{source.poll(std::chrono::milliseconds{0}, pipeline)}, "a damage is no error");
  }
  source.finish(pipeline);
  pipeline.end();
  if (source.damage()) {
    demand(source.damage()->offset <= bytes.size(), "a damage is in the file");
    demand(!source.damage()->what.empty(), "a damage has a reason");
  }
  tracker.finish(findings);
  findings.check(tracker);
}

}  // namespace
}  // namespace tcptwin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tcptwin;
  const auto bytes = std::as_bytes(std::span{data, size});
  fuzz::replay(bytes);

  sources::BlockMaker maker{sources::Compression::None};
  sources::Bytes file = sources::header_bytes({});
  const auto block = maker.make(TCPTWIN_BLOCK_ITEMS, 0, 0, bytes);
  file.insert(file.end(), block.begin(), block.end());
  fuzz::replay(file);
  return 0;
}
