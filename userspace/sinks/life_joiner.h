// SPDX-License-Identifier: MIT
// Joins the two ends of a connection whose ends are both on this host to one record: the end that
// is reported first waits, at most a second of the kernel's time, for the other.
#pragma once

#include <cstdint>
#include <list>
#include <map>

#include "base/connection_id.h"
#include "sinks/life_record.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

enum class BothEnds { Joined, Apart };

class LifeJoiner final : public tracker::FindingHandler {
 public:
  // Lives go to `lives`, joined or alone; all other findings to `others`, at once.
  LifeJoiner(tracker::FindingHandler& others, LifeReceiver& lives, BothEnds ends = BothEnds::Joined)
      : others_(others), lives_(lives), ends_(ends) {}

  void on_life(const tracker::Life& life) override;
  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override {
    others_.on_divergence(divergence);
  }
  void on_loss(const tracker::Loss& loss) override { others_.on_loss(loss); }
  void on_call_path(const tracker::CallPath& path) override { others_.on_call_path(path); }
  void on_stuck(const tracker::Stuck& stuck) override { others_.on_stuck(stuck); }
  void on_segment(const tracker::SegmentFound& segment) override { others_.on_segment(segment); }
  void on_adopted(const tracker::Adopted& adopted) override { others_.on_adopted(adopted); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    others_.on_reconciliation(reconciliation);
  }

  // Lets go what has waited long enough at `now`.
  void advance(KernelTime now);
  // Lets go everything: the run is over.
  void finish();

 private:
  using Held = std::list<tracker::Life>;

  void hold(const tracker::Life& life);
  void release(Held::iterator held);
  void join(Held::iterator held, const tracker::Life& life);
  tracker::Life take(Held::iterator held);

  tracker::FindingHandler& others_;
  LifeReceiver& lives_;
  BothEnds ends_;
  Held held_;  // in the order they came
  // By the end that is waited for.
  std::map<ConnectionId, Held::iterator> awaited_;
};

}  // namespace tcptwin::sinks
