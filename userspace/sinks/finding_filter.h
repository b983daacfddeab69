// SPDX-License-Identifier: MIT
// What the user wants to see, where the kernel side cannot tell or did not: lets matching findings
// through to the next handler and counts. Losses and call paths always pass.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sinks/life_record.h"
#include "tracker/finding.h"
#include "tracker/snapshot.h"

namespace tcptwin::sinks {

// What a command is about: of these findings it shows, counts and limits.
enum class Subject { Steps, Lives, Stuck };

// Empty means: everything. Within one member any may match, between members all must.
struct FindingConditions {
  std::vector<std::string> comms{};
  std::vector<std::uint32_t> uids{};
  std::optional<std::uint32_t> pid{};
  std::vector<std::uint16_t> local_ports{};
  std::vector<std::uint16_t> remote_ports{};
  std::vector<std::uint16_t> either_ports{};
  std::optional<Family> family{};
  std::optional<std::uint32_t> netns{};
  std::function<bool(std::uint64_t)> in_cgroup{};  // of a replay: by id; empty: any
  bool known_cgroup = false;  // the kernel side filters by cgroup; drop what has none
  std::vector<model::MirrorState> states{};  // left or entered
  std::vector<model::Cause> causes{};
  std::vector<model::Verdict> verdicts{};
  std::vector<model::EndedBy> closed_by{};  // of lives
  std::vector<model::EndedHow> how{};       // of lives
  std::vector<model::Cause> why{};          // of lives
  std::optional<Duration> min_duration{};   // of lives
  std::optional<std::uint64_t> limit{};     // of the subject, to show at most (--count)
  Subject subject = Subject::Steps;
};

class FindingFilter final : public tracker::FindingHandler, public LifeReceiver {
 public:
  // Lives come from a LifeJoiner; what passes goes to `lives`.
  FindingFilter(FindingConditions conditions, tracker::FindingHandler& next,
                LifeReceiver* lives = nullptr);

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& call_path) override { next_.on_call_path(call_path); }
  void on_segment(const tracker::SegmentFound& segment) override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_adopted(const tracker::Adopted& adopted) override;
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    next_.on_reconciliation(reconciliation);
  }
  void on_life_record(const LifeRecord& record) override;

  // Of what is in the mirror: the same conditions, for `snapshot` and --open.
  bool matches(const tracker::TwinView& twin) const;

  // Findings of the subject.
  std::uint64_t seen() const { return seen_; }
  std::uint64_t shown() const { return shown_; }
  bool limit_reached() const { return conditions_.limit && shown_ >= *conditions_.limit; }
  const std::array<std::uint64_t, tracker::kLossPlaceCount>& lost() const { return lost_; }

 private:
  bool matches_tuple(const Tuple& tuple) const;
  bool matches_connection(const tracker::ConnectionIdentity& connection) const;
  bool matches_owner(const tracker::Owner& owner) const;
  bool matches_owners(const tracker::Owners& owners) const;
  bool matches_pid_of(const ConnectionId& connection, const tracker::Owners& owners) const;
  bool matches_life(const tracker::Life& life) const;
  bool matches_pid(const ConnectionId& connection, const tracker::Owner& owner);
  void forget_later(const ConnectionId& connection);
  bool matches_states(model::MirrorState from, model::MirrorState to) const;

  struct ConnectionHash {
    std::size_t operator()(const ConnectionId& id) const noexcept {
      return static_cast<std::size_t>(id.cookie * 0x9e3779b97f4a7c15u + id.generation);
    }
  };

  FindingConditions conditions_;
  tracker::FindingHandler& next_;
  LifeReceiver* lives_;
  // Connections the wanted process has acted on: the rest of their life is shown as well.
  std::unordered_set<ConnectionId, ConnectionHash> followed_;
  // Ended, but a divergence of their last step may still come: forgotten a little later.
  std::deque<ConnectionId> ended_;
  std::uint64_t seen_ = 0;
  std::uint64_t shown_ = 0;
  std::array<std::uint64_t, tracker::kLossPlaceCount> lost_{};
};

}  // namespace tcptwin::sinks
