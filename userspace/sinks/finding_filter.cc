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

FindingFilter::FindingFilter(FindingConditions conditions, tracker::FindingHandler& next)
    : conditions_(std::move(conditions)), next_(next) {}

bool FindingFilter::matches_connection(const tracker::ConnectionIdentity& connection) const {
  const Tuple& tuple = connection.tuple;
  if (conditions_.family && family_of(tuple) != *conditions_.family) return false;
  if (conditions_.netns && tuple.netns != *conditions_.netns) return false;
  if (conditions_.known_cgroup && connection.cgroup == 0) return false;
  if (!allows(conditions_.local_ports, tuple.local.port)) return false;
  if (!allows(conditions_.remote_ports, tuple.remote.port)) return false;
  return allows(conditions_.either_ports, tuple.local.port) ||
         contains(conditions_.either_ports, tuple.remote.port);
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

void FindingFilter::on_step(const tracker::Step& step) {
  ++seen_;
  const bool wanted_connection = matches_connection(step.connection) && matches_owner(step.owner) &&
                                 matches_pid(step.connection.id, step.owner);
  if (step.to == model::MirrorState{}) forget_later(step.connection.id);
  if (!wanted_connection || limit_reached()) return;
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

void FindingFilter::on_loss(const tracker::Loss& loss) {
  lost_[static_cast<std::size_t>(loss.where)] += loss.lost;
  next_.on_loss(loss);
}

}  // namespace tcptwin::sinks
