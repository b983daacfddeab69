// SPDX-License-Identifier: MIT
// Answers that need the whole mirror, for a service's control socket: a child process writes them
// from the memory as it was, while the service goes on. Lives on the thread that judges.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "commands/census_records.h"
#include "commands/control_server.h"
#include "commands/live_run.h"

namespace tcptwin::commands {

class TableAnswers {
 public:
  TableAnswers(LiveRun& run, WaitingTables& waiting, ControlCounts& counts)
      : run_(run), waiting_(waiting), counts_(counts) {}
  TableAnswers(const TableAnswers&) = delete;
  TableAnswers& operator=(const TableAnswers&) = delete;
  // Ends the children.
  ~TableAnswers();

  // Begins what can be begun. `head` is what each answer begins with.
  void turn(KernelTime now, const sinks::ServiceHead& head);

 private:
  void reap();
  bool has_its_census(const TableRequest& request, KernelTime now) const;
  void begin(const TableRequest& request, const sinks::ServiceHead& head);
  void write(const TableRequest& request, sinks::ServiceHead head);

  LiveRun& run_;
  WaitingTables& waiting_;
  ControlCounts& counts_;
  std::deque<TableRequest> taken_;        // wait for a census or a child's end
  std::optional<CensusRecords> records_;  // of the census that was asked for
  std::optional<KernelTime> records_of_;  // when it was asked for
  std::optional<KernelTime> next_begin_;
  std::vector<pid_t> children_;
};

}  // namespace tcptwin::commands
