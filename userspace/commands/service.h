// SPDX-License-Identifier: MIT
// What a running service counts and shows: findings become numbers on the thread that judges, the
// pages are made of copies on the HTTP server's threads. Used by serve.cc alone.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "commands/live_run.h"
#include "sinks/metric_families.h"
#include "sinks/metrics.h"
#include "system/http_server.h"

namespace tcptwin::commands {

class Service {
 public:
  explicit Service(LiveRun& run);

  tracker::FindingHandler& findings() { return metrics_; }

  // Once a turn: hands new numbers to the pages, if it is time.
  void turn(KernelTime now);

  // One answer; may be called on any thread.
  system::HttpAnswer answer(const system::HttpRequest& request);

 private:
  void publish(KernelTime now);
  sinks::ServiceNumbers service_numbers() const;
  system::HttpAnswer health() const;

  LiveRun& run_;
  sinks::Metrics metrics_;
  sinks::LatestOf<sinks::MetricNumbers> numbers_;
  sinks::LatestOf<sinks::ServiceNumbers> service_numbers_;
  std::optional<KernelTime> published_;
  std::optional<KernelTime> programs_read_;
  std::atomic<KernelTime> last_turn_;
};

// Defined beside --version, which says the same.
sinks::BuildFacts build_facts();

}  // namespace tcptwin::commands
