// SPDX-License-Identifier: MIT
// A census of the running kernel at the level of observations: what LiveBpf delivered, decoded and
// kept in order, with no tracker behind it.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "sources/live_bpf.h"
#include "tracker/observation.h"

namespace tcptwin::testing {

class CensusSession final : sources::RecordHandler {
 public:
  // Throws std::runtime_error if the kernel does not let us.
  explicit CensusSession(const sources::LiveOptions& options);

  // Forgets what was delivered so far.
  void take_census();
  // Until an observation of this kind satisfies the predicate, no longer than five seconds; throws
  // if none does.
  template <typename Kind>
  Kind await(const std::function<bool(const Kind&)>& predicate) {
    for (std::size_t at = 0;; ++at) {
      while (at >= delivered_.size()) poll();
      const auto* kind = std::get_if<Kind>(&delivered_[at]);
      if (kind != nullptr && predicate(*kind)) return *kind;
    }
  }

  const std::vector<tracker::Observation>& delivered() const { return delivered_; }
  template <typename Kind>
  std::vector<Kind> all_of() const {
    std::vector<Kind> found;
    for (const auto& observation : delivered_) {
      if (const auto* kind = std::get_if<Kind>(&observation)) found.push_back(*kind);
    }
    return found;
  }

  std::vector<tracker::ExistingSocket> sockets_in(std::uint32_t netns) const;
  // The one with these ports; throws if there is none. A remote port of 0 is a listener's.
  tracker::ExistingSocket socket_at(std::uint32_t netns, std::uint16_t local_port,
                                    std::uint16_t remote_port) const;
  std::vector<tracker::SocketHolder> holders_of(const tracker::ExistingSocket& socket) const;
  bool has_mark(tracker::CensusPhase phase, std::uint32_t netns) const;

  const sources::LiveBpf& source() const { return *source_; }

 private:
  void on_record(std::span<const std::byte> record) override;
  void poll();

  std::unique_ptr<sources::LiveBpf> source_;
  std::vector<tracker::Observation> delivered_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace tcptwin::testing
