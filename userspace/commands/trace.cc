// SPDX-License-Identifier: MIT
// `tcptwin trace`: every state change through the filter to the sink, then the summary.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/trace_options.h"
#include "sinks/csv.h"
#include "sinks/json_lines.h"
#include "sinks/output.h"
#include "sinks/pcapng.h"
#include "sinks/terminal.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {
namespace {

// What findings are written to: stdout, or the file that --pcapng names.
Result<system::UniqueFd> open_target(const TraceOptions& options) {
  if (options.pcapng.empty()) return system::UniqueFd{};
  if (options.pcapng == "-") {
    if (::isatty(STDOUT_FILENO) == 0) return system::UniqueFd{};
    return Error{ErrorCode::Usage, "pcapng is not for a terminal",
                 "name a file, or pipe it: tcptwin replay FILE --pcapng - | wireshark -k -i -"};
  }
  std::error_code ignored;
  const auto is_target = [&](const std::string& recording) {
    return std::filesystem::equivalent(recording, options.pcapng, ignored);
  };
  if (std::ranges::any_of(options.run.from, is_target)) {
    return Error{ErrorCode::Usage, "--pcapng would write over the recording itself",
                 "name another file"};
  }
  system::UniqueFd file{
      ::open(options.pcapng.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (file.is_open()) return file;
  return Error{ErrorCode::Failed, "cannot write " + options.pcapng + ": " + std::strerror(errno),
               ""};
}

std::unique_ptr<sinks::Sink> make_sink(const TraceOptions& options, LiveRun& run,
                                       sinks::Output& out, sinks::Output& diagnostics) {
  const sinks::ClockMapping& clock = run.clock();
  sinks::CgroupDirectory& cgroups = run.cgroups();
  if (!options.pcapng.empty()) {
    return std::make_unique<sinks::PcapngSink>(
        out, diagnostics,
        sinks::PcapngOptions{clock, "Linux " + run.kernel(), "tcptwin " TCPTWIN_VERSION});
  }
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
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  const auto target = open_target(options);
  if (!target) return report(target.error());
  sinks::Output out{target.value().is_open() ? target.value().get() : STDOUT_FILENO};
  run.fill_in_filter(options.conditions, options.filter_words);
  const auto sink = make_sink(options, run, out, diagnostics);
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
