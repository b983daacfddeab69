// SPDX-License-Identifier: MIT
// `tcptwin record`: the records of the kernel side into a file; judged as well, so that losses are
// known and healed, and for the summary.
#include <unistd.h>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/record_options.h"
#include "sinks/diagnostics.h"

namespace tcptwin::commands {
namespace {

// Says what went wrong and how it ended; the rest is for a replay.
class Quiet final : public sinks::Sink {
 public:
  explicit Quiet(sinks::Output& diagnostics) : said_(diagnostics, diagnostics) {}
  void on_start() override {}
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  void on_loss(const tracker::Loss& loss) override { said_.loss(loss); }
  void on_reconciliation(const tracker::Reconciliation& found) override {
    said_.reconciliation(found);
  }
  void on_end(const sinks::Summary& summary) override { said_.end(summary); }

 private:
  sinks::Diagnostics said_;
};

}  // namespace

int run_record(const Arguments& arguments) {
  const auto parsed = record_options(arguments);
  if (!parsed) return report(parsed.error());
  const RecordOptions& options = parsed.value();
  if (options.run.record.path == "-" && ::isatty(STDOUT_FILENO) == 1) {
    return report(
        {ErrorCode::Usage, "a recording is not for a terminal", "name a file, or redirect stdout"});
  }
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  Quiet sink{diagnostics};
  sinks::FindingFilter filter{options.conditions, sink};
  const Status ran = run.run_through(filter, [&] { return run.recording_is_gone(); });
  sinks::Summary summary = run.summary(filter);
  summary.filter = options.filter_words;
  sink.on_end(summary);
  diagnostics.flush();
  if (!ran) return report(ran.error());
  return exit_code_of(summary, false, options.strict);
}

}  // namespace tcptwin::commands
