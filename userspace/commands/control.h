// SPDX-License-Identifier: MIT
// A service's control socket as a whole: what was found goes into the history, commands that ask
// are answered from it and from the mirror. Used by service.cc alone.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "commands/control_server.h"
#include "commands/live_run.h"
#include "commands/table_answers.h"
#include "sinks/finding_history.h"
#include "sinks/metrics.h"

namespace tcptwin::commands {

struct ControlOptions {
  std::string path;  // "": there is none
  std::string group = "tcptwin";
  bool group_is_named = false;  // then it must exist
  std::size_t history_bytes = std::size_t{16} << 20;
};

// Where systemd gave us a folder for it; else "".
std::string default_control_path();

// The socket and who may connect beside root and ourselves.
struct ControlListener {
  system::UniqueFd socket;
  std::optional<gid_t> group;
};
Result<ControlListener> open_control(const ControlOptions& options);

class Control {
 public:
  Control(const ControlOptions& options, LiveRun& run);

  // Findings are to be handed to it.
  sinks::FindingHistory& history() { return history_; }
  void note_census(const tracker::Reconciliation& found) { census_ = found; }
  // Lets clients in, now that no rights are left that its thread must not have.
  void start(ControlListener listener);
  // Once a turn of the event loop: what only its thread may do.
  void turn(KernelTime now, const tracker::StuckThresholds& thresholds,
            std::optional<std::uint32_t> netns);
  // Tells the clients that it ends.
  void stop() { server_.reset(); }
  sinks::ControlNumbers numbers() const { return counts_.numbers(); }

 private:
  LiveRun& run_;
  sinks::FindingHistory history_;
  tracker::Reconciliation census_;
  sinks::LatestOf<sinks::ServiceHead> head_;
  ControlCounts counts_;
  WaitingTables waiting_;
  TableAnswers tables_;
  std::optional<ControlServer> server_;
};

}  // namespace tcptwin::commands
