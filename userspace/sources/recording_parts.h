// SPDX-License-Identifier: MIT
// The files of one recording that was rotated: found to belong together and put in order before any
// of them is replayed. Used by recording_source alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "sources/recording_facts.h"
#include "sources/recording_reader.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {

struct RecordingPart {
  std::string path;
  std::uint32_t number = 1;
  std::uint64_t bytes = 0;  // 0: not known
};

// Opens a file, or stdin as "-"; an Error names it.
struct OpenedFile {
  system::UniqueFd file;
  std::uint64_t bytes = 0;  // 0: no regular file
};
Result<OpenedFile> open_recording(const std::string& path);

// In the order in which they were written, whatever the order given. An Error if they are not all
// of one recording, or one is there twice.
Result<std::vector<RecordingPart>> order_parts(const std::vector<std::string>& paths);

}  // namespace tcptwin::sources
