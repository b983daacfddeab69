// SPDX-License-Identifier: MIT
// A state change as a line of text and of JSON, written to nowhere in portions.
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "engine/benches.h"
#include "engine/measured.h"
#include "sinks/json_lines.h"
#include "sinks/terminal.h"
#include "sources/decode.h"

namespace tcptwin::bench {
namespace {

constexpr std::size_t kConnections = 64;

class KeptSteps final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step& step) override { steps.push_back(step); }
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  std::vector<tracker::Step> steps;
};

std::vector<tracker::Step> steps_of_connections() {
  KeptSteps kept;
  tracker::Tracker tracker;
  GeneratedHost host{{.in_flight = kConnections, .wait_for = 1}};
  while (!host.is_steady()) {
    for (const WireRecord& record : host.next()) {
      tracker::Observation observation;
      sources::decode_into(record.bytes(), observation);
      tracker.observe(observation, kept);
    }
  }
  tracker.finish(kept);
  return kept.steps;
}

template <typename MakeSink>
void write_steps(benchmark::State& state, MakeSink make) {
  const std::vector<tracker::Step> steps = steps_of_connections();
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  {
    sinks::Output out{nowhere};
    auto sink = make(out);
    for (auto _ : state) {
      for (const tracker::Step& step : steps) sink.on_step(step);
      out.flush();
    }
  }
  ::close(nowhere);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(steps.size()));
}

void text_line(benchmark::State& state) {
  write_steps(state, [](sinks::Output& out) {
    return sinks::TerminalSink{out, out, sinks::TableOptions{}};
  });
}

void json_line(benchmark::State& state) {
  write_steps(state, [](sinks::Output& out) {
    return sinks::JsonLinesSink{out, out, sinks::JsonOptions{}};
  });
}

}  // namespace

void register_formatting_benches() {
  benchmark::RegisterBenchmark("text_line", text_line);
  benchmark::RegisterBenchmark("json_line", json_line);
}

}  // namespace tcptwin::bench
