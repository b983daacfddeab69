// SPDX-License-Identifier: MIT
// tcptwin itself, run inside a test: the live kernel, the pipeline and the tracker, with all
// findings kept, so that a test can wait for them and a failing one can print them. Every session
// is recorded as well and replayed at its end: a replay that says anything else fails the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline.h"
#include "sources/live_bpf.h"
#include "sources/recording_facts.h"
#include "tracker/counter_ledger.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin::testing {

class ReplayCheck;

struct Findings final : tracker::FindingHandler {
  std::vector<tracker::Step> steps;
  std::vector<tracker::Divergence> divergences;
  std::vector<tracker::Loss> losses;
  std::vector<tracker::Life> lives;
  std::vector<tracker::Stuck> stuck;
  std::vector<tracker::Reconciliation> reconciliations;
  std::vector<tracker::SegmentFound> segments;
  tracker::CounterLedger ledger;  // what the kernel's counters must show for all of this
  bool keeps_steps = true;
  bool keeps_lives = true;

  void on_step(const tracker::Step& step) override {
    ledger.on_step(step);
    if (keeps_steps) steps.push_back(step);
  }
  void on_divergence(const tracker::Divergence& divergence) override {
    divergences.push_back(divergence);
  }
  void on_loss(const tracker::Loss& loss) override {
    losses.push_back(loss);
    ledger.on_loss(loss);
  }
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override {
    if (keeps_lives) lives.push_back(life);
  }
  void on_segment(const tracker::SegmentFound& found) override { segments.push_back(found); }
  void on_stuck(const tracker::Stuck& found) override { stuck.push_back(found); }
  void on_reconciliation(const tracker::Reconciliation& found) override {
    reconciliations.push_back(found);
    ledger.on_reconciliation(found);
  }
};

// Which connection a test speaks of. A port of 0 is any port; of several that match, `ordinal`
// picks one in the order in which they began (0: all of them).
struct Which {
  tracker::Role role = tracker::Role::Unknown;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::size_t ordinal = 0;

  Which number(std::size_t wanted) const { return {role, local_port, remote_port, wanted}; }
};

// TCPTWIN_NOTHING_IS_HIDDEN=1 says that this kernel runs BPF programs in every softirq, as the
// guests of tests/vm do: no gap is forgiven then, and what only a census knows is a divergence.
bool nothing_is_hidden();

class TraceSession {
 public:
  // TCPTWIN_TIER=t0 in the environment keeps all sessions from hooking functions.
  static Result<std::unique_ptr<TraceSession>> open(const sources::LiveOptions& options);
  ~TraceSession();
  TraceSession(const TraceSession&) = delete;
  TraceSession& operator=(const TraceSession&) = delete;

  void poll(std::chrono::milliseconds timeout);
  // Tells the tracker which sockets exist (LiveBpf::take_census).
  void take_census();
  // One reconciliation: a census, and a second look where the first left suspects.
  void reconcile();
  // Polls until the findings satisfy the predicate; false if they did not in time.
  bool await(const std::function<bool(const Findings&)>& predicate,
             std::chrono::milliseconds patience);
  // Polls until everything the kernel did before this call has been delivered and judged.
  void settle();

  const Findings& findings() const { return *findings_; }
  Findings& findings() { return *findings_; }
  const tracker::StreamStatus& status() const { return pipeline_->status(); }
  tracker::TrackerCounts counts() const { return tracker_->counts(); }
  void visit(const tracker::TwinVisitor& visitor) const { tracker_->visit(visitor); }
  const sources::LiveBpf& source() const { return *source_; }
  const std::vector<sources::ProgramReport>& programs() const { return source_->programs(); }

 private:
  TraceSession(std::unique_ptr<sources::LiveBpf> source, const sources::RecordingFacts& facts);
  std::string finish();

  std::unique_ptr<Findings> findings_;
  std::unique_ptr<ReplayCheck> replay_check_;
  std::unique_ptr<tracker::Tracker> tracker_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<sources::LiveBpf> source_;
  sources::RecordHandler& intake_;
};

// The steps of the connections that `which` names, in the order they were found. A connection
// belongs as a whole as soon as one of its steps matches: the first step of an active open and the
// last of a disconnected one carry no tuple.
std::vector<tracker::Step> steps_of(const std::vector<tracker::Step>& steps, const Which& which);

// "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant", "NEW_SYN_RECV -> SYN_RECV
// child_from_request deviation L12". FIN_WAIT2 in a minisocket is "FIN_WAIT2(minisocket)".
std::string to_text(const tracker::Step& step);
std::string to_text(const model::MirrorState& mirror);

// The same with identity, owner and evidence, for failure messages.
std::string to_detailed_text(const tracker::Step& step);
std::string to_detailed_text(const tracker::Divergence& divergence);

}  // namespace tcptwin::testing
