// SPDX-License-Identifier: MIT
// What a running service counts and shows: findings become numbers on the thread that judges, the
// pages are made of copies on the HTTP server's threads. Used by serve.cc alone.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "commands/control.h"
#include "commands/live_run.h"
#include "commands/serve_options.h"
#include "commands/serve_settings.h"
#include "commands/table_dump.h"
#include "sinks/finding_log.h"
#include "sinks/metric_families.h"
#include "sinks/metrics.h"
#include "system/http_server.h"
#include "system/journal.h"
#include "system/service_manager.h"
#include "system/signals.h"

namespace tcptwin::commands {

class Service final : public tracker::FindingHandler {
 public:
  using ReadSettings = std::function<Result<ServeSettings>()>;
  // `signals` are those that ask for something; those that end it are the run's. `read_again` is
  // what SIGHUP asks for.
  Service(const ServeOptions& options, ServeSettings settings, ReadSettings read_again,
          LiveRun& run, system::CaughtSignals& signals);

  void on_step(const tracker::Step& step) override {
    metrics_.on_step(step);
    if (control_) control_->history().on_step(step);
  }
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& path) override { log_.on_call_path(path); }
  void on_life(const tracker::Life& life) override {
    metrics_.on_life(life);
    if (control_) control_->history().on_life(life);
  }
  void on_stuck(const tracker::Stuck& stuck) override {
    metrics_.on_stuck(stuck);
    log_.on_stuck(stuck);
    if (control_) control_->history().on_stuck(stuck);
  }
  void on_adopted(const tracker::Adopted& adopted) override { metrics_.on_adopted(adopted); }
  void on_reconciliation(const tracker::Reconciliation& found) override;

  // Lets commands ask; after the rights were given up.
  void open_control(ControlListener listener);

  // Everything is attached and answers: says so, in the journal and to who started us.
  void ready();
  // Gives up rights that are not needed any more, and says what is not possible then.
  Status give_up_rights();
  // Once a turn: hands new numbers to the pages, tells the watchdog, does what signals ask for.
  void turn(KernelTime now);
  void stopping();
  // The last findings are in.
  void ended();

  // One answer; may be called on any thread.
  system::HttpAnswer answer(const system::HttpRequest& request);

 private:
  bool is_quiet(KernelTime now) const;
  void publish(KernelTime now);
  void answer_signals(KernelTime now);
  void begin_dump(KernelTime now);
  void reload(KernelTime now);
  Result<std::vector<std::string>> take_settings();
  void say(sinks::LogKind kind, std::string message);
  std::string status_text() const;
  sinks::ServiceNumbers service_numbers() const;
  system::HttpAnswer health() const;

  const ServeOptions& options_;  // as it was started
  tracker::StuckThresholds thresholds_;
  ServeSettings settings_;  // as it was started
  ReadSettings read_again_;
  bool settings_are_good_ = true;
  KernelTime settings_read_at_;
  LiveRun& run_;
  system::CaughtSignals& signals_;
  system::Journal journal_ = system::Journal::of_this_process();
  system::ServiceManager manager_ = system::ServiceManager::of_this_process();
  TableDump dump_;
  sinks::Metrics metrics_;
  sinks::FindingLog log_;
  sinks::LatestOf<sinks::MetricNumbers> numbers_;
  sinks::LatestOf<sinks::ServiceNumbers> service_numbers_;
  std::optional<Control> control_;
  std::optional<KernelTime> published_;
  std::uint64_t published_received_ = 0;
  std::optional<KernelTime> programs_read_;
  std::optional<KernelTime> status_told_;
  std::atomic<KernelTime> last_turn_;
};

// Defined beside --version, which says the same.
sinks::BuildFacts build_facts();

}  // namespace tcptwin::commands
