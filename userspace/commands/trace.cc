// SPDX-License-Identifier: MIT
// `tcptwin trace`: the live kernel through pipeline, tracker, filter and sink until somebody or
// something ends it, then the summary.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "commands/command.h"
#include "commands/surroundings.h"
#include "commands/trace_options.h"
#include "pipeline.h"
#include "sinks/csv.h"
#include "sinks/json_lines.h"
#include "sinks/output.h"
#include "sinks/summary_text.h"
#include "sinks/terminal.h"
#include "sources/live_bpf.h"
#include "system/signals.h"

namespace tcptwin::commands {
namespace {

// How long one wait for records lasts: what Ctrl-C and the end of --duration may be late by.
constexpr std::chrono::milliseconds kWait{50};

std::unique_ptr<sinks::Sink> make_sink(const TraceOptions& options,
                                       const sinks::ClockMapping& clock, sinks::Output& out,
                                       sinks::Output& diagnostics) {
  if (options.format == Format::JsonLines) {
    return std::make_unique<sinks::JsonLinesSink>(
        out, diagnostics, sinks::JsonOptions{clock, options.evidence, options.call_paths});
  }
  const bool coloured = wants_colour(options.colour, STDOUT_FILENO);
  const sinks::TableOptions table{.clock = clock,
                                  .times = options.times,
                                  .colour = coloured ? sinks::Colour::Always : sinks::Colour::Never,
                                  .header = options.header,
                                  .wide_addresses = options.wide_addresses,
                                  .evidence = options.evidence,
                                  .call_paths = options.call_paths};
  if (options.format == Format::Csv)
    return std::make_unique<sinks::CsvSink>(out, diagnostics, table);
  return std::make_unique<sinks::TerminalSink>(out, diagnostics, table);
}

// What is attached, and what this trace cannot see.
std::string start_text(const sources::LiveBpf& source) {
  utsname kernel{};
  ::uname(&kernel);
  const auto& programs = source.programs();
  const auto attached = std::count_if(programs.begin(), programs.end(),
                                      [](const auto& program) { return program.attached; });
  std::string text = fmt::format("tcptwin: Linux {}, {} of {} programs attached, {} KB ring buffer",
                                 static_cast<const char*>(kernel.release), attached,
                                 programs.size(), source.ring_bytes() / 1024);
  text += "; Ctrl-C ends\n";
  for (const sources::ProgramReport& program : programs) {
    if (program.attached || program.degrades.empty()) continue;
    text += fmt::format("  without {} ({}): {}\n", program.hook, program.reason, program.degrades);
  }
  return text;
}

// With a filter on local ports every connect passes the kernel side until its port is chosen.
constexpr std::size_t kUnnamedConnects = 4096;

tracker::TrackerOptions tracker_options(const TraceOptions& options,
                                        const sources::LiveBpf& source) {
  const sources::KernelFilter& filter = options.live.filter;
  tracker::TrackerOptions result;
  if (!filter.local_ports.empty() || !filter.either_ports.empty()) {
    result.unnamed_connects = kUnnamedConnects;
  }
  result.filters_by_peer =
      !filter.remote_ports.empty() || !filter.either_ports.empty() || filter.family.has_value();
  result.shows_all_evidence = source.shows_all_evidence();
  result.shows_minisocket_segments = source.is_attached("minisocket_segments");
  return result;
}

// One run, from the first record to the summary.
class Trace {
 public:
  Trace(const TraceOptions& options, sources::LiveBpf& source)
      : options_(options),
        source_(source),
        start_(monotonic_now()),
        sink_(make_sink(options, clock_mapping(start_), out_, diagnostics_)),
        tracker_(tracker_options(options, source)),
        filter_(options.conditions, *sink_),
        pipeline_(tracker_, filter_) {}

  // Until a signal, --duration, --count, or nobody reads any more.
  Status run(system::TerminationSignals signals) {
    diagnostics_.write(start_text(source_));
    diagnostics_.flush();
    sink_->on_start();
    out_.flush();
    while (!is_over() && !signals.take()) {
      const auto step = poll(next_wait());
      if (!step) return step.error();
    }
    return Done{};
  }

  // Takes what the kernel has already handed over, judges what still waits, sums up.
  Status finish() {
    const auto last = poll(std::chrono::milliseconds{0});
    tracker_.finish(filter_);
    sink_->on_end(summary());
    out_.flush();
    if (!last) return last.error();
    if (out_.error() != 0) {
      return Error{ErrorCode::Failed,
                   fmt::format("writing the output failed: {}", std::strerror(out_.error())), ""};
    }
    return Done{};
  }

  int exit_code() const {
    const auto counts = tracker_.counts();
    const bool diverged = std::any_of(counts.divergences.begin(), counts.divergences.end(),
                                      [](std::uint64_t count) { return count != 0; });
    if (options_.exit_code_on_divergence && diverged) return kExitDivergence;
    if (options_.strict && summary().lost_in_all() != 0) return kExitLost;
    return kExitOk;
  }

 private:
  bool is_over() const {
    if (filter_.limit_reached() || !out_.is_usable()) return true;
    return options_.duration && monotonic_now() - start_ >= *options_.duration;
  }

  std::chrono::milliseconds next_wait() const {
    if (!options_.duration) return kWait;
    const Duration left = *options_.duration - (monotonic_now() - start_);
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left),
                      std::chrono::milliseconds{0}, kWait);
  }

  Status poll(std::chrono::milliseconds wait) {
    const auto records = source_.poll(wait, pipeline_);
    if (!records) return records.error();
    tracker_.advance(pipeline_.status().time, filter_);
    out_.flush();
    diagnostics_.flush();
    return Done{};
  }

  sinks::Summary summary() const {
    sinks::Summary summary;
    summary.end = monotonic_now();
    summary.duration = summary.end - start_;
    summary.seen = filter_.seen();
    summary.shown = filter_.shown();
    summary.filter = options_.filter_words;
    summary.counts = tracker_.counts();
    summary.stream = pipeline_.status();
    summary.lost = filter_.lost();
    return summary;
  }

  const TraceOptions& options_;
  sources::LiveBpf& source_;
  KernelTime start_;
  sinks::Output out_{STDOUT_FILENO};
  sinks::Output diagnostics_{STDERR_FILENO};
  std::unique_ptr<sinks::Sink> sink_;
  tracker::Tracker tracker_;
  sinks::FindingFilter filter_;
  Pipeline pipeline_;
};

}  // namespace

int run_trace(const Arguments& arguments) {
  auto options = trace_options(arguments);
  if (!options) return report(options.error());
  options.value().live.name_frames_in_kernel = !kallsyms_are_readable();
  auto signals = system::TerminationSignals::open();
  if (!signals) return report(signals.error());
  const auto source = sources::LiveBpf::open(options.value().live);
  if (!source) return report(source.error());
  Trace trace{options.value(), *source.value()};
  // The signals are handed over and released on return: a second Ctrl-C ends the program at once.
  const auto ran = trace.run(std::move(signals.value()));
  const auto finished = trace.finish();
  if (!ran) return report(ran.error());
  if (!finished) return report(finished.error());
  return trace.exit_code();
}

}  // namespace tcptwin::commands
