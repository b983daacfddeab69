// SPDX-License-Identifier: MIT
// What a recording says about the host and the run that made it: whatever a replay must know and
// the records do not tell. Made by the command that records, read by the one that replays.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sources/live_bpf.h"

namespace tcptwin::sources {

struct RecordingFacts {
  // In the header of the file.
  std::uint64_t recording_id = 0;  // random; all files of one --rotate share it
  std::uint32_t file_number = 1;
  KernelTime start;   // of the run
  KernelTime opened;  // of this file
  Duration realtime_minus_monotonic{};
  Duration opened_realtime_minus_monotonic{};
  std::chrono::seconds utc_offset{};

  std::string host;
  std::string kernel;   // "6.1.0-18-amd64"
  std::string machine;  // "x86_64"
  std::string writer;   // "tcptwin 0.1.0"

  // What this kernel let us see.
  bool shows_all_evidence = true;
  bool shows_minisocket_segments = true;

  // The filter in force, names and paths resolved to numbers where it was made.
  KernelFilter filter;
  std::vector<std::string> comms;   // of user space: the records of others are there too
  std::vector<std::uint32_t> uids;  // likewise
  std::vector<std::pair<std::string, std::string>> given;  // by option, in the user's words

  // For people who read it: "program.state_changes", "sysctl.net.ipv4.tcp_fin_timeout" ...
  std::vector<std::pair<std::string, std::string>> notes;
};

// Lines "name=value". Reading is total: a line that is no fact, or that nobody here knows, becomes
// a note.
std::string facts_text(const RecordingFacts& facts);
void read_facts_text(std::string_view text, RecordingFacts& facts);

}  // namespace tcptwin::sources
