// SPDX-License-Identifier: MIT
// The parts of the hot path, one by one: a record decoded, a state change judged, a twin found,
// added and removed in the table.
#include <string>
#include <vector>

#include "engine/benches.h"
#include "engine/measured.h"
#include "model/reference_fsm.h"
#include "sources/decode.h"
#include "tracker/connection_table.h"

namespace tcptwin::bench {
namespace {

constexpr std::size_t kConnections = 64;

// The records of one batch in which connections begin, close and end.
WireRecords whole_connections() {
  GeneratedHost host{{.in_flight = kConnections, .wait_for = 1}};
  host.next();  // the listener
  host.next();
  return host.next();
}

void decode_state_change(benchmark::State& state) {
  WireRecords records = whole_connections();
  std::erase_if(records, [](const WireRecord& record) {
    return record.bytes().size() != sizeof(tcptwin_state_change);
  });
  tracker::Observation observation;
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sources::decode_into(records[next].bytes(), observation));
    next = next + 1 == records.size() ? 0 : next + 1;
  }
  state.SetItemsProcessed(state.iterations());
}

struct Judged {
  model::MirrorState from;
  model::MirrorState to;
  model::Evidence evidence;
  model::Origin origin;
};

// What the tracker judged of a few connections, as its steps tell it.
class JudgedSteps final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step& step) override {
    if (!step.evidence) return;
    const bool is_active = step.connection.role == tracker::Role::Active;
    steps.push_back({step.from, step.to, *step.evidence,
                     is_active ? model::Origin::Active : model::Origin::Passive});
  }
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  std::vector<Judged> steps;
};

void judge(benchmark::State& state) {
  JudgedSteps judged;
  tracker::Tracker tracker;
  for (const WireRecord& record : whole_connections()) {
    tracker::Observation observation;
    sources::decode_into(record.bytes(), observation);
    tracker.observe(observation, judged);
  }
  tracker.finish(judged);
  if (judged.steps.empty()) return state.SkipWithError("the tracker judged nothing");
  std::size_t next = 0;
  for (auto _ : state) {
    const Judged& one = judged.steps[next];
    benchmark::DoNotOptimize(model::judge(one.from, one.evidence, one.origin, one.to));
    next = next + 1 == judged.steps.size() ? 0 : next + 1;
  }
  state.SetItemsProcessed(state.iterations());
}

// A table with so many twins, whose keys count up as cookies do.
tracker::ConnectionTable filled_table(std::size_t twins) {
  tracker::ConnectionTable table{2 * twins};
  for (tracker::TwinKey key = 1; key <= twins; ++key) {
    table.add(key, tracker::Twin{}, [](tracker::TwinHandle) {});
  }
  return table;
}

void find_in_table(benchmark::State& state) {
  const auto twins = static_cast<std::size_t>(state.range(0));
  const auto table = filled_table(twins);
  std::uint64_t random = 1;
  for (auto _ : state) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    benchmark::DoNotOptimize(table.find(1 + (random >> 33) % twins));
  }
  state.SetItemsProcessed(state.iterations());
}

// The oldest goes for each that is added: the number stays.
void add_and_remove(benchmark::State& state) {
  const auto twins = static_cast<std::size_t>(state.range(0));
  auto table = filled_table(twins);
  const tracker::Twin twin;
  tracker::TwinKey oldest = 1;
  for (auto _ : state) {
    table.remove(table.find(oldest));
    table.add(oldest + twins, twin, [](tracker::TwinHandle) {});
    ++oldest;
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

void register_parts_benches() {
  benchmark::RegisterBenchmark("decode_state_change", decode_state_change);
  benchmark::RegisterBenchmark("judge", judge);
  for (const std::int64_t twins : {100'000, 1'000'000}) {
    benchmark::RegisterBenchmark("table_find", find_in_table)->Arg(twins);
    benchmark::RegisterBenchmark("table_add_and_remove", add_and_remove)->Arg(twins);
  }
}

}  // namespace tcptwin::bench
