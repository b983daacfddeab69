// SPDX-License-Identifier: MIT
// A host for the tests of `top`: a web server with workers, a program that leaks CLOSE_WAIT, a
// client that is refused, half-open connections, and a process name that tries to break out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sinks/top_model.h"
#include "tracker/snapshot.h"

namespace tcptwin::test {

// A twin that owns what a TwinView only refers to.
struct MadeUpTwin {
  tracker::ConnectionIdentity connection;
  model::MirrorState state;
  std::optional<KernelTime> entered;
  KernelTime known_since;
  tracker::Owners owners;
  std::optional<tracker::ListenerView> listener;
  bool is_orphan = false;

  tracker::TwinView view() const;
};

// A connection of this process on port 443, from 10.0.0.9 and this port on.
MadeUpTwin made_up_twin(std::uint64_t cookie, model::State state, std::uint32_t pid,
                        std::string_view comm, KernelTime entered);
tracker::Step opened_step(const MadeUpTwin& twin, KernelTime time);
tracker::Life ended_life(const MadeUpTwin& twin, KernelTime time, model::EndedHow how);
tracker::Stuck stuck_finding(const MadeUpTwin& twin, KernelTime time, tracker::StuckKind kind,
                             Duration threshold);

class MadeUpHost {
 public:
  // "--busy", "--idle" or "--divergence".
  MadeUpHost(KernelTime start, std::string_view what);

  sinks::TopSources sources();
  // What happens until then, ten turns a second.
  void live_until(KernelTime now, tracker::FindingHandler& findings);

 private:
  void turn(tracker::FindingHandler& findings);

  KernelTime start_;
  bool is_busy_;
  bool diverges_;
  std::int64_t turns_ = 0;
  std::vector<MadeUpTwin> twins_;
};

}  // namespace tcptwin::test
