// SPDX-License-Identifier: MIT
// Whole connections as wire records, for the engine's benches: both ends on one host, in the order
// in which Linux 6.18 showed a recording of `demo` (four-way-close) to us, without its segments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "tcptwin/wire.h"

namespace tcptwin::bench {

// Of one connection, from the first SYN to the end of TIME_WAIT.
inline constexpr std::size_t kRecordsOfConnection = 18;
inline constexpr std::size_t kStateChangesOfConnection = 10;

class WireRecord {
 public:
  template <typename Record>
  Record& emplace(tcptwin_record_kind kind) {
    static_assert(sizeof(Record) <= sizeof(tcptwin_state_change), "these are the largest here");
    auto* record = new (bytes_.data()) Record{};
    record->header.kind = kind;
    record->header.size = sizeof(Record);
    record->header.version = TCPTWIN_WIRE_VERSION;
    size_ = sizeof(Record);
    return *record;
  }
  std::span<const std::byte> bytes() const { return std::span{bytes_}.first(size_); }

 private:
  alignas(8) std::array<std::byte, sizeof(tcptwin_state_change)> bytes_;
  std::size_t size_ = 0;
};
using WireRecords = std::vector<WireRecord>;

// How many connections there are at once, and for how long; time is counted in batches.
struct Traffic {
  std::size_t in_flight = 64;   // connections a batch, side by side
  std::uint64_t open_for = 0;   // batches between handshake and close
  std::uint64_t wait_for = 16;  // batches in TIME_WAIT
  std::size_t stay_open = 0;    // batches of connections beside them that never close
  std::size_t twins() const {
    return in_flight * (2 * (open_for + stay_open) + wait_for);  // two an open connection
  }
};
// A tenth of the twins is in TIME_WAIT. The others are the ends of open connections that stay so,
// while new ones come and go at once; or they close in turn, the oldest first, so that no twin is
// still in a cache.
Traffic comes_and_goes(std::size_t twins);
Traffic oldest_closes(std::size_t twins);

class GeneratedHost {
 public:
  explicit GeneratedHost(const Traffic& traffic);

  // The next batch: connections begin, others close, others leave TIME_WAIT. At first what is there
  // once and for all: the listener, then the connections that stay open.
  const WireRecords& next();
  // To follow a batch: everything up to here was delivered.
  std::span<const std::byte> status();
  // From now on each batch has begun, closed and forgotten as many connections.
  bool is_steady() const { return batch_ > traffic_.open_for + traffic_.wait_for; }

  const Traffic& traffic() const { return traffic_; }

 private:
  void listen();
  void open(std::uint64_t number);
  void close_first_end(std::uint64_t number);
  void acknowledge_fin(std::uint64_t number);
  void close_second_end(std::uint64_t number);
  void leave_time_wait(std::uint64_t number);

  template <typename Record>
  Record& add(tcptwin_record_kind kind);
  template <typename Act>
  void each(std::uint64_t batch, Act act);

  Traffic traffic_;
  std::uint64_t batch_ = 0;    // of those that come and go
  std::uint64_t staying_ = 0;  // batches opened for good
  bool listens_ = false;
  std::uint64_t now_ns_;
  std::uint64_t emitted_ = 0;
  WireRecords records_;
  tcptwin_status status_{};
};

}  // namespace tcptwin::bench
