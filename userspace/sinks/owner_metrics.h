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

  Counts& of(const Name& name, KernelTime now) {
    Row* oldest = nullptr;
    for (Row& row : rows_) {
      if (row.name == name) {
        row.last = now;
        return row.counts;
      }
      if (oldest == nullptr || row.last < oldest->last) oldest = &row;
    }
    if (rows_.size() < most_) return rows_.emplace_back(Row{name, {}, now}).counts;
    if (oldest == nullptr || now - oldest->last < kIdle) return others_;
    others_.add(oldest->counts);
    *oldest = {name, {}, now};
    return oldest->counts;
  }

  const std::vector<Row>& rows() const { return rows_; }
  const Counts& others() const { return others_; }

 private:
  std::size_t most_;
  std::vector<Row> rows_;  // tens: a walk is quicker than a map
  Counts others_;
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

  CgroupDirectory* cgroups_;
  UnitMetrics units_;
  PortMetrics ports_;
};

}  // namespace tcptwin::sinks
