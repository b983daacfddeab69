// SPDX-License-Identifier: MIT
// The wire of a PrivateNetwork: takes each IPv4 packet with TCP that one end sends, and hands it to
// the other when it is told to. Packets pass unchanged; what a wire can do is lose, hold back, and
// deliver late.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tcptwin::system {

// Control bits of a TCP header.
enum class Flag : std::uint8_t { Fin = 1, Syn = 2, Rst = 4, Ack = 16 };

struct Packet {
  std::vector<std::byte> bytes;
  std::uint32_t source = 0;  // IPv4, host order
  std::uint8_t flags = 0;
  std::size_t payload = 0;  // bytes of user data

  bool has(Flag flag) const { return (flags & static_cast<std::uint8_t>(flag)) != 0; }
};

// nullopt if these bytes are no IPv4 packet with a whole TCP header.
std::optional<Packet> parse_packet(std::span<const std::byte> bytes);

class Wire {
 public:
  // Borrows the descriptor of the TUN device.
  explicit Wire(int device) : device_(device) {}

  // The next packet; nullopt if none comes in time, or it is none of TCP.
  std::optional<Packet> take(std::chrono::milliseconds patience);
  // False if the device refused it.
  bool deliver(const Packet& packet);

 private:
  int device_;
};

}  // namespace tcptwin::system
