// SPDX-License-Identifier: MIT
#include "commands/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands/surroundings.h"
#include "system/process_facts.h"

namespace tcptwin::commands {
namespace {

// How old the numbers of a scrape may be, and those of the programs, which cost a call each.
constexpr Duration kPublishEvery = std::chrono::milliseconds{50};
constexpr Duration kReadProgramsEvery = std::chrono::seconds{1};
// A turn lasts 50 ms, a census of a million sockets a second.
constexpr Duration kHangsAfter = std::chrono::seconds{10};

constexpr const char* kText = "text/plain; charset=utf-8";

std::string landing_page() {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><title>tcptwin</title></head><body>\n"
      "<h1>tcptwin {}</h1>\n<p>The state of this host's TCP connections, held against RFC 9293."
      "</p>\n<ul>\n<li><a href=\"/metrics\">metrics</a></li>\n"
      "<li><a href=\"/healthz\">healthz</a>: the service is at work</li>\n"
      "<li><a href=\"/readyz\">readyz</a>: it sees the kernel's events</li>\n"
      "</ul>\n</body></html>\n",
      TCPTWIN_VERSION);
}

}  // namespace

Service::Service(LiveRun& run) : run_(run), metrics_(monotonic_now), last_turn_(monotonic_now()) {}

void Service::turn(KernelTime now) {
  last_turn_ = now;
  if (!published_ || now - *published_ >= kPublishEvery) publish(now);
}

void Service::publish(KernelTime now) {
  published_ = now;
  if (!programs_read_ || now - *programs_read_ >= kReadProgramsEvery) {
    programs_read_ = now;
    service_numbers_.publish(service_numbers());
  }
  const Duration clock = run_.clock().realtime_minus_monotonic;
  numbers_.publish(metrics_.numbers(run_.counts(), run_.stream(), clock));
}

sinks::ServiceNumbers Service::service_numbers() const {
  const sources::LiveBpf& live = *run_.live();
  sinks::ServiceNumbers numbers;
  const auto all_runs = live.program_runs();
  for (const sources::ProgramReport& report : live.programs()) {
    sinks::ServiceNumbers::Program program{report.name, report.attached};
    const auto runs =
        std::ranges::find(all_runs, report.name, [](const auto& entry) { return entry.first; });
    if (runs != all_runs.end()) {
      program.runs = runs->second.runs;
      program.run_seconds = std::chrono::duration<double>(runs->second.time).count();
      program.recursion_misses = runs->second.recursion_misses;
    }
    numbers.programs.push_back(std::move(program));
  }
  numbers.has_bpf_statistics = sources::bpf_statistics_are_on();
  numbers.ring_bytes = live.ring_bytes();
  const bool is_exact = std::ranges::any_of(
      sources::kExactParts, [&](sources::Part part) { return live.why_inexact(part).empty(); });
  numbers.tiers = {true, live.is_attached("existing_sockets"), is_exact};
  return numbers;
}

system::HttpAnswer Service::health() const {
  const Duration silent = monotonic_now() - last_turn_.load();
  if (silent < kHangsAfter) return {200, kText, "ok\n", {}};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(silent).count();
  return {503, kText, fmt::format("no turn of the event loop for {} s\n", seconds), {}};
}

system::HttpAnswer Service::answer(const system::HttpRequest& request) {
  if (request.path == "/metrics") {
    const sinks::MetricSources sources{[this] { return numbers_.get(); },
                                       [this] { return service_numbers_.get(); },
                                       system::read_process_facts, build_facts()};
    return {200, sinks::kMetricsContentType, sinks::metrics_text(sources), {}};
  }
  if (request.path == "/") return {200, "text/html; charset=utf-8", landing_page(), {}};
  if (request.path == "/healthz") return health();
  // It answers only once its programs are attached and the first census is done.
  if (request.path == "/readyz") return {200, kText, "ready\n", {}};
  return {404, kText, "there are /metrics, /healthz and /readyz\n", {}};
}

}  // namespace tcptwin::commands
