// SPDX-License-Identifier: MIT
// `tcptwin trace`: every state change through the filter to the sink, then the summary.
#include <unistd.h>

#include <memory>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/trace_options.h"
#include "sinks/csv.h"
#include "sinks/json_lines.h"
#include "sinks/output.h"
#include "sinks/terminal.h"

namespace tcptwin::commands {
namespace {

std::unique_ptr<sinks::Sink> make_sink(const TraceOptions& options,
                                       const sinks::ClockMapping& clock, sinks::Output& out,
                                       sinks::Output& diagnostics,
                                       sinks::CgroupDirectory& cgroups) {
  if (options.look.format == Format::JsonLines) {
    return std::make_unique<sinks::JsonLinesSink>(
        out, diagnostics,
        sinks::JsonOptions{clock, options.look.extended, options.call_paths,
                           options.look.extended ? &cgroups : nullptr});
  }
  sinks::TableOptions table = table_options(options.look, clock);
  table.call_paths = options.call_paths;
  if (options.look.format == Format::Csv) {
    return std::make_unique<sinks::CsvSink>(out, diagnostics, table);
  }
  return std::make_unique<sinks::TerminalSink>(out, diagnostics, table);
}

}  // namespace

int run_trace(const Arguments& arguments) {
  auto parsed = trace_options(arguments);
  if (!parsed) return report(parsed.error());
  TraceOptions& options = parsed.value();
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  run.fill_in_filter(options.conditions, options.filter_words);
  const auto sink = make_sink(options, run.clock(), out, diagnostics, run.cgroups());
  sinks::FindingFilter filter{options.conditions, *sink};

  sink->on_start();
  out.flush();
  const Status ran = run.run_through(filter, [&] {
    out.flush();
    return filter.limit_reached() || !out.is_usable();
  });
  sinks::Summary summary = run.summary(filter);
  summary.filter = options.filter_words;
  sink->on_end(summary);
  out.flush();
  for (const Status& status : {ran, written(out)}) {
    if (!status) return report(status.error());
  }
  return exit_code_of(summary, options.exit_code_on_divergence, options.strict);
}

}  // namespace tcptwin::commands
