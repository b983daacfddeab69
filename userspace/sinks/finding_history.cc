// SPDX-License-Identifier: MIT
#include "sinks/finding_history.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tcptwin::sinks {
namespace {

// Room for the longest frame, and small beside any history.
constexpr std::size_t kPartBytes = 2 * kFrameLimit;
static_assert(kPartBytes >= kFrameLimit + kFrameLength);

void count(MissedFindings& found, MessageKind kind) {
  if (kind == kind_of<NamedCgroup>()) return;
  if (kind == kind_of<tracker::Life>()) {
    ++found.lives;
  } else if (kind == kind_of<tracker::Step>()) {
    ++found.steps;
  } else {
    ++found.others;
  }
}

MissedFindings difference(const MissedFindings& from, const MissedFindings& to) {
  return {to.lives - from.lives, to.steps - from.steps, to.others - from.others};
}

}  // namespace

FindingHistory::FindingHistory(std::size_t bytes, CgroupDirectory* cgroups)
    : cgroups_(cgroups), limit_(std::max<std::size_t>(bytes / kPartBytes, 2)) {
  begin_part();
}

void FindingHistory::on_step(const tracker::Step& step) {
  add(step, step.connection.cgroup);
}

void FindingHistory::on_divergence(const tracker::Divergence& divergence) {
  add(divergence, divergence.connection.cgroup);
}

void FindingHistory::on_loss(const tracker::Loss& loss) {
  add(loss, 0);
}

void FindingHistory::on_life(const tracker::Life& life) {
  add(life, life.connection.cgroup);
}

void FindingHistory::on_stuck(const tracker::Stuck& stuck) {
  add(stuck, stuck.connection.cgroup);
}

void FindingHistory::on_reconciliation(const tracker::Reconciliation& found) {
  add(found, 0);
}

// Each part names what its findings need, so that a reader may begin with any.
template <typename T>
void FindingHistory::add(const T& finding, std::uint64_t cgroup) {
  if (cgroup != 0 && cgroup != named_last_) name_cgroup(cgroup);
  if (!append(finding)) {
    begin_part();
    name_cgroup(cgroup);
    if (!append(finding)) return;  // no finding is that long
  }
  count(added_, kind_of<T>());
}

// False if the present part has no room for it.
template <typename T>
bool FindingHistory::append(const T& content) {
  Part& part = *part_;
  const std::size_t size = part.size.load(std::memory_order_relaxed);
  const std::size_t added = write_frame({part.bytes.get() + size, kPartBytes - size}, content);
  part.size.store(size + added, std::memory_order_release);
  return added != 0;
}

void FindingHistory::name_cgroup(std::uint64_t id) {
  if (id == 0) return;
  named_last_ = id;
  if (!named_.insert(id).second || cgroups_ == nullptr) return;
  const CgroupName* const name = cgroups_->find(id);
  if (name == nullptr) return;
  const NamedCgroup named{id, *name};
  if (append(named)) return;
  begin_part();
  named_.insert(id);
  named_last_ = id;
  append(named);
}

void FindingHistory::begin_part() {
  auto part = std::make_shared<Part>();
  part_ = part.get();
  part->before = added_;
  part->bytes = std::make_unique_for_overwrite<char[]>(kPartBytes);
  named_.clear();
  named_last_ = 0;
  std::shared_ptr<Part> dropped;
  const std::scoped_lock lock{mutex_};
  part->number = parts_.empty() ? 0 : parts_.back()->number + 1;
  parts_.push_back(part);
  if (parts_.size() > limit_) {
    dropped = std::move(parts_.front());
    parts_.pop_front();
  }
}

std::shared_ptr<const FindingHistory::Part> FindingHistory::part_at(std::uint64_t number) const {
  const std::scoped_lock lock{mutex_};
  const std::uint64_t first = parts_.front()->number;
  if (number < first) return parts_.front();
  if (number - first >= parts_.size()) return nullptr;
  return parts_[number - first];
}

FindingHistory::Place FindingHistory::oldest() const {
  const auto part = part_at(0);
  return {part->number, 0, 0, part->before};
}

FindingHistory::Place FindingHistory::newest() const {
  std::shared_ptr<const Part> part;
  {
    const std::scoped_lock lock{mutex_};
    part = parts_.back();
  }
  return {part->number, 0, part->size.load(std::memory_order_acquire), part->before};
}

MissedFindings FindingHistory::dropped() const {
  return oldest().passed;
}

MissedFindings FindingHistory::read(Place& place, KindSet wanted, std::size_t limit,
                                    std::string& bytes) const {
  const KindSet needed = kinds_of<NamedCgroup>();
  MissedFindings missed;
  const std::size_t end = bytes.size() + limit;
  for (auto part = part_at(place.part); part; part = part_at(place.part)) {
    if (part->number != place.part) {
      const MissedFindings lost = difference(place.passed, part->before);
      missed = {missed.lives + lost.lives, missed.steps + lost.steps, missed.others + lost.others};
      place = {part->number, 0, 0, part->before};
    }
    const std::size_t size = part->size.load(std::memory_order_acquire);
    while (place.at < size && bytes.size() < end) {
      const char* const frame = part->bytes.get() + place.at;
      std::uint32_t length = 0;
      for (std::size_t i = kFrameLength; i-- > 0;) {
        length = (length << 8) | static_cast<std::uint8_t>(frame[i]);
      }
      const auto kind = static_cast<MessageKind>(frame[kFrameLength]);
      const KindSet here = place.at < place.silent_until ? needed : (wanted | needed);
      if ((here >> kind & 1u) != 0) bytes.append(frame, kFrameLength + length);
      count(place.passed, kind);
      place.at += kFrameLength + length;
    }
    const bool has_next = part_at(place.part + 1) != nullptr;
    // A part that has a successor is not written any more; its size may have grown just before.
    const bool is_through = place.at == part->size.load(std::memory_order_acquire);
    if (!has_next || !is_through || bytes.size() >= end) return missed;
    place = {place.part + 1, 0, 0, place.passed};
  }
  return missed;
}

}  // namespace tcptwin::sinks
