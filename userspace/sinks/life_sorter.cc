// SPDX-License-Identifier: MIT
#include "sinks/life_sorter.h"

#include <algorithm>
#include <utility>

namespace tcptwin::sinks {
namespace {

std::optional<std::uint64_t> whole(const std::optional<Duration>& span) {
  if (!span) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, span->count()));
}

std::optional<std::uint64_t> value_of(LifeKey key, const tracker::Life& life) {
  switch (key) {
    case LifeKey::Duration:
      return whole(life.duration ? life.duration : life.duration_at_least);
    case LifeKey::Bytes:
      if (!life.last) return std::nullopt;
      return life.bytes_in + life.bytes_out;
    case LifeKey::Retransmits:
      if (!life.last) return life.synack_retransmits;
      return std::uint64_t{life.last->total_retrans} + life.synack_retransmits;
    case LifeKey::Rtt:
      if (!life.last || life.last->srtt_us == 0) return std::nullopt;
      return life.last->srtt_us;
    case LifeKey::Handshake:
      return whole(life.handshake);
  }
  return std::nullopt;
}

}  // namespace

// Larger first; of equals the one that came first.
bool LifeSorter::is_before(const Entry& left, const Entry& right) {
  if (left.value != right.value) return left.value > right.value;
  return left.number < right.number;
}

void LifeSorter::on_life_record(const LifeRecord& record) {
  std::optional<std::uint64_t> value = value_of(key_, record.life);
  if (record.other_end) value = std::max(value, value_of(key_, *record.other_end));
  kept_.push_back({value, number_++, record});
  std::push_heap(kept_.begin(), kept_.end(), is_before);
  if (kept_.size() <= limit_) return;
  std::pop_heap(kept_.begin(), kept_.end(), is_before);
  kept_.pop_back();
  ++not_kept_;
}

void LifeSorter::finish() {
  std::sort(kept_.begin(), kept_.end(), is_before);
  for (const Entry& entry : std::exchange(kept_, {})) next_.on_life_record(entry.record);
}

}  // namespace tcptwin::sinks
