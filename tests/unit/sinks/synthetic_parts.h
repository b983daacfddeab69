// SPDX-License-Identifier: MIT
// What synthetic findings and lives are made of: times, addresses, owners.
#pragma once

#include <arpa/inet.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/endpoint.h"
#include "base/time.h"
#include "tracker/finding.h"

namespace tcptwin::test {

inline KernelTime at(std::chrono::milliseconds since_boot) {
  return KernelTime{since_boot};
}

inline Endpoint endpoint(const char* address, std::uint16_t port) {
  Endpoint result;
  result.port = port;
  result.address.family = std::strchr(address, ':') == nullptr ? Family::Inet : Family::Inet6;
  const int family = result.address.family == Family::Inet ? AF_INET : AF_INET6;
  ::inet_pton(family, address, result.address.bytes.data());
  return result;
}

inline tracker::Owner owner(std::uint32_t pid, std::string_view comm,
                            tracker::OwnerConfidence confidence) {
  return {{pid, pid, 1000, tracker::Comm{comm}}, confidence};
}

}  // namespace tcptwin::test
