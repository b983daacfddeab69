// SPDX-License-Identifier: MIT
// JSON lines, schema version 1 (docs/json-lines.md, docs/schema/tcptwin-1.schema.json): one object
// a line, for programs.
#pragma once

#include <span>

#include "sinks/cgroup_directory.h"
#include "sinks/clock_mapping.h"
#include "sinks/exchange.h"
#include "sinks/json_text.h"
#include "sinks/life_record.h"
#include "sinks/output.h"
#include "sinks/sink.h"
#include "sinks/socket_row.h"
#include "sinks/words.h"

namespace tcptwin::sinks {

struct SegmentStory;

struct JsonOptions {
  ClockMapping clock;
  bool evidence = false;    // -x
  bool call_paths = false;  // --stack
  CgroupDirectory* cgroups = nullptr;
};

class JsonLinesSink final : public Sink, public LifeReceiver {
 public:
  // Every line goes to `out`; the summary also, for people, to `diagnostics`.
  JsonLinesSink(Output& out, Output& diagnostics, const JsonOptions& options)
      : out_(out), diagnostics_(diagnostics), options_(options) {}

  void on_start() override {}
  void on_step(const tracker::Step& step) override;
  void on_segment(const tracker::SegmentFound& found) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& call_path) override { paths_.add(call_path); }
  void on_life_record(const LifeRecord& record) override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_adopted(const tracker::Adopted& adopted) override;
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override;
  // What is there now, for `snapshot` and `life --open`.
  void on_socket(const SocketRow& row);
  void on_snapshot(const SnapshotFigures& figures);
  // A whole ladder.
  void on_exchange(const Exchange& exchange);
  void on_end(const Summary& summary) override;

 private:
  void begin(std::string_view type, KernelTime time);
  void add_time(KernelTime time);
  void add_tuple(const Tuple& tuple);
  void add_identity(const tracker::ConnectionIdentity& connection);
  void add_endpoint(std::string_view key, const Endpoint& endpoint);
  void add_owner(const tracker::Owner& owner, std::string_view key = "owner");
  void add_owners(const tracker::Owners& owners);
  void add_cgroup(std::uint64_t cgroup);
  void add_segment(const tracker::Segment& segment);
  void add_end(std::string_view key, const ExchangeEnd& end);
  void add_event(const ExchangeEvent& event, const SegmentStory& story);
  void add_us(std::string_view key, const std::optional<Duration>& span);
  void add_span(std::string_view key, std::string_view at_least_key,
                const std::optional<Duration>& span, const std::optional<Duration>& at_least);
  void add_life(const tracker::Life& life);
  void add_path(const tracker::Life& life);
  void add_handshake(const tracker::Life& life);
  void add_last(const tracker::Life& life);
  void add_other_end(const tracker::OtherEnd& other_end);
  void add_holders(const SocketRow& row);
  void add_kernel_view(const SocketRow& row);
  void add_listener(const SocketRow& row);
  void add_dwell(const tracker::Step& step);
  void add_evidence(const model::Evidence& evidence);
  void add_call_path(std::uint32_t id);
  void add_history(const tracker::Divergence& divergence);
  void add_timer(const tracker::Divergence& divergence);
  void add_counts(const Summary& summary);
  void add_figures(const LifeFigures& figures);
  void end();

  Output& out_;
  Output& diagnostics_;
  JsonOptions options_;
  CallPaths paths_;
  JsonText line_;
};

}  // namespace tcptwin::sinks
