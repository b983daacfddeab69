// SPDX-License-Identifier: MIT
// Prints JSON lines of every type and shape, for the comparison with docs/schema/.
#include <unistd.h>

#include "sinks/json_lines.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

// Each word of each table once, so that one the schema does not know is found.
void play_all_words(sinks::Sink& sink) {
  for (const model::CauseRow& row : model::cause_table()) {
    tracker::Step step = synack_step();
    step.cause = row.cause;
    sink.on_step(step);
  }
  for (const model::State state : model::kAllStates) {
    for (const model::Holder holder : {model::Holder::Socket, model::Holder::Minisocket}) {
      tracker::Step step = synack_step();
      step.to = {state, holder};
      sink.on_step(step);
    }
  }
  for (std::size_t i = 0; i < model::kDivergenceKindCount; ++i) {
    tracker::Divergence divergence = bare_divergence();
    divergence.kind = static_cast<model::DivergenceKind>(i);
    sink.on_divergence(divergence);
  }
  for (std::size_t i = 0; i < tracker::kLossPlaceCount; ++i) {
    tracker::Loss loss = ring_loss();
    loss.where = static_cast<tracker::LossPlace>(i);
    sink.on_loss(loss);
  }
}

}  // namespace
}  // namespace tcptwin::test

int main() {
  using namespace tcptwin;
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  for (const bool everything : {false, true}) {
    sinks::JsonLinesSink sink{
        out,
        diagnostics,
        {.clock = test::test_clock(), .evidence = everything, .call_paths = everything}};
    test::play(sink);
    test::play_all_words(sink);
  }
  return 0;
}
