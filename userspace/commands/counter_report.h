// SPDX-License-Identifier: MIT
// What `doctor --watch` prints: a table or JSON objects a look, and the summary.
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"
#include "commands/counter_watch.h"
#include "sinks/clock_mapping.h"

namespace tcptwin::commands {

struct CounterTableOptions {
  bool coloured = false;
  std::size_t lines = 0;  // of the terminal; 0: as many as there are
};

// The namespaces in which something moved: those that differ first, then the own one, then by
// traffic.
std::string counter_table(const CounterWatch& watch, KernelTime now,
                          const CounterTableOptions& options);
// One object a namespace in which something moved.
std::string counter_json(const CounterWatch& watch, KernelTime now,
                         const sinks::ClockMapping& clock);

struct CounterSummary {
  std::uint64_t namespaces = 0;  // in which something moved
  std::uint64_t agree = 0;
  std::uint64_t differ = 0;
  std::uint64_t cannot_tell = 0;  // lost events at the last look
  std::uint64_t steps = 0;
  std::uint64_t restarts = 0;
  std::uint64_t forgotten = 0;  // ended meanwhile, or could not be read
  std::uint64_t left_out = 0;   // steps of namespaces beyond the limit
};
CounterSummary summarize(const CounterWatch& watch);
std::string counter_summary_text(const CounterSummary& summary, Duration length);
std::string counter_summary_json(const CounterSummary& summary, KernelTime now,
                                 const sinks::ClockMapping& clock);

}  // namespace tcptwin::commands
