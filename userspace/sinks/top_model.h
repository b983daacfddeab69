// SPDX-License-Identifier: MIT
// What `top` shows, as numbers: rates from the findings, everything else from one walk over the
// mirror. No clock in it: time comes in as a value. top_screen turns a TopView into a screen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sinks/top_rates.h"
#include "tracker/finding.h"
#include "tracker/snapshot.h"

namespace tcptwin::sinks {

// The states of the mirror: the eleven of RFC 9293, and apart from them half-open connections in
// request sockets and the FIN_WAIT2 of orphans in minisockets.
inline constexpr std::size_t kTopNewSynRecv = model::kStateCount;
inline constexpr std::size_t kTopOrphanFinWait2 = model::kStateCount + 1;
inline constexpr std::size_t kTopStateCount = model::kStateCount + 2;
std::size_t top_state(model::MirrorState state);

enum class GroupBy : std::uint8_t { Process, Unit, Listener };
inline constexpr std::size_t kGroupByCount = 3;

// A process, a unit or a listener, with what it has.
struct GroupRow {
  std::string name;
  std::uint32_t pid = 0;  // 0 where the group is not one process
  std::uint64_t total = 0;
  std::uint64_t established = 0;
  std::uint64_t close_wait = 0;
  std::uint64_t time_wait = 0;
  std::uint64_t half_open = 0;
  std::uint64_t syn_sent = 0;
  std::uint64_t stuck = 0;
  double opens = 0;     // a second
  double failures = 0;  // a second
};

struct StuckRow {
  tracker::Stuck finding;
  Duration age{};
  bool age_is_exact = false;
};

struct TopView {
  KernelTime now;
  Duration running{};
  std::array<std::uint64_t, kTopStateCount> states{};
  std::uint64_t sockets = 0;
  std::uint64_t orphans = 0;
  std::array<RateView, kTopRateCount> rates{};
  RateView failures;  // the sum of all that is one
  std::uint64_t steps = 0;
  std::array<std::uint64_t, model::kVerdictCount> verdicts{};
  std::uint64_t divergences = 0;
  std::optional<tracker::Divergence> last_divergence;
  std::array<std::uint64_t, tracker::kLossPlaceCount> lost{};
  std::optional<tracker::Reconciliation> reconciliation;
  std::vector<StuckRow> stuck;  // worst first
  std::uint64_t stuck_connections = 0;
  std::uint64_t stuck_not_kept = 0;  // findings beyond the bound of the list
  GroupBy group_by = GroupBy::Process;
  std::vector<GroupRow> groups;  // in no particular order

  std::uint64_t lost_in_all() const;
};

// Where the twins are and how their groups are called.
struct TopSources {
  std::function<void(const tracker::TwinVisitor&)> visit;
  std::function<bool(const tracker::TwinView&)> wants;  // empty: all
  std::function<std::string(std::uint64_t)> unit_of;    // of a cgroup; "" if unknown
};

class TopModel final : public tracker::FindingHandler {
 public:
  explicit TopModel(KernelTime start) : start_(start), rates_(start) {}

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_reconciliation(const tracker::Reconciliation& found) override { reconciliation_ = found; }

  // Findings that come from now on belong to this time. To be called often.
  void advance(KernelTime now) { rates_.advance(now); }
  // What came since the last call are the rates until the next one.
  void end_interval(KernelTime now);
  TopView view(KernelTime now, GroupBy group_by, const TopSources& sources);

 private:
  struct Activity {
    std::string name;  // of the process
    std::uint64_t opens = 0;
    std::uint64_t failures = 0;
  };
  using Activities = std::unordered_map<std::uint64_t, Activity>;
  using Groups = std::unordered_map<std::uint64_t, GroupRow>;
  struct IdHash {
    std::size_t operator()(const ConnectionId& id) const noexcept {
      return static_cast<std::size_t>(id.cookie * 0x9e3779b97f4a7c15u + id.generation);
    }
  };
  struct StuckEntry {
    tracker::Stuck finding;
    bool is_seen = false;  // in this walk
  };

  std::uint64_t group_key(GroupBy group_by, const tracker::ConnectionIdentity& connection,
                          const tracker::Owner& owner) const;
  void count_activity(const tracker::ConnectionIdentity& connection, const tracker::Owner& owner,
                      std::uint64_t Activity::*what);
  void learn_listeners(const TopSources& sources);
  void name_group(GroupBy group_by, std::uint64_t key, GroupRow& row,
                  const TopSources& sources) const;
  void add_twin(const tracker::TwinView& twin, TopView& view, Groups& groups,
                const TopSources& sources);
  std::uint64_t add_stuck(const tracker::TwinView& twin, TopView& view);
  void forget_unstuck(TopView& view);
  void add_activity(TopView& view, Groups& groups) const;

  KernelTime start_;
  TopRates rates_;
  std::array<std::uint64_t, model::kVerdictCount> verdicts_{};
  std::uint64_t steps_ = 0;
  std::uint64_t divergences_ = 0;
  std::optional<tracker::Divergence> last_divergence_;
  std::array<std::uint64_t, tracker::kLossPlaceCount> lost_{};
  std::optional<tracker::Reconciliation> reconciliation_;
  std::array<Activities, kGroupByCount> current_;   // this interval
  std::array<Activities, kGroupByCount> finished_;  // the one before
  Duration interval_{std::chrono::seconds{1}};
  KernelTime interval_began_{start_};
  std::unordered_set<std::uint64_t> listeners_;  // keys, from the latest walk
  std::unordered_map<std::uint64_t, std::string> listener_names_;
  std::unordered_map<ConnectionId, StuckEntry, IdHash> stuck_;
  std::uint64_t stuck_not_kept_ = 0;
};

}  // namespace tcptwin::sinks
