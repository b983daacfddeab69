// SPDX-License-Identifier: MIT
// A short recording as text that can be reviewed and kept beside the sources: the facts as they
// are, each item as hex, runs of zeros as *N. The recordings of `demo` are kept so, and made into
// files when tcptwin is built (commands/write_demo_recordings.cc).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/recording_format.h"

namespace tcptwin::sources {

// Of a whole recording in one file. What tells of the host that made it is left out: its name,
// names of cgroups, the notes for people; of the kernel's release the numbers stay.
Result<std::string> recording_as_text(const std::string& path);

// The bytes of the file. Total: any text gets its recording or a reason with its line.
Result<Bytes> recording_from_text(std::string_view text, const std::string& name);

}  // namespace tcptwin::sources
