// SPDX-License-Identifier: MIT
// `tcptwin replay`: `trace`, of a recording; or with --metrics the numbers `serve` would show.
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/trace_options.h"
#include "sinks/metric_families.h"

namespace tcptwin::commands {
namespace {

// Numbers are of the whole recording: an option that chooses or prints lines has no meaning.
Status check_alone(const Arguments& arguments) {
  for (const CommandRow& command : command_table()) {
    if (command.name != "replay") continue;
    for (const OptionRow& option : command.options) {
      if (option.name == "metrics" || !arguments.has(option.name)) continue;
      return Error{ErrorCode::Usage,
                   "--metrics counts the whole recording, so --" + std::string{option.name} +
                       " has no meaning beside it",
                   ""};
    }
  }
  return Done{};
}

Result<std::string> counted(const Arguments& arguments, sinks::Output& diagnostics) {
  const Status alone = check_alone(arguments);
  if (!alone) return alone.error();
  const auto options = trace_options(arguments);
  if (!options) return options.error();
  const auto opened = LiveRun::open(options.value().run, diagnostics);
  if (!opened) return opened.error();
  LiveRun& run = *opened.value();
  sinks::Metrics metrics{{}, &run.cgroups()};
  const Status ran = run.run_through(metrics, [] { return false; });
  if (!ran) return ran.error();
  const auto numbers = std::make_shared<const sinks::MetricNumbers>(
      metrics.numbers(run.counts(), run.tracker().half_open_by_port(), run.stream(),
                      run.clock().realtime_minus_monotonic));
  return sinks::metrics_text({[&] { return numbers; }, {}, {}, {}});
}

int print_metrics(const Arguments& arguments) {
  sinks::Output diagnostics{STDERR_FILENO};
  const auto text = counted(arguments, diagnostics);
  diagnostics.flush();
  return text ? print(text.value()) : report(text.error());
}

}  // namespace

int run_replay(const Arguments& arguments) {
  const std::vector<std::string>& files = arguments.operands();
  if (files.empty() || std::ranges::count(files, "") != 0) {
    return report(
        {ErrorCode::Usage, "replay wants the name of a file", "see tcptwin replay --help"});
  }
  Arguments of_trace = arguments;
  of_trace.add("from", files);
  return arguments.has("metrics") ? print_metrics(of_trace) : run_trace(of_trace);
}

}  // namespace tcptwin::commands
