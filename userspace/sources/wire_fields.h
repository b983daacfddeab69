// SPDX-License-Identifier: MIT
// What several kinds of wire records have in common, in the tracker's types. Used by decode and
// decode_census alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "sources/decode.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {

using Decoded = std::variant<tracker::Observation, DecodeError>;

// CLOCK_MONOTONIC counts from the boot: 146 years are enough, and no difference of times overflows.
inline constexpr std::uint64_t kLatestTime = std::uint64_t{1} << 62;

// Kernel numbering (include/net/tcp_states.h). TIME_WAIT and NEW_SYN_RECV have numbers too, but
// live in minisockets and request sockets: no full socket is ever in them.
std::optional<model::State> full_socket_state(std::uint8_t number);

// tw_substate of a minisocket: FIN_WAIT2 until the peer's FIN came, TIME_WAIT after.
std::optional<model::State> substate_of(const tcptwin_socket& socket);

bool is_well_formed(const tcptwin_socket& socket);
model::Holder holder_of(const tcptwin_socket& socket);
tracker::SocketReference reference_of(const tcptwin_socket& socket);

// An IPv6 socket that talks to ::ffff:a.b.c.d speaks IPv4. It becomes an IPv4 tuple here, so that
// both ends of a connection agree whatever sockets they use; an end that is still :: follows.
Tuple tuple_of(const tcptwin_socket& socket);

model::Snapshot snapshot_of(const tcptwin_evidence& evidence);
void read_snapshot(model::Snapshot& snapshot, const tcptwin_evidence& evidence);  // every field

// Up to the first NUL, or all of it.
std::string_view text_of(const char* bytes, std::size_t limit);

}  // namespace tcptwin::sources
