// SPDX-License-Identifier: MIT
#include "sinks/owner_metrics.h"

#include <algorithm>

#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using model::Holder;
using model::State;

constexpr Duration kAskAgain = std::chrono::milliseconds{100};
constexpr std::size_t kShortId = 12;        // as `docker ps` shows it
constexpr std::size_t kLongestLabel = 128;  // of a name that a user may choose

template <typename Numbers>
void add_up(Numbers& sum, const Numbers& part) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
}

// A label is valid UTF-8 and of bounded length, whatever the cgroup is called.
std::string label_text(std::string_view name) {
  return printable(name.substr(0, kLongestLabel));
}

UnitName unit_name(const CgroupName* name) {
  if (name == nullptr) return {"unknown", ""};
  return {label_text(name->unit.empty() ? name->path : name->unit),
          label_text(std::string_view{name->container}.substr(0, kShortId))};
}

std::size_t failure_of(model::Cause cause) {
  const auto* found = std::ranges::find(kRequestFailures, cause);
  return static_cast<std::size_t>(found - kRequestFailures.begin());
}

}  // namespace

void UnitCounts::add(const UnitCounts& other) {
  add_up(opened, other.opened);
  add_up(closed, other.closed);
  stuck += other.stuck;
}

void PortCounts::add(const PortCounts& other) {
  requests += other.requests;
  handshakes += other.handshakes;
  add_up(failures, other.failures);
}

// A name that is not known now may be soon: its cgroup is as new as its first connection.
UnitMetrics::Place OwnerMetrics::place_of_unit(std::uint64_t cgroup, KernelTime now) {
  const CgroupName* const name =
      cgroups_ == nullptr || cgroup == 0 ? nullptr : cgroups_->find(cgroup);
  UnitMetrics::Place place = units_.place_of(unit_name(name), now);
  if (name == nullptr) place.until = std::min(place.until, now + kAskAgain);
  return place;
}

UnitCounts& OwnerMetrics::unit_of(const tracker::ConnectionIdentity& connection, KernelTime now) {
  const std::uint64_t cgroup = connection.cgroup;
  return units_.at(
      recent_units_.of(cgroup, units_, now, [&] { return place_of_unit(cgroup, now); }), now);
}

PortCounts& OwnerMetrics::port_of(std::uint16_t port, KernelTime now) {
  return ports_.at(recent_ports_.of(port, ports_, now, [&] { return ports_.place_of(port, now); }),
                   now);
}

void OwnerMetrics::on_open(const tracker::Step& step, std::size_t role) {
  ++unit_of(step.connection, step.time).opened[role];
}

void OwnerMetrics::on_step(const tracker::Step& step) {
  const bool is_request = step.from.holder == Holder::RequestSocket;
  const bool is_taken = step.from.state == State::Listen && step.to.state == State::SynReceived;
  if (!is_request && !is_taken) return;
  PortCounts& port = port_of(step.connection.tuple.local.port, step.time);
  if (is_taken) ++port.requests;
  if (step.to == model::MirrorState{State::SynReceived, Holder::Socket}) ++port.handshakes;
  if (is_request && step.to.state == State::Closed) ++port.failures[failure_of(step.cause)];
}

// A half-open connection that is older than the service is no event, but its port shall show.
void OwnerMetrics::on_adopted(const tracker::Adopted& adopted) {
  const tracker::ConnectionIdentity& connection = adopted.connection;
  if (adopted.state.state != State::SynReceived) return;
  if (connection.role == tracker::Role::Active) return;
  port_of(connection.tuple.local.port, adopted.time);
}

void OwnerMetrics::on_life(const tracker::Life& life) {
  ++unit_of(life.connection, life.ended).closed[static_cast<std::size_t>(life.ending.how)];
}

void OwnerMetrics::on_stuck(const tracker::Stuck& stuck) {
  if (!stuck.is_repeated) ++unit_of(stuck.connection, stuck.time).stuck;
}

}  // namespace tcptwin::sinks
