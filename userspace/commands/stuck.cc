// SPDX-License-Identifier: MIT
// `tcptwin stuck`: connections that stay in a state for longer than is healthy, with the process
// and one sentence of advice.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/service_run.h"
#include "commands/stuck_options.h"
#include "sinks/json_lines.h"
#include "sinks/life_text.h"
#include "sinks/stuck_table.h"

namespace tcptwin::commands {
namespace {

// Behind the longest threshold, until a census has confirmed the finding and it has come out.
constexpr Duration kAfterThreshold = std::chrono::seconds{4};
// A run that ends soon takes a census that often, so that no finding waits for one in vain.
constexpr Duration kReconcileOnce = std::chrono::seconds{1};

std::unique_ptr<sinks::Sink> make_sink(const StuckOptions& options,
                                       const sinks::ClockMapping& clock, sinks::Output& out,
                                       sinks::Output& diagnostics,
                                       sinks::CgroupDirectory& cgroups) {
  if (options.look.format == Format::JsonLines) {
    return std::make_unique<sinks::JsonLinesSink>(
        out, diagnostics, sinks::JsonOptions{clock, options.look.extended, false, &cgroups});
  }
  return std::make_unique<sinks::StuckTable>(out, diagnostics, table_options(options.look, clock),
                                             &cgroups);
}

// Lets pass what this command is about. Adopted connections are no news here.
class StuckOnly final : public tracker::FindingHandler {
 public:
  explicit StuckOnly(tracker::FindingHandler& next) : next_(next) {}
  void on_step(const tracker::Step& step) override { next_.on_step(step); }
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss& loss) override { next_.on_loss(loss); }
  void on_call_path(const tracker::CallPath&) override {}
  void on_stuck(const tracker::Stuck& stuck) override { next_.on_stuck(stuck); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    next_.on_reconciliation(reconciliation);
  }

 private:
  tracker::FindingHandler& next_;
};

void limit_to_once(StuckOptions& options) {
  const Duration needed = longest(options.run.stuck) + kAfterThreshold;
  if (!options.run.duration || *options.run.duration > needed) options.run.duration = needed;
  if (options.run.reconcile) {
    options.run.reconcile = std::min<Duration>(*options.run.reconcile, kReconcileOnce);
  }
}

std::string once_text(const StuckOptions& options) {
  return fmt::format("tcptwin: watches for {}, until all that is stuck has shown\n",
                     sinks::span_text(*options.run.duration));
}

// A service knows already what is stuck.
ServiceWish wish_of(const StuckOptions& options) {
  return {.kinds = sinks::kinds_of<tracker::Stuck, tracker::Loss>(),
          .follow = !options.once,
          .stuck = true};
}

}  // namespace

int run_stuck(const Arguments& arguments) {
  auto parsed = stuck_options(arguments);
  if (!parsed) return report(parsed.error());
  StuckOptions& options = parsed.value();
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  if (options.once) limit_to_once(options);
  const auto opened = open_run(options.run, wish_of(options), diagnostics);
  if (!opened) return report(opened.error());
  WatchedRun& run = *opened.value();
  if (options.once && !run.asks_service()) diagnostics.write(once_text(options));
  run.fill_in_filter(options.conditions, options.filter_words);
  const auto sink = make_sink(options, run.clock(), out, diagnostics, run.cgroups());
  sinks::FindingFilter filter{options.conditions, *sink};
  StuckOnly only{filter};

  sink->on_start();
  out.flush();
  const Status ran = run.run_through(only, [&] {
    out.flush();
    return filter.limit_reached() || !out.is_usable();
  });
  sinks::Summary summary = run.summary(filter);
  summary.subject = sinks::Subject::Stuck;
  summary.filter = options.filter_words;
  sink->on_end(summary);
  out.flush();
  for (const Status& status : {ran, written(out)}) {
    if (!status) return report(status.error());
  }
  if (options.exit_code_on_stuck && filter.shown() != 0) return kExitDivergence;
  return exit_code_of(summary, false, options.strict);
}

}  // namespace tcptwin::commands
