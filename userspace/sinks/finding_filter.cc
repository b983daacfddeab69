// SPDX-License-Identifier: MIT
#include "sinks/finding_filter.h"

#include <algorithm>
#include <utility>

namespace tcptwin::sinks {
namespace {

// As many as a process can hold descriptors by default on a large host; beyond it, connections of
// the wanted process are shown only where its own actions show.
constexpr std::size_t kFollowedLimit = 1u << 20;

// Ended connections that are still followed; a divergence comes at most a few records late.
constexpr std::size_t kEndedLimit = 1024;

template <typename T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename T>
bool allows(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || contains(wanted, value);
}

// SYN_RECV also finds the half-open connections, TIME_WAIT and FIN_WAIT2 wherever they live;
// NEW_SYN_RECV means the request socket only.
bool matches_state(const model::MirrorState& wanted, const model::MirrorState& state) {
  if (wanted.holder == model::Holder::RequestSocket) return wanted == state;
  return wanted.state == state.state;
}

// An IPv6 socket that talks to ::ffff:a.b.c.d carries an IPv4 connection.
Family family_of(const Tuple& tuple) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto is_mapped = [&](const Address& address) {
    return std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
  };
  const bool mapped = is_mapped(tuple.local.address) || is_mapped(tuple.remote.address);
  return mapped ? Family::Inet : tuple.local.address.family;
}

}  // namespace

FindingFilter::FindingFilter(FindingConditions conditions, tracker::FindingHandler& next,
                             LifeReceiver* lives)
    : conditions_(std::move(conditions)), next_(next), lives_(lives) {}

bool FindingFilter::matches_tuple(const Tuple& tuple) const {
  if (conditions_.family && family_of(tuple) != *conditions_.family) return false;
  if (conditions_.netns && tuple.netns != *conditions_.netns) return false;
  if (!allows(conditions_.local_ports, tuple.local.port)) return false;
  if (!allows(conditions_.remote_ports, tuple.remote.port)) return false;
  return allows(conditions_.either_ports, tuple.local.port) ||
         contains(conditions_.either_ports, tuple.remote.port);
}

bool FindingFilter::matches_connection(const tracker::ConnectionIdentity& connection) const {
  if (conditions_.known_cgroup && connection.cgroup == 0) return false;
  if (conditions_.in_cgroup && !conditions_.in_cgroup(connection.cgroup)) return false;
  return matches_tuple(connection.tuple);
}

bool FindingFilter::matches_owner(const tracker::Owner& owner) const {
  if (conditions_.comms.empty() && conditions_.uids.empty()) return true;
  if (owner.confidence == tracker::OwnerConfidence::None) return false;
  const std::string_view comm = owner.actor.comm.view();
  const auto is_comm = [&](const std::string& wanted) { return wanted == comm; };
  const auto& comms = conditions_.comms;
  if (!comms.empty() && std::none_of(comms.begin(), comms.end(), is_comm)) return false;
  return allows(conditions_.uids, owner.actor.uid);
}

bool FindingFilter::matches_pid(const ConnectionId& connection, const tracker::Owner& owner) {
  if (!conditions_.pid) return true;
  if (followed_.contains(connection)) return true;
  const bool known = owner.confidence != tracker::OwnerConfidence::None;
  if (!known || owner.actor.pid != *conditions_.pid) return false;
  if (followed_.size() < kFollowedLimit) followed_.insert(connection);
  return true;
}

void FindingFilter::forget_later(const ConnectionId& connection) {
  if (!followed_.contains(connection)) return;
  ended_.push_back(connection);
  if (ended_.size() <= kEndedLimit) return;
  followed_.erase(ended_.front());
  ended_.pop_front();
}

bool FindingFilter::matches_states(model::MirrorState from, model::MirrorState to) const {
  const auto& states = conditions_.states;
  return states.empty() || std::any_of(states.begin(), states.end(), [&](const auto& wanted) {
           return matches_state(wanted, from) || matches_state(wanted, to);
         });
}

// Any of the parts that processes play will do.
bool FindingFilter::matches_owners(const tracker::Owners& owners) const {
  return matches_owner(owners.creator) || matches_owner(owners.last_user) ||
         matches_owner(owners.closer);
}

bool FindingFilter::matches_pid_of(const ConnectionId& connection,
                                   const tracker::Owners& owners) const {
  if (!conditions_.pid || followed_.contains(connection)) return true;
  const auto is_wanted = [&](const tracker::Owner& owner) {
    return owner.is_known() && owner.actor.pid == *conditions_.pid;
  };
  return is_wanted(owners.creator) || is_wanted(owners.last_user) || is_wanted(owners.closer);
}

