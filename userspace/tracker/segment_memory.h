// SPDX-License-Identifier: MIT
// What the tracker remembers of segments for a moment: which of them it has seen at another device
// already, which still look for their connection, and which connections have just gone. Bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tracker/finding.h"
#include "tracker/observation.h"
#include "tracker/twin.h"

namespace tcptwin::tracker {

// Tells a segment that meets one more device on its way (bridge, VLAN, bond ...) from another one
// that looks the same: a segment that is made anew begins at the first device again. Two ends in
// one network namespace (loopback) are two directions, two namespaces (veth) are two ends.
class Crossings {
 public:
  // Stacked devices hand a segment on in one call; the window covers a processor that is taken
  // away, and is far below any retransmission.
  static constexpr Duration kWindow = std::chrono::milliseconds{20};
  static constexpr std::size_t kLimit = 1u << 16;

  // Whether this segment was seen at another device of this end.
  bool has_seen(const SegmentSeen& event);
  std::size_t size() const { return seen_.size(); }

 private:
  struct Sighting {
    KernelTime time;
    std::uint32_t interface = 0;
  };
  // The latest with data that a connection's end sent; a lower device may get it in pieces.
  struct Whole {
    Sighting sighting;
    SequenceNumber sequence;
    SequenceNumber acknowledgement;
    std::uint32_t payload = 0;
  };
  void forget_old(KernelTime now);
  bool is_piece(const SegmentSeen& event) const;
  void note_whole(const SegmentSeen& event);

  std::unordered_map<std::uint64_t, Sighting> seen_;  // by all that one segment keeps on its way
  std::unordered_map<Tuple, Whole, TupleHash> wholes_;
  std::deque<std::pair<KernelTime, std::uint64_t>> order_;
};

// Connections that ended a moment ago: what is still sent in their name, or comes for them.
class GoneConnections {
 public:
  static constexpr Duration kKept = std::chrono::seconds{1};
  static constexpr std::size_t kLimit = 4096;

  struct Gone {
    KernelTime time;
    ConnectionIdentity identity;
    Owner owner;
    std::optional<std::uint32_t> iss;
    std::optional<std::uint32_t> irs;
  };

  void add(const Twin& twin, KernelTime time);
  // nullptr if there was none, or too long ago.
  const Gone* find(const Tuple& tuple, KernelTime now) const;

 private:
  std::unordered_map<Tuple, Gone, TupleHash> gone_;
  std::deque<std::pair<KernelTime, Tuple>> order_;
};

// Whom a segment named, who is not known yet: slots of the finding queue, by tuple.
class WaitingSegments {
 public:
  void add(const Tuple& tuple, SlotNumber slot) { waiting_.emplace(tuple, slot); }
  void remove(const Tuple& tuple, SlotNumber slot);
  // All that wait for this one, oldest first; they wait no more.
  std::vector<SlotNumber> take(const Tuple& tuple);
  bool empty() const { return waiting_.empty(); }

 private:
  std::unordered_multimap<Tuple, SlotNumber, TupleHash> waiting_;
};

}  // namespace tcptwin::tracker
