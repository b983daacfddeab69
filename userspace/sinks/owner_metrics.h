// SPDX-License-Identifier: MIT
// Counters by systemd unit, by container and by listening port, for a bounded number of each: those
// that act get a series of their own, the rest is counted together as `other`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/ending.h"
#include "sinks/cgroup_directory.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

inline constexpr std::size_t kHandshakeRoles = 2;  // active, passive

struct UnitCounts {
  std::array<std::uint64_t, kHandshakeRoles> opened{};
  std::array<std::uint64_t, model::kEndedHowCount> closed{};
  std::uint64_t stuck = 0;

  void add(const UnitCounts& other);
};

// Why a half-open connection came to nothing: these causes, and any other.
inline constexpr std::array<model::Cause, 4> kRequestFailures = {
    model::Cause::RequestTimeout, model::Cause::RequestDropped, model::Cause::RequestResetBadSyn,
    model::Cause::AcceptOverflowReset};

struct PortCounts {
  std::uint64_t requests = 0;    // SYNs that were taken
  std::uint64_t handshakes = 0;  // of these, what became a connection
  std::array<std::uint64_t, kRequestFailures.size() + 1> failures{};

  void add(const PortCounts& other);
};

struct UnitName {
  std::string unit;
  std::string container;  // short id or name; "" outside containers

  friend bool operator==(const UnitName&, const UnitName&) = default;
  friend auto operator<=>(const UnitName&, const UnitName&) = default;
};

// At most so many names. A new one takes the place of the one that has been idle longest, if that
// is long: what it had is then part of the others, so that no sum ever shrinks.
template <typename Name, typename Counts>
class BoundedCounts {
 public:
  static constexpr Duration kIdle = std::chrono::minutes{10};
  struct Row {
    Name name;
    Counts counts;
    KernelTime last;
  };

  explicit BoundedCounts(std::size_t most) : most_(most) {}

  // Where a name is counted. It stays so until then, unless a row was given to another name since.
  struct Place {
    std::size_t row = 0;
    std::uint64_t replaced = 0;
    KernelTime until = KernelTime::max();
  };
  Place place_of(const Name& name, KernelTime now) {
    Row* oldest = nullptr;
    for (Row& row : rows_) {
      if (row.name == name) return {index_of(row), replaced_};
      if (oldest == nullptr || row.last < oldest->last) oldest = &row;
    }
    if (rows_.size() < most_) {
      return {index_of(rows_.emplace_back(Row{name, {}, now})), replaced_};
    }
    if (oldest == nullptr) return {kOthers, replaced_};
    if (now - oldest->last < kIdle) return {kOthers, replaced_, oldest->last + kIdle};
    others_.add(oldest->counts);
    *oldest = {name, {}, now};
    return {index_of(*oldest), ++replaced_};
  }
  bool holds(const Place& place, KernelTime now) const {
    return place.replaced == replaced_ && now < place.until;
  }
  Counts& at(const Place& place, KernelTime now) {
    if (place.row == kOthers) return others_;
    rows_[place.row].last = now;
    return rows_[place.row].counts;
  }
  Counts& of(const Name& name, KernelTime now) { return at(place_of(name, now), now); }

  const std::vector<Row>& rows() const { return rows_; }
  const Counts& others() const { return others_; }

 private:
  static constexpr std::size_t kOthers = std::numeric_limits<std::size_t>::max();
  std::size_t index_of(const Row& row) const {
    return static_cast<std::size_t>(&row - rows_.data());
  }

  std::size_t most_;
  std::vector<Row> rows_;  // tens: a walk is quicker than a map
  Counts others_;
  std::uint64_t replaced_ = 0;
};

// Where keys were counted last, so that an event needs neither a name nor a walk. Keys that share
// an entry take it from each other.
template <typename Metrics>
class RecentPlaces {
 public:
  using Place = typename Metrics::Place;

  // `place_of` is asked where the place is not known any more.
  template <typename Find>
  const Place& of(std::uint64_t key, const Metrics& metrics, KernelTime now, Find place_of) {
    Entry& entry = entries_[key % kEntries];
    const bool is_known = entry.is_used && entry.key == key && metrics.holds(entry.place, now);
    if (!is_known) entry = {key, place_of(), true};
    return entry.place;
  }

 private:
  static constexpr std::size_t kEntries = 256;
  struct Entry {
    std::uint64_t key = 0;
    Place place{};
    bool is_used = false;
  };
  std::array<Entry, kEntries> entries_{};
};

using UnitMetrics = BoundedCounts<UnitName, UnitCounts>;
using PortMetrics = BoundedCounts<std::uint16_t, PortCounts>;

class OwnerMetrics {
 public:
  // `cgroups` is null where nothing tells units: then all are `unknown`.
  OwnerMetrics(CgroupDirectory* cgroups, std::size_t most)
      : cgroups_(cgroups), units_(most), ports_(most) {}

  void on_open(const tracker::Step& step, std::size_t role);
  void on_step(const tracker::Step& step);
  void on_life(const tracker::Life& life);
  void on_stuck(const tracker::Stuck& stuck);
  void on_adopted(const tracker::Adopted& adopted);

  const UnitMetrics& units() const { return units_; }
  const PortMetrics& ports() const { return ports_; }

 private:
  UnitCounts& unit_of(const tracker::ConnectionIdentity& connection, KernelTime now);

  PortCounts& port_of(std::uint16_t port, KernelTime now);
  UnitMetrics::Place place_of_unit(std::uint64_t cgroup, KernelTime now);

  CgroupDirectory* cgroups_;
  UnitMetrics units_;
  PortMetrics ports_;
  RecentPlaces<UnitMetrics> recent_units_;  // by cgroup
  RecentPlaces<PortMetrics> recent_ports_;
};

}  // namespace tcptwin::sinks
