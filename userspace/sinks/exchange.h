// SPDX-License-Identifier: MIT
// What passed between the two ends of one connection, in order: steps of their states, segments,
// divergences. LadderCollector gathers it, ladder_of() (exchange_ladder.h) makes it a ladder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "tracker/finding.h"

namespace tcptwin::sinks {

struct ExchangeStep {
  model::MirrorState from;
  model::MirrorState to;
  model::Cause cause{};
  model::Verdict verdict{};
  std::string_view rule;  // static, as in tracker::Step
};

struct ExchangeSegment {
  tracker::Segment segment;
  std::optional<std::uint32_t> relative_sequence;
  std::optional<std::uint32_t> relative_acknowledgement;
  std::optional<model::MirrorState> state;  // that it found, or left
};

struct ExchangeDivergence {
  model::DivergenceKind kind{};
};

// Here the collector's bounds for one end left something out.
struct ExchangeOmission {
  std::uint64_t steps = 0;
  std::uint64_t segments = 0;
  KernelTime since;         // until the time of the event
  bool is_traffic = false;  // data and pure ACKs only (tracker::Segment::is_traffic)
};

struct ExchangeEvent {
  KernelTime time;
  std::size_t end = 0;  // of Exchange::ends: at which one it was seen
  std::variant<ExchangeStep, ExchangeSegment, ExchangeDivergence, ExchangeOmission> what;
  std::uint64_t order = 0;  // of the findings: times may be equal
};

struct ExchangeEnd {
  Endpoint endpoint;
  std::uint32_t netns = 0;  // 0: this end was not seen
  bool was_seen = false;    // on this host; if not, all that is known of it came from the other end
  std::optional<tracker::ConnectionIdentity> connection;  // nullopt: there was no socket, or no end
  tracker::Owner owner;
  std::optional<tracker::Life> life;
};

struct Exchange {
  std::array<ExchangeEnd, 2> ends;    // the left one connected, as far as that is known
  std::vector<ExchangeEvent> events;  // in the kernel's order
  KernelTime until;                   // so long it was watched
  std::uint64_t lost = 0;             // events of the host that were lost while it lasted
  bool has_segments = false;          // none: they were not recorded
};

}  // namespace tcptwin::sinks
