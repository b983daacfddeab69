// SPDX-License-Identifier: MIT
// SIGUSR1 of `serve`: all connections as JSON lines into a file. A child process writes them, from
// the memory as it was: the service goes on meanwhile.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "sinks/clock_mapping.h"
#include "tracker/tracker.h"

namespace tcptwin::commands {

class TableDump {
 public:
  // "": there is no place.
  explicit TableDump(std::string path) : path_(std::move(path)) {}
  TableDump(const TableDump&) = delete;
  TableDump& operator=(const TableDump&) = delete;
  ~TableDump();

  Status begin(const tracker::Tracker& tracker, const sinks::ClockMapping& clock, KernelTime now);
  // Once the child is through: what became of it.
  std::optional<Status> take_outcome();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  pid_t child_ = 0;
};

// A file in the folder that systemd gave us for our state.
std::string default_dump_path();

}  // namespace tcptwin::commands
