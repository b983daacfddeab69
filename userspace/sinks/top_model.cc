// SPDX-License-Identifier: MIT
#include "sinks/top_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace tcptwin::sinks {
namespace {

using model::Holder;
using model::State;

// More groups than anybody scrolls through; what comes beyond is summed up in one.
constexpr std::size_t kMostGroups = 4096;
constexpr std::uint64_t kOtherGroups = ~std::uint64_t{0};
// More stuck connections than anybody reads one by one; beyond they are only counted.
constexpr std::size_t kMostStuck = 10'000;
constexpr std::size_t kMostListeners = 65'536;

constexpr std::uint64_t kNoProcess = 0;
constexpr std::uint64_t kOutgoing = 0;  // no listener has port 0

std::uint64_t listener_key(const Tuple& tuple) {
  return std::uint64_t{tuple.netns} << 16 | tuple.local.port;
}

bool is_open_begun(const tracker::Step& step) {
  if (step.from.state == State::Closed) return step.to.state == State::SynSent;
  return step.from.state == State::Listen && step.to.state == State::SynReceived;
}

// The entry of `key`; that of all others once there are too many.
template <typename Map>
auto& bounded_entry(Map& map, std::uint64_t key) {
  const auto found = map.find(key);
  if (found != map.end()) return found->second;
  return map[map.size() < kMostGroups ? key : kOtherGroups];
}

void count_state(GroupRow& row, model::MirrorState state) {
  ++row.total;
  switch (state.state) {
    case State::SynSent:
      ++row.syn_sent;
      break;
    case State::SynReceived:
      ++row.half_open;
      break;
    case State::Established:
      ++row.established;
      break;
    case State::CloseWait:
      ++row.close_wait;
      break;
    case State::TimeWait:
      ++row.time_wait;
      break;
    case State::Closed:
    case State::Listen:
    case State::FinWait1:
    case State::FinWait2:
    case State::Closing:
    case State::LastAck:
      break;
  }
}

void add(GroupRow& sum, const GroupRow& part) {
  sum.total += part.total;
  sum.established += part.established;
  sum.close_wait += part.close_wait;
  sum.time_wait += part.time_wait;
  sum.half_open += part.half_open;
  sum.syn_sent += part.syn_sent;
  sum.stuck += part.stuck;
  sum.opens += part.opens;
  sum.failures += part.failures;
}

// How often the threshold fits into the age: what is worse than what.
double severity(const StuckRow& row) {
  const auto threshold = std::max<std::int64_t>(row.finding.threshold.count(), 1);
  return static_cast<double>(row.age.count()) / static_cast<double>(threshold);
}

// One unit may have many cgroups below it.
std::vector<GroupRow> merged_by_name(std::vector<GroupRow> rows) {
  std::map<std::string, GroupRow> by_name;
  for (GroupRow& row : rows) {
    GroupRow& sum = by_name[row.name];
    add(sum, row);
    sum.name = row.name;
  }
  rows.clear();
  for (auto& [unused, row] : by_name) rows.push_back(std::move(row));
  return rows;
}

}  // namespace

std::size_t top_state(model::MirrorState state) {
  if (state.holder == Holder::RequestSocket) return kTopNewSynRecv;
  if (state.holder == Holder::Minisocket && state.state == State::FinWait2)
    return kTopOrphanFinWait2;
  return index(state.state);
}

std::uint64_t TopView::lost_in_all() const {
  return std::accumulate(lost.begin(), lost.end(), std::uint64_t{0});
}

void TopModel::on_step(const tracker::Step& step) {
  ++steps_;
  ++verdicts_[static_cast<std::size_t>(step.verdict)];
  if (step.to.state == State::Established && step.from.state != State::Established) {
    rates_.count(TopRate::Established);
  }
  if (!is_open_begun(step)) return;
  rates_.count(TopRate::Opened);
  count_activity(step.connection, step.owner, &Activity::opens);
}

void TopModel::on_divergence(const tracker::Divergence& divergence) {
  ++divergences_;
  last_divergence_ = divergence;
}

