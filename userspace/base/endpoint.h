// SPDX-License-Identifier: MIT
// Addresses and ports of a connection's two ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tcptwin {

enum class Family : std::uint8_t { Inet, Inet6 };

// Network byte order; an IPv4 address occupies the first four bytes, the rest is zero.
struct Address {
  Family family = Family::Inet;
  std::array<std::uint8_t, 16> bytes{};

  friend constexpr bool operator==(const Address&, const Address&) = default;
  constexpr bool is_unspecified() const { return bytes == std::array<std::uint8_t, 16>{}; }
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;  // host order

  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
};

// What names a connection within one network namespace, seen from this end.
struct Tuple {
  std::uint32_t netns = 0;  // inode number of the network namespace
  Endpoint local;
  Endpoint remote;

  friend constexpr bool operator==(const Tuple&, const Tuple&) = default;
};

struct TupleHash {
  std::size_t operator()(const Tuple& tuple) const noexcept;
};

// "10.0.0.1", "2001:db8::1" (RFC 5952: lower case, longest zero run compressed).
std::string to_string(const Address& address);

}  // namespace tcptwin
