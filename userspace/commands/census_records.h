// SPDX-License-Identifier: MIT
// What a census says and the mirror does not keep: all processes that hold a socket, its counters
// as they are now, and which namespaces could not be read. For `snapshot`, by itself or from a
// service.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "sinks/socket_row.h"
#include "sources/event_source.h"
#include "tracker/snapshot.h"

namespace tcptwin::commands {

class CensusRecords final : public sources::RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override;

  const std::vector<sinks::RefusedNamespace>& refused() const { return refused_; }
  std::vector<sinks::Holder> holders_of(const tracker::TwinView& twin) const;
  // Null where the census did not show the socket. The mirror's own is of the latest state change.
  const model::Snapshot* last_of(const tracker::TwinView& twin) const;

 private:
  struct Seen {
    std::uint64_t cookie = 0;
    model::Snapshot snapshot;
  };
  const Seen* find(const tracker::TwinView& twin) const;

  std::unordered_map<std::uint64_t, std::vector<sinks::Holder>> by_cookie_;
  // A connection that was born in a request socket is not known by its cookie.
  std::unordered_map<std::uint64_t, Seen> by_inode_;
  std::vector<sinks::RefusedNamespace> refused_;
  std::size_t count_ = 0;
};

}  // namespace tcptwin::commands
