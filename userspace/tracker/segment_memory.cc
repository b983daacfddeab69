// SPDX-License-Identifier: MIT
#include "tracker/segment_memory.h"

#include <algorithm>

#include "tracker/implementation.h"

namespace tcptwin::tracker {
namespace {

constexpr std::size_t kChecksum = 16;  // in the TCP header; a device may fill it in

std::uint64_t mixed(std::uint64_t sum, std::uint64_t value) {
  sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
  return sum ^ sum >> 29;
}

// Of everything that stays the same while a segment is handed from device to device.
std::uint64_t fingerprint(const SegmentSeen& event) {
  const Segment& segment = event.segment;
  std::uint64_t sum = mixed(TupleHash{}(event.tuple), segment.direction == Direction::Sent);
  sum = mixed(sum, std::uint64_t{segment.payload} << 16 | segment.ip_id);
  std::size_t place = 0;
  for (const std::uint8_t byte : segment.bytes()) {
    const bool is_checksum = place == kChecksum || place == kChecksum + 1;
    sum = mixed(sum, is_checksum ? 0u : byte);
    ++place;
  }
  return sum;
}

}  // namespace

bool Crossings::has_seen(const SegmentSeen& event) {
  forget_old(event.time);
  if (is_piece(event)) return true;
  const std::uint64_t key = fingerprint(event);
  const std::uint32_t interface = event.segment.interface;
  const auto [known, is_new] = seen_.try_emplace(key, Sighting{event.time, interface});
  if (!is_new && known->second.interface != interface) return true;
  if (is_new) order_.emplace_back(event.time, key);
  known->second.time = event.time;
  note_whole(event);
  return false;
}

// A device that leaves the cutting to nobody below it cuts what it hands on: a bridge over a port
// that takes packets only.
bool Crossings::is_piece(const SegmentSeen& event) const {
  const Segment& segment = event.segment;
  if (segment.direction != Direction::Sent || segment.payload == 0) return false;
  const auto known = wholes_.find(event.tuple);
  if (known == wholes_.end()) return false;
  const Whole& whole = known->second;
  const std::int32_t offset = segment.sequence.distance_from(whole.sequence);
  if (offset < 0 || segment.payload >= whole.payload) return false;
  const bool is_inside = static_cast<std::uint32_t>(offset) <= whole.payload - segment.payload;
  return is_inside && segment.interface != whole.sighting.interface &&
         segment.acknowledgement == whole.acknowledgement &&
         span(whole.sighting.time, event.time) <= kWindow;
}

void Crossings::note_whole(const SegmentSeen& event) {
  const Segment& segment = event.segment;
  if (segment.direction != Direction::Sent || segment.payload == 0) return;
  if (wholes_.size() >= kLimit) wholes_.clear();  // they matter for a moment only
  wholes_.insert_or_assign(event.tuple, Whole{{event.time, segment.interface},
                                              segment.sequence,
                                              segment.acknowledgement,
                                              segment.payload});
}

void Crossings::forget_old(KernelTime now) {
  while (!order_.empty() &&
         (span(order_.front().first, now) > kWindow || order_.size() >= kLimit)) {
    const bool is_full = order_.size() >= kLimit;
    const std::uint64_t key = order_.front().second;
    order_.pop_front();
    const auto known = seen_.find(key);
    if (!is_full && span(known->second.time, now) <= kWindow) {
      order_.emplace_back(known->second.time, key);  // it was seen again meanwhile
    } else {
      seen_.erase(known);
    }
  }
}

void GoneConnections::add(const Twin& twin, KernelTime time) {
  while (!order_.empty() && (span(order_.front().first, time) > kKept || order_.size() >= kLimit)) {
    const auto known = gone_.find(order_.front().second);
    if (known != gone_.end() && known->second.time == order_.front().first) gone_.erase(known);
    order_.pop_front();
  }
  gone_.insert_or_assign(twin.identity.tuple, Gone{time, twin.identity, named_owner(twin.owners),
                                                   twin.life.iss, twin.life.irs});
  order_.emplace_back(time, twin.identity.tuple);
}

const GoneConnections::Gone* GoneConnections::find(const Tuple& tuple, KernelTime now) const {
  const auto known = gone_.find(tuple);
  if (known == gone_.end() || span(known->second.time, now) > kKept) return nullptr;
  return &known->second;
}

void WaitingSegments::remove(const Tuple& tuple, SlotNumber slot) {
  const auto [begin, end] = waiting_.equal_range(tuple);
  const auto found =
      std::find_if(begin, end, [&](const auto& waiting) { return waiting.second == slot; });
  if (found != end) waiting_.erase(found);
}

std::vector<SlotNumber> WaitingSegments::take(const Tuple& tuple) {
  std::vector<SlotNumber> slots;
  const auto [begin, end] = waiting_.equal_range(tuple);
  for (auto waiting = begin; waiting != end; ++waiting) slots.push_back(waiting->second);
  waiting_.erase(begin, end);
  std::sort(slots.begin(), slots.end());
  return slots;
}

}  // namespace tcptwin::tracker
