// SPDX-License-Identifier: MIT
// The options that the commands on the live kernel share: which connections, how it looks, how
// long.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "commands/command.h"
#include "commands/option_reader.h"
#include "commands/option_values.h"
#include "sinks/finding_filter.h"
#include "sinks/terminal.h"
#include "sources/live_bpf.h"
#include "sources/recorder.h"
#include "tracker/tracker.h"

namespace tcptwin::commands {

enum class Format { Table, Csv, JsonLines };

// How what is found is printed.
struct LookOptions {
  Format format = Format::Table;
  sinks::TimeColumns times = sinks::TimeColumns::WallClock;
  ColourChoice colour = ColourChoice::Auto;
  bool header = true;
  bool wide = false;
  bool extended = false;
};

// Whether a run compares with the kernel once more before it ends.
enum class LastCensus { Never, AfterLoss, Always };

// Who shall answer a command: what --live and --service say, and what other options imply.
struct ServiceChoice {
  bool live = false;      // watch ourselves
  std::string path;       // of the service's socket; "": the usual one
  std::string live_only;  // an option that only a watch of our own can obey: "--tier"; "" if none
};

// What a run on the live kernel needs to know (live_run.h).
struct LiveRunOptions {
  sources::LiveOptions live;
  tracker::StuckThresholds stuck;
  std::size_t table = tracker::TrackerOptions{}.twins;  // connections and listeners kept at once
  std::optional<Duration> duration;
  // Between two censuses; nullopt: only the one at the start, and none after losses.
  std::optional<Duration> reconcile = std::chrono::seconds{60};
  bool needs_census = false;  // without one there is nothing to show
  LastCensus last_census = LastCensus::Never;
  ServiceChoice service;            // instead of a run of our own
  std::string cgroup;               // --cgroup, for what a service tells
  std::vector<std::string> from;    // a recording instead of the live kernel: its files
  std::string from_cgroup;          // --cgroup, to be found in that recording
  sources::RecorderOptions record;  // path "": nothing is recorded
  // For the recording: what only user space filters, and all filters in the user's words.
  std::vector<std::string> comms;
  std::vector<std::uint32_t> uids;
  std::vector<std::pair<std::string, std::string>> given;
};

// -p -u --comm -L -D -P -4 -6 -N --cgroup: into what the kernel side filters and what we filter.
void read_connection_filters(OptionReader& reader, sources::KernelFilter& kernel,
                             sinks::FindingConditions& user);
// -T -t -w -x -s --json --no-header --color
LookOptions read_look(OptionReader& reader);
// --segments --all-segments
void read_segments(const OptionReader& reader, sources::LiveOptions& live);
// --duration --reconcile --buffer-size --tier
void read_run(OptionReader& reader, LiveRunOptions& options);
// --count.
void read_count(OptionReader& reader, sinks::FindingConditions& conditions);
// --record --from; after the filters.
void read_recording(OptionReader& reader, const Arguments& arguments,
                    const sinks::FindingConditions& conditions, LiveRunOptions& options);

// --live --service; after all others. `tuning` are options that only a watch of our own can obey,
// beside those of read_run() and --record.
void read_service(OptionReader& reader, const Arguments& arguments,
                  std::span<const std::string_view> tuning, LiveRunOptions& options);

// The connection filters as given, then those named: "--comm curl --state TIME_WAIT"; "" if none.
std::string filter_words(const Arguments& arguments, std::span<const std::string_view> more);

// The table of a command, with what this terminal allows.
sinks::TableOptions table_options(const LookOptions& look, const sinks::ClockMapping& clock);

}  // namespace tcptwin::commands
