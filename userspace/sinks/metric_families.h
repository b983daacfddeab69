// SPDX-License-Identifier: MIT
// Numbers as Prometheus' metric families, with prometheus-cpp; one Collectable that reads at scrape
// time. The only place that includes prometheus/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sinks/metrics.h"
#include "system/process_facts.h"

namespace tcptwin::sinks {

// What one scrape is made of. In a replay there are the numbers alone.
struct MetricSources {
  std::function<std::shared_ptr<const MetricNumbers>()> numbers;
  std::function<std::shared_ptr<const ServiceNumbers>()> service;  // empty in a replay
  std::function<system::ProcessFacts()> process;                   // empty in a replay
  BuildFacts build;
};

inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// /metrics, in Prometheus' text format.
std::string metrics_text(const MetricSources& sources);

}  // namespace tcptwin::sinks
