// SPDX-License-Identifier: MIT
// What `life`, `stuck`, `top` and `explain` need of a run, whoever watches: the kernel or a
// recording through a tracker of our own (live_run.h), or a service that is asked (service_run.h).
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "sinks/cgroup_directory.h"
#include "sinks/clock_mapping.h"
#include "sinks/finding_filter.h"
#include "sinks/sink.h"
#include "tracker/snapshot.h"
#include "tracker/tracker.h"

namespace tcptwin::commands {

class WatchedRun {
 public:
  virtual ~WatchedRun() = default;

  virtual bool asks_service() const { return false; }
  // When the watching began: what -t counts from.
  virtual KernelTime start() const = 0;
  // Of the host that is watched.
  virtual const sinks::ClockMapping& clock() const = 0;
  virtual sinks::CgroupDirectory& cgroups() = 0;
  // Adds what the source of the findings can filter only here.
  virtual void fill_in_filter(sinks::FindingConditions& conditions, std::string& words) = 0;

  // From here on findings go to `findings`. Takes in what is there already.
  virtual Status begin(tracker::FindingHandler& findings) = 0;
  // Waits for findings, but not long.
  virtual Status turn() = 0;
  // --duration is over, a signal came, or nothing more can come.
  virtual bool is_over() = 0;
  // Takes what is still to come. From here on a signal ends the program at once.
  virtual Status finish() = 0;
  // When finish() was called.
  virtual KernelTime end() const = 0;

  virtual const tracker::StreamStatus& stream() const = 0;
  // Every twin of the mirror. Of a service that is gone: none; the next turn() says so as well.
  virtual Status visit(const tracker::TwinVisitor& visitor) = 0;
  // The run so far; `filter` knows what was seen, shown and lost.
  virtual sinks::Summary summary(const sinks::FindingFilter& filter) const = 0;

  // Turns until it is over, or `is_over` says so; `is_over` is asked after every turn and may
  // print.
  Status run_until(const std::function<bool()>& is_over);
  // The whole run: begins, turns, and finishes. The first thing that failed.
  Status run_through(tracker::FindingHandler& findings, const std::function<bool()>& is_over);
};

}  // namespace tcptwin::commands
