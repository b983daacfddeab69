// SPDX-License-Identifier: MIT
// What a census says and the mirror does not keep: all processes that hold a socket, and which
// namespaces could not be read. For `snapshot`, by itself or from a service.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "sinks/socket_row.h"
#include "sources/event_source.h"

namespace tcptwin::commands {

class CensusRecords final : public sources::RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override;

  const std::vector<sinks::RefusedNamespace>& refused() const { return refused_; }
  std::vector<sinks::Holder> holders_of(const ConnectionId& id) const;

 private:
  std::unordered_map<std::uint64_t, std::vector<sinks::Holder>> by_cookie_;
  std::vector<sinks::RefusedNamespace> refused_;
  std::size_t count_ = 0;
};

}  // namespace tcptwin::commands
