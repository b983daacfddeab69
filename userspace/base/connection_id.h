// SPDX-License-Identifier: MIT
// The identity of a connection: never a pointer, which the kernel reuses within 100 ms.
#pragma once

#include <compare>
#include <cstdint>

namespace tcptwin {

// One struct sock can carry several connections in turn (AF_UNSPEC, a retried connect), so the
// socket cookie alone is not enough: each CLOSE -> SYN_SENT and CLOSE -> LISTEN is a generation.
struct ConnectionId {
  // bpf_get_socket_cookie; 2^63 plus a running number for what began without one: in a request
  // socket, as a child before 6.18, or where there are no cookies at all (5.10).
  std::uint64_t cookie = 0;
  std::uint32_t generation = 0;  // counts from 1

  friend constexpr bool operator==(const ConnectionId&, const ConnectionId&) = default;
  friend constexpr auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

}  // namespace tcptwin
