// SPDX-License-Identifier: MIT
// `tcptwin life`: every connection that ends, with its whole life on one line; then the summary.
#include <unistd.h>

#include <memory>

#include "commands/command.h"
#include "commands/life_options.h"
#include "commands/live_run.h"
#include "commands/service_run.h"
#include "sinks/json_lines.h"
#include "sinks/life_csv.h"
#include "sinks/life_joiner.h"
#include "sinks/life_statistics.h"
#include "sinks/life_table.h"
#include "sinks/socket_row.h"

namespace tcptwin::commands {
namespace {

// One of the formats, as what it is to the run: a sink, a receiver of lives, and what shows a
// connection that is still open (CSV has no row for that).
struct Printer {
  std::unique_ptr<sinks::Sink> sink;
  sinks::LifeReceiver* lives = nullptr;
  std::function<void(const tracker::TwinView&, KernelTime)> show_open = [](const auto&, auto) {};
};

Printer make_printer(const LifeOptions& options, const sinks::ClockMapping& clock,
                     sinks::Output& out, sinks::Output& diagnostics,
                     sinks::CgroupDirectory& cgroups) {
  Printer printer;
  const sinks::TableOptions table = table_options(options.look, clock);
  switch (options.look.format) {
    case Format::JsonLines: {
      auto sink = std::make_unique<sinks::JsonLinesSink>(
          out, diagnostics, sinks::JsonOptions{clock, options.look.extended, false, &cgroups});
      printer.lives = sink.get();
      printer.show_open = [&shown = *sink](const tracker::TwinView& twin, KernelTime now) {
        shown.on_socket(sinks::socket_row(twin, now));
      };
      printer.sink = std::move(sink);
      break;
    }
    case Format::Csv: {
      auto sink = std::make_unique<sinks::LifeCsv>(out, diagnostics, table, &cgroups);
      printer.lives = sink.get();
      printer.sink = std::move(sink);
      break;
    }
    case Format::Table: {
      auto sink = std::make_unique<sinks::LifeTable>(out, diagnostics, table, &cgroups);
      printer.lives = sink.get();
      printer.show_open = [&shown = *sink](const tracker::TwinView& twin, KernelTime now) {
        shown.on_open(twin, now);
      };
      printer.sink = std::move(sink);
      break;
    }
  }
  return printer;
}

// Neither over nor a listener: somebody may still send.
bool is_open(const model::MirrorState& state) {
  return state.state != model::State::Closed && state.state != model::State::Listen &&
         state.state != model::State::TimeWait;
}

// One run: tracker -> joiner -> filter -> statistics -> sorter -> printer.
class LifeRun {
 public:
  LifeRun(const LifeOptions& options, WatchedRun& run, sinks::Output& out,
          sinks::Output& diagnostics)
      : options_(options),
        run_(run),
        out_(out),
        printer_(make_printer(options, run.clock(), out, diagnostics, run.cgroups())),
        sorter_(options.sort.value_or(sinks::LifeKey::Duration), *printer_.lives),
        statistics_(options.sort ? static_cast<sinks::LifeReceiver&>(sorter_) : *printer_.lives),
        filter_(options.conditions, *printer_.sink, &statistics_),
        joiner_(filter_, filter_,
                options.both_ends_apart ? sinks::BothEnds::Apart : sinks::BothEnds::Joined) {}

  Status run() {
    printer_.sink->on_start();
    out_.flush();
    Status ran = run_.run_through(joiner_, [&] {
      joiner_.advance(run_.stream().time);
      out_.flush();
      return filter_.limit_reached() || !out_.is_usable();
    });
    joiner_.finish();
    sorter_.finish();
    const Status counted = count_open();
    printer_.sink->on_end(summary());
    out_.flush();
    return ran ? counted : ran;
  }

  int exit_code() const {
    return exit_code_of(summary(), options_.exit_code_on_divergence, options_.strict);
  }

 private:
  Status count_open() {
    const KernelTime now = run_.end();
    return run_.visit([&](const tracker::TwinView& twin) {
      if (!is_open(twin.state) || !filter_.matches(twin)) return;
      ++open_;
      if (options_.open) printer_.show_open(twin, now);
    });
  }

  sinks::Summary summary() const {
    sinks::Summary summary = run_.summary(filter_);
    summary.subject = sinks::Subject::Lives;
    summary.filter = options_.filter_words;
    summary.lives = statistics_.figures();
    summary.lives->open = open_;
    summary.lives->not_kept = sorter_.not_kept();
    return summary;
  }

  const LifeOptions& options_;
  WatchedRun& run_;
  sinks::Output& out_;
  Printer printer_;
  sinks::LifeSorter sorter_;
  sinks::LifeStatistics statistics_;
  sinks::FindingFilter filter_;
  sinks::LifeJoiner joiner_;
  std::uint64_t open_ = 0;
};

Error no_past() {
  return {ErrorCode::Failed, "no service runs here that could tell what has ended already",
          "tcptwin serve --control-socket PATH remembers it; without --past, life shows what ends "
          "from now on"};
}

// Of a service: what has ended already, as far as it remembers, and what ends from now on.
ServiceWish wish_of(const LifeOptions& options) {
  return {.kinds = sinks::kinds_of<tracker::Life, tracker::Divergence, tracker::Loss>(),
          .past = true,
          .follow = !options.past,
          .otherwise = options.past ? std::optional{no_past()} : std::nullopt};
}

}  // namespace

int run_life(const Arguments& arguments) {
  auto parsed = life_options(arguments);
  if (!parsed) return report(parsed.error());
  LifeOptions& options = parsed.value();
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = open_run(options.run, wish_of(options), diagnostics);
  if (!opened) return report(opened.error());
  opened.value()->fill_in_filter(options.conditions, options.filter_words);
  LifeRun life{options, *opened.value(), out, diagnostics};
  const Status ran = life.run();
  for (const Status& status : {ran, written(out)}) {
    if (!status) return report(status.error());
  }
  return life.exit_code();
}

}  // namespace tcptwin::commands
