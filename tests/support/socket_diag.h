// SPDX-License-Identifier: MIT
// The kernel's own view of a namespace's TCP sockets and the administrator's kill, over sock_diag:
// what `ss` and `ss -K` do.
#pragma once

#include <cstdint>
#include <vector>

#include "support/network_namespace.h"

namespace tcptwin::testing {

struct KernelSocket {
  std::uint8_t state = 0;  // kernel numbering; 12 never shows, request sockets are 3
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
};

// TIME_WAIT and request sockets included.
std::vector<KernelSocket> list_sockets(const NetworkNamespace& network);

// Kills the sockets with these ports (0: any) and returns how many the kernel killed.
int kill_sockets(const NetworkNamespace& network, std::uint16_t local_port,
                 std::uint16_t remote_port);

// Kills listeners on the port, and no other socket.
int kill_listener(const NetworkNamespace& network, std::uint16_t port);

// Kills everything that is left, so that no retransmission timer outlives the test.
void kill_all_sockets(const NetworkNamespace& network);

}  // namespace tcptwin::testing
