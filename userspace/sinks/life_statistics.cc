// SPDX-License-Identifier: MIT
#include "sinks/life_statistics.h"

#include <algorithm>

#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

// Distinct process names that are counted apart. A host has some hundred; a process that renames
// itself for every connection shall not fill the memory.
constexpr std::size_t kOwnersLimit = 4096;

}  // namespace

void LifeStatistics::count_owner(const tracker::Life& life) {
  const tracker::Owner& owner = life.owners.best();
  const std::string comm = owner.is_known() ? printable(owner.actor.comm.view()) : "(not known)";
  if (owners_.size() >= kOwnersLimit && !owners_.contains(comm)) {
    ++totals_.owners_beyond;
  } else {
    ++owners_[comm];
  }
}

void LifeStatistics::on_life_record(const LifeRecord& record) {
  const tracker::Life& life = record.life;
  ++endings_[{life.ending.by, life.ending.how, life.ending.why}];
  count_owner(life);
  if (record.other_end) {
    count_owner(*record.other_end);
    ++totals_.joined;
  }
  if (life.never_accepted) ++totals_.never_accepted;
  if (life.connection.adopted) ++totals_.adopted;
  next_.on_life_record(record);
}

LifeFigures LifeStatistics::figures() const {
  LifeFigures figures = totals_;
  for (const auto& [key, count] : endings_) {
    const auto& [by, how, why] = key;
    figures.endings.push_back({{by, how, why}, count});
  }
  for (const auto& [comm, count] : owners_) figures.owners.push_back({comm, count});
  const auto more = [](const auto& left, const auto& right) { return left.count > right.count; };
  std::stable_sort(figures.endings.begin(), figures.endings.end(), more);
  std::stable_sort(figures.owners.begin(), figures.owners.end(), more);
  return figures;
}

}  // namespace tcptwin::sinks