void TopModel::on_loss(const tracker::Loss& loss) {
  lost_[static_cast<std::size_t>(loss.where)] += loss.lost;
}

void TopModel::on_life(const tracker::Life& life) {
  const TopRate rate = rate_of(life.ending);
  rates_.count(rate);
  if (!is_failure(rate)) return;
  count_activity(life.connection, life.owners.best(), &Activity::failures);
}

void TopModel::on_stuck(const tracker::Stuck& stuck) {
  if (stuck_.size() >= kMostStuck && !stuck_.contains(stuck.connection.id)) {
    if (!stuck.is_repeated) ++stuck_not_kept_;
    return;
  }
  stuck_[stuck.connection.id].finding = stuck;
}

void TopModel::end_interval(KernelTime now) {
  rates_.end_interval(now);
  for (std::size_t i = 0; i < kGroupByCount; ++i) {
    finished_[i] = std::exchange(current_[i], Activities{});
  }
  interval_ = std::max<Duration>(now - interval_began_, std::chrono::milliseconds{1});
  interval_began_ = now;
}

std::uint64_t TopModel::group_key(GroupBy group_by, const tracker::ConnectionIdentity& connection,
                                  const tracker::Owner& owner) const {
  switch (group_by) {
    case GroupBy::Process:
      return owner.is_known() ? owner.actor.pid : kNoProcess;
    case GroupBy::Unit:
      return connection.cgroup;
    case GroupBy::Listener:
      break;
  }
  const std::uint64_t key = listener_key(connection.tuple);
  const bool came_in =
      connection.role == tracker::Role::Passive || connection.role == tracker::Role::Listener;
  if (came_in) return key;
  // Of an adopted connection nobody saw the beginning; its port tells.
  const bool may_have_come = connection.role == tracker::Role::Unknown;
  return may_have_come && listeners_.contains(key) ? key : kOutgoing;
}

void TopModel::count_activity(const tracker::ConnectionIdentity& connection,
                              const tracker::Owner& owner, std::uint64_t Activity::*what) {
  for (std::size_t i = 0; i < kGroupByCount; ++i) {
    const std::uint64_t key = group_key(static_cast<GroupBy>(i), connection, owner);
    Activity& activity = bounded_entry(current_[i], key);
    ++(activity.*what);
    if (owner.is_known()) activity.name = owner.actor.comm.view();
  }
}

void TopModel::learn_listeners(const TopSources& sources) {
  listeners_.clear();
  listener_names_.clear();
  sources.visit([&](const tracker::TwinView& twin) {
    if (twin.state.state != State::Listen || listeners_.size() >= kMostListeners) return;
    const std::uint64_t key = listener_key(twin.connection.tuple);
    listeners_.insert(key);
    const tracker::Owner& owner = twin.owners.best();
    if (owner.is_known()) listener_names_[key] = owner.actor.comm.view();
  });
}

TopView TopModel::view(KernelTime now, GroupBy group_by, const TopSources& sources) {
  TopView view;
  view.now = now;
  view.running = now - start_;
  view.group_by = group_by;
  view.steps = steps_;
  view.verdicts = verdicts_;
  view.divergences = divergences_;
  view.last_divergence = last_divergence_;
  view.lost = lost_;
  view.reconciliation = reconciliation_;
  view.stuck_not_kept = stuck_not_kept_;
  for (std::size_t i = 0; i < kTopRateCount; ++i) {
    view.rates[i] = rates_.view(static_cast<TopRate>(i));
  }
  view.failures = rates_.failures();

  if (group_by == GroupBy::Listener) learn_listeners(sources);
  for (auto& [unused, entry] : stuck_) entry.is_seen = false;
  Groups groups;
  sources.visit([&](const tracker::TwinView& twin) { add_twin(twin, view, groups, sources); });
  forget_unstuck(view);
  add_activity(view, groups);

  for (auto& [key, row] : groups) {
    name_group(group_by, key, row, sources);
    view.groups.push_back(std::move(row));
  }
  if (group_by == GroupBy::Unit) view.groups = merged_by_name(std::move(view.groups));
  return view;
}

