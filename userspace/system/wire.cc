// SPDX-License-Identifier: MIT
#include "system/wire.h"

#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <array>

namespace tcptwin::system {
namespace {

constexpr std::size_t kLeastHeader = 20;  // of IPv4, and of TCP
constexpr std::size_t kLargestPacket = 65535;

std::size_t octet(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<std::size_t>(bytes[at]);
}

}  // namespace

std::optional<Packet> parse_packet(std::span<const std::byte> bytes) {
  if (bytes.size() < 2 * kLeastHeader || octet(bytes, 0) >> 4 != 4) return std::nullopt;
  const std::size_t ip_header = (octet(bytes, 0) & 0x0f) * 4;
  const bool has_tcp = octet(bytes, 9) == IPPROTO_TCP && ip_header >= kLeastHeader &&
                       bytes.size() >= ip_header + kLeastHeader;
  if (!has_tcp) return std::nullopt;
  const std::size_t tcp_header = (octet(bytes, ip_header + 12) >> 4) * 4;
  if (tcp_header < kLeastHeader || bytes.size() < ip_header + tcp_header) return std::nullopt;
  Packet packet;
  packet.bytes.assign(bytes.begin(), bytes.end());
  for (std::size_t at = 12; at < 16; ++at) {
    packet.source = packet.source << 8 | static_cast<std::uint32_t>(octet(bytes, at));
  }
  packet.flags = static_cast<std::uint8_t>(octet(bytes, ip_header + 13));
  packet.payload = bytes.size() - ip_header - tcp_header;
  return packet;
}

std::optional<Packet> Wire::take(std::chrono::milliseconds patience) {
  pollfd ready{device_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  std::array<std::byte, kLargestPacket> packet;
  const ssize_t size = ::read(device_, packet.data(), packet.size());
  if (size <= 0) return std::nullopt;
  return parse_packet(std::span{packet}.first(static_cast<std::size_t>(size)));
}

bool Wire::deliver(const Packet& packet) {
  return ::write(device_, packet.bytes.data(), packet.bytes.size()) ==
         static_cast<ssize_t>(packet.bytes.size());
}

}  // namespace tcptwin::system