void FindingFilter::on_step(const tracker::Step& step) {
  const bool is_subject = conditions_.subject == Subject::Steps;
  if (is_subject) ++seen_;
  const bool wanted_connection = matches_connection(step.connection) && matches_owner(step.owner) &&
                                 matches_pid(step.connection.id, step.owner);
  if (step.to == model::MirrorState{}) forget_later(step.connection.id);
  if (!is_subject || !wanted_connection || limit_reached()) return;
  if (!matches_states(step.from, step.to) || !allows(conditions_.causes, step.cause)) return;
  if (!allows(conditions_.verdicts, step.verdict)) return;
  ++shown_;
  next_.on_step(step);
}

void FindingFilter::on_divergence(const tracker::Divergence& divergence) {
  if (!matches_connection(divergence.connection) || !matches_owner(divergence.owner)) return;
  if (!matches_pid(divergence.connection.id, divergence.owner)) return;
  if (!matches_states(divergence.from, divergence.observed)) return;
  if (!allows(conditions_.causes, divergence.cause)) return;
  if (!allows(conditions_.verdicts, model::Verdict::Divergence)) return;
  next_.on_divergence(divergence);
}

bool FindingFilter::matches_life(const tracker::Life& life) const {
  if (!matches_connection(life.connection) || !matches_owners(life.owners)) return false;
  if (!matches_pid_of(life.connection.id, life.owners)) return false;
  if (!allows(conditions_.closed_by, life.ending.by)) return false;
  if (!allows(conditions_.how, life.ending.how)) return false;
  if (!allows(conditions_.why, life.ending.why)) return false;
  if (!conditions_.min_duration) return true;
  const std::optional<Duration> known = life.duration ? life.duration : life.duration_at_least;
  return known && *known >= *conditions_.min_duration;
}

// Of two ends that are one record either may match.
void FindingFilter::on_life_record(const LifeRecord& record) {
  ++seen_;
  if (limit_reached() || lives_ == nullptr) return;
  const bool wanted =
      matches_life(record.life) || (record.other_end && matches_life(*record.other_end));
  if (!wanted) return;
  ++shown_;
  lives_->on_life_record(record);
}

// Beside the changes: who asks for causes or verdicts asks for changes alone. What belongs to no
// connection belongs to no process or cgroup either.
void FindingFilter::on_segment(const tracker::SegmentFound& segment) {
  if (conditions_.subject != Subject::Steps || limit_reached()) return;
  if (!conditions_.causes.empty() || !conditions_.verdicts.empty()) return;
  if (!matches_owner(segment.owner)) return;
  if (segment.connection) {
    if (!matches_connection(*segment.connection)) return;
    if (!matches_pid(segment.connection->id, segment.owner)) return;
  } else {
    if (conditions_.known_cgroup || conditions_.in_cgroup || conditions_.pid) return;
    if (!matches_tuple(segment.tuple)) return;
  }
  if (!conditions_.states.empty() &&
      !(segment.state && matches_states(*segment.state, *segment.state))) {
    return;
  }
  next_.on_segment(segment);
}

void FindingFilter::on_stuck(const tracker::Stuck& stuck) {
  if (conditions_.subject != Subject::Stuck) return;
  ++seen_;
  if (limit_reached() || !matches_connection(stuck.connection)) return;
  if (!matches_owners(stuck.owners) || !matches_pid_of(stuck.connection.id, stuck.owners)) return;
  if (!matches_states(stuck.state, stuck.state)) return;
  ++shown_;
  next_.on_stuck(stuck);
}

void FindingFilter::on_adopted(const tracker::Adopted& adopted) {
  // Who asks for causes or verdicts asks for changes; this was none.
  if (!conditions_.causes.empty() || !conditions_.verdicts.empty()) return;
  if (!matches_connection(adopted.connection) || !matches_owners(adopted.owners)) return;
  if (!matches_pid_of(adopted.connection.id, adopted.owners)) return;
  if (!matches_states(adopted.state, adopted.state)) return;
  next_.on_adopted(adopted);
}

bool FindingFilter::matches(const tracker::TwinView& twin) const {
  return matches_connection(twin.connection) && matches_owners(twin.owners) &&
         matches_pid_of(twin.connection.id, twin.owners) && matches_states(twin.state, twin.state);
}

void FindingFilter::on_loss(const tracker::Loss& loss) {
  lost_[static_cast<std::size_t>(loss.where)] += loss.lost;
  next_.on_loss(loss);
}

}  // namespace tcptwin::sinks
