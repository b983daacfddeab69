// SPDX-License-Identifier: MIT
// What the engine's benches measure with: the processor's time of this thread, so that others on
// the machine hardly matter, and the figures that every bench shows.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <chrono>
#include <cstdint>

#include "engine/generated_host.h"
#include "tracker/tracker.h"

namespace tcptwin::bench {

inline std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// The time of the iteration under way: what `work` takes.
template <typename Work>
std::chrono::nanoseconds measure(benchmark::State& state, Work work) {
  const auto begin = processor_time();
  work();
  const auto taken = processor_time() - begin;
  state.SetIterationTime(std::chrono::duration<double>(taken).count());
  return taken;
}

// An iteration is a batch of whole connections.
inline void show_connections(benchmark::State& state, std::uint64_t connections,
                             std::chrono::nanoseconds taken) {
  const auto ns = static_cast<double>(taken.count());
  const auto count = static_cast<double>(connections);
  state.SetItemsProcessed(static_cast<std::int64_t>(connections * kStateChangesOfConnection));
  state.counters["ns_per_connection"] = ns / count;
  state.counters["ns_per_record"] = ns / count / kRecordsOfConnection;
}

// Takes all findings and keeps none.
class NoFindings final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
};

// The connections are healthy: a tracker that says otherwise was not given what a kernel gives.
inline bool understood_all(const tracker::TrackerCounts& counts) {
  const auto verdicts = [&counts](model::Verdict verdict) {
    return counts.verdicts[static_cast<std::size_t>(verdict)];
  };
  return counts.evicted == 0 && counts.lives > 0 && verdicts(model::Verdict::Divergence) == 0 &&
         verdicts(model::Verdict::Unverified) == 0 && verdicts(model::Verdict::Gap) == 0;
}

}  // namespace tcptwin::bench
