// SPDX-License-Identifier: MIT
// Prints JSON lines of every type and shape, for the comparison with docs/schema/.
#include <unistd.h>

#include "sinks/json_lines.h"
#include "unit/sinks/synthetic_exchange.h"
#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_segments.h"

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

void play_segments(sinks::Sink& sink) {
  for (const tracker::SegmentFound& found : segments()) sink.on_segment(found);
  for (const auto reason : {tracker::SegmentReason::Answers, tracker::SegmentReason::Follows,
                            tracker::SegmentReason::Data, tracker::SegmentReason::PureAck}) {
    tracker::SegmentFound found = syn_sent();
    found.segment.reason = reason;
    sink.on_segment(found);
  }
  sink.on_divergence(data_after_fin());
  sinks::Summary summary = busy_summary();
  summary.counts.segments = 9;
  summary.counts.segments_crossing = 2;
  summary.counts.segments_passing = 1;
  sink.on_end(summary);
}

void play_all_words_of_lives(sinks::JsonLinesSink& sink) {
  for (std::size_t i = 0; i < model::kEndedByCount; ++i) {
    tracker::Life life = refused_life();
    life.ending.by = static_cast<model::EndedBy>(i);
    sink.on_life_record({life});
  }
  for (std::size_t i = 0; i < model::kEndedHowCount; ++i) {
    tracker::Life life = refused_life();
    life.ending.how = static_cast<model::EndedHow>(i);
    sink.on_life_record({life});
  }
  for (std::size_t i = 0; i < tracker::kStuckKindCount; ++i) {
    tracker::Stuck stuck = close_wait_stuck();
    stuck.kind = static_cast<tracker::StuckKind>(i);
    sink.on_stuck(stuck);
  }
  for (const auto timer : {tracker::PendingTimer::Keepalive, tracker::PendingTimer::Probe}) {
    sinks::SocketRow row = socket_rows()[0];
    row.kernel->timer = timer;
    sink.on_socket(row);
  }
}

// Everything about whole connections.
void play_connections(sinks::JsonLinesSink& sink) {
  play_lives(sink, sink);
  for (const auto& stuck : {close_wait_stuck(), half_open_stuck(), last_ack_stuck()}) {
    sink.on_stuck(stuck);
  }
  sink.on_adopted(adopted());
  for (const sinks::SocketRow& row : socket_rows()) sink.on_socket(row);
  sink.on_snapshot(snapshot_figures());
  play_all_words_of_lives(sink);
}

// Both ends, one end alone, a closed port; a divergence, and what a bound left out.
void play_ladders(sinks::JsonLinesSink& sink) {
  KeptExchanges kept;
  sinks::LadderCollector collector{kept, {.ends = 8, .events = 40}};
  PlayedConnection connection{collector};
  connection.handshake(1000);
  connection.close(1100, 700, 52104);
  collector.on_divergence(bare_divergence());
  collector.finish();
  PlayedConnection refused{collector};
  refused.server_is_nobody = true;
  refused.generation = 2;
  refused.step(At::Client, 3000, model::State::Closed, model::State::SynSent,
               model::Cause::ActiveOpen);
  for (int i = 0; i < 60; ++i) refused.passes(At::Client, 3000 + i, {"S"});
  collector.finish();
  PlayedConnection bulk{collector};
  bulk.generation = 3;
  bulk.handshake(4000);
  for (int i = 0; i < 60; ++i) {
    bulk.passes(At::Client, 4001, data(1u + 100u * static_cast<std::uint32_t>(i), 100));
  }
  bulk.passes(At::Server, 4002, pure_ack(1, 6001));
  collector.finish();
  for (const sinks::Exchange& exchange : kept.all) sink.on_exchange(exchange);
}

}  // namespace
}  // namespace tcptwin::test

int main() {
  using namespace tcptwin;
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  for (const bool everything : {false, true}) {
    test::SyntheticCgroups cgroups;
    sinks::JsonLinesSink sink{out,
                              diagnostics,
                              {.clock = test::test_clock(),
                               .evidence = everything,
                               .call_paths = everything,
                               .cgroups = everything ? &cgroups : nullptr}};
    test::play(sink);
    test::play_all_words(sink);
    test::play_connections(sink);
    test::play_segments(sink);
    test::play_ladders(sink);
  }
  return 0;
}