void TopModel::name_group(GroupBy group_by, std::uint64_t key, GroupRow& row,
                          const TopSources& sources) const {
  if (key == kOtherGroups) {
    row.name = "(others)";
    row.pid = 0;
    return;
  }
  switch (group_by) {
    case GroupBy::Process:
      if (key == kNoProcess) row.name = "(no process)";
      row.pid = static_cast<std::uint32_t>(key);
      return;
    case GroupBy::Unit:
      if (key != 0 && sources.unit_of) row.name = sources.unit_of(key);
      if (row.name.empty()) row.name = key == 0 ? "(no unit)" : fmt::format("cgroup {}", key);
      return;
    case GroupBy::Listener:
      break;
  }
  if (key == kOutgoing) {
    row.name = "(outgoing)";
    return;
  }
  const auto owner = listener_names_.find(key);
  const std::string_view process =
      owner == listener_names_.end() ? std::string_view{} : std::string_view{owner->second};
  const std::string_view remark = listeners_.contains(key) ? "" : " (closed)";
  row.name = fmt::format(":{}{}{}{}", key & 0xffff, process.empty() ? "" : " ", process, remark);
}

void TopModel::add_twin(const tracker::TwinView& twin, TopView& view, Groups& groups,
                        const TopSources& sources) {
  if (sources.wants && !sources.wants(twin)) return;
  ++view.states[top_state(twin.state)];
  ++view.sockets;
  if (twin.is_orphan && twin.state.state != State::TimeWait) ++view.orphans;
  const tracker::Owner& owner = twin.owners.best();
  GroupRow& row = bounded_entry(groups, group_key(view.group_by, twin.connection, owner));
  count_state(row, twin.state);
  if (view.group_by == GroupBy::Process && owner.is_known()) row.name = owner.actor.comm.view();
  row.stuck += add_stuck(twin, view);
}

std::uint64_t TopModel::add_stuck(const tracker::TwinView& twin, TopView& view) {
  const auto found = stuck_.find(twin.connection.id);
  if (found == stuck_.end()) return 0;
  tracker::Stuck& finding = found->second.finding;
  if (!(finding.state == twin.state)) return 0;
  StuckRow row{finding, view.now - twin.known_since, false};
  if (finding.kind == tracker::StuckKind::HalfOpen) {
    if (twin.listener == nullptr || !twin.listener->oldest) return 0;
    row.age = view.now - *twin.listener->oldest;
    row.age_is_exact = true;
    if (row.age < finding.threshold) return 0;
  } else if (twin.entered) {
    row.age = view.now - *twin.entered;
    row.age_is_exact = true;
  }
  row.finding.owners = twin.owners;
  found->second.is_seen = true;
  view.stuck_connections += finding.connections;
  view.stuck.push_back(std::move(row));
  return finding.connections;
}

void TopModel::forget_unstuck(TopView& view) {
  std::erase_if(stuck_, [](const auto& entry) { return !entry.second.is_seen; });
  std::sort(view.stuck.begin(), view.stuck.end(), [](const StuckRow& a, const StuckRow& b) {
    const double first = severity(a);
    const double second = severity(b);
    if (first != second) return first > second;
    return a.finding.connection.id < b.finding.connection.id;
  });
}

void TopModel::add_activity(TopView& view, Groups& groups) const {
  const double seconds = std::chrono::duration<double>(interval_).count();
  for (const auto& [key, activity] : finished_[static_cast<std::size_t>(view.group_by)]) {
    GroupRow& row = bounded_entry(groups, key);
    if (view.group_by == GroupBy::Process && row.name.empty()) row.name = activity.name;
    row.opens += static_cast<double>(activity.opens) / seconds;
    row.failures += static_cast<double>(activity.failures) / seconds;
  }
}

}  // namespace tcptwin::sinks
