// SPDX-License-Identifier: MIT
// Tracker::observe with so many twins alive: decoded observations, whole connections.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/benches.h"
#include "engine/measured.h"
#include "sources/decode.h"

namespace tcptwin::bench {
namespace {

class Mirror {
 public:
  explicit Mirror(const Traffic& traffic) : host_(traffic) {
    do {
      take_batch();
      observe();
    } while (!host_.is_steady());
  }

  // What comes next, decoded: not part of what is measured.
  void take_batch() {
    const WireRecords& records = host_.next();
    batch_.resize(records.size() + 1);
    for (std::size_t i = 0; i < records.size(); ++i) {
      sources::decode_into(records[i].bytes(), batch_[i]);
    }
    sources::decode_into(host_.status(), batch_.back());
  }
  void observe() {
    for (const tracker::Observation& observation : batch_) tracker_.observe(observation, findings_);
    tracker_.advance(std::get<tracker::StreamStatus>(batch_.back()).time, findings_);
  }

  tracker::TrackerCounts counts() const { return tracker_.counts(); }
  std::size_t connections_a_batch() const { return host_.traffic().in_flight; }

 private:
  GeneratedHost host_;
  tracker::Tracker tracker_;
  NoFindings findings_;
  std::vector<tracker::Observation> batch_;
};

void observe(benchmark::State& state, Mirror& mirror) {
  std::chrono::nanoseconds taken{};
  for (auto _ : state) {
    mirror.take_batch();
    taken += measure(state, [&] { mirror.observe(); });
  }
  if (!understood_all(mirror.counts())) state.SkipWithError("the tracker did not agree to all");
  show_connections(
      state, static_cast<std::uint64_t>(state.iterations()) * mirror.connections_a_batch(), taken);
  state.counters["twins"] = static_cast<double>(mirror.counts().twins);
}

void add(const std::string& name, const Traffic& traffic) {
  // Filled once, however often the bench is repeated; never if it is not asked for.
  auto mirror = std::make_shared<std::optional<Mirror>>();
  benchmark::RegisterBenchmark(name.c_str(), [mirror, traffic](benchmark::State& state) {
    if (!*mirror) mirror->emplace(traffic);
    observe(state, **mirror);
  })->UseManualTime();
}

}  // namespace

void register_mirror_benches() {
  for (const std::size_t twins : {10'000U, 100'000U, 1'000'000U}) {
    add("observe/comes_and_goes/" + std::to_string(twins), comes_and_goes(twins));
    add("observe/oldest_closes/" + std::to_string(twins), oldest_closes(twins));
  }
}

}  // namespace tcptwin::bench
