// SPDX-License-Identifier: MIT
#include "support/segment.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tcptwin::testing {
namespace {

constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kQuotedText = 8;  // RFC 792: the header plus 64 bits
constexpr std::uint8_t kDestinationUnreachable = 3;

enum OptionKind : std::uint8_t { EndOfOptions = 0, NoOperation = 1, Mss = 2, Scale = 3, Stamp = 8 };

using Bytes = std::vector<std::byte>;

void put8(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::byte>(value & 0xff));
}
void put16(Bytes& out, std::size_t value) {
  put8(out, value >> 8);
  put8(out, value);
}
void put32(Bytes& out, std::size_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
void set16(Bytes& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::byte>(value >> 8);
  out[at + 1] = static_cast<std::byte>(value & 0xff);
}

std::uint8_t get8(std::span<const std::byte> in, std::size_t at) {
  return std::to_integer<std::uint8_t>(in[at]);
}
std::uint16_t get16(std::span<const std::byte> in, std::size_t at) {
  return static_cast<std::uint16_t>((get8(in, at) << 8) | get8(in, at + 1));
}
std::uint32_t get32(std::span<const std::byte> in, std::size_t at) {
  return (static_cast<std::uint32_t>(get16(in, at)) << 16) | get16(in, at + 2);
}

// RFC 1071, over the bytes and a sum that is there already.
std::uint16_t checksum(std::span<const std::byte> bytes, std::uint32_t sum = 0) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    sum += static_cast<std::uint32_t>(get8(bytes, at) << 8);
    if (at + 1 < bytes.size()) sum += get8(bytes, at + 1);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

std::uint32_t pseudo_header(std::uint32_t source, std::uint32_t destination, std::size_t length) {
  return (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) +
         IPPROTO_TCP + static_cast<std::uint32_t>(length);
}

Bytes options_of(const Segment& segment) {
  Bytes options;
  if (segment.mss) {
    put8(options, Mss);
    put8(options, 4);
    put16(options, *segment.mss);
  }
  if (segment.window_scale) {
    put8(options, NoOperation);
    put8(options, Scale);
    put8(options, 3);
    put8(options, *segment.window_scale);
  }
  if (segment.timestamps) {
    put16(options, 0x0101);
    put8(options, Stamp);
    put8(options, 10);
    put32(options, segment.timestamps->value);
    put32(options, segment.timestamps->echo);
  }
  return options;
}

Bytes ip_header(std::uint32_t source, std::uint32_t destination, int protocol, std::size_t size) {
  Bytes header;
  put16(header, 0x4500);
  put16(header, kIpHeader + size);
  put32(header, 0x00004000);  // do not fragment
  put8(header, 64);
  put8(header, static_cast<std::size_t>(protocol));
  put16(header, 0);
  put32(header, source);
  put32(header, destination);
  set16(header, 10, checksum(header));
  return header;
}

void read_options(std::span<const std::byte> options, Segment& segment) {
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = get8(options, at);
    if (kind == EndOfOptions) return;
    if (kind == NoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return;
    const std::size_t size = get8(options, at + 1);
    if (size < 2 || at + size > options.size()) return;
    if (kind == Mss && size == 4) segment.mss = get16(options, at + 2);
    if (kind == Scale && size == 3) segment.window_scale = get8(options, at + 2);
    if (kind == Stamp && size == 10) {
      segment.timestamps = Timestamps{get32(options, at + 2), get32(options, at + 6)};
    }
    at += size;
  }
}

}  // namespace

std::uint32_t Segment::length() const {
  return static_cast<std::uint32_t>(text.size()) + (has(Syn) ? 1u : 0u) + (has(Fin) ? 1u : 0u);
}

std::vector<std::byte> to_packet(const Segment& segment) {
  const Bytes options = options_of(segment);
  Bytes tcp;
  put16(tcp, segment.source_port);
  put16(tcp, segment.destination_port);
  put32(tcp, segment.sequence.value());
  put32(tcp, segment.acknowledgment.value());
  put8(tcp, (kTcpHeader + options.size()) / 4 << 4);
  put8(tcp, segment.flags);
  put16(tcp, segment.window);
  put32(tcp, 0);
  tcp.insert(tcp.end(), options.begin(), options.end());
  for (const char letter : segment.text) put8(tcp, static_cast<unsigned char>(letter));
  set16(tcp, 16, checksum(tcp, pseudo_header(segment.source, segment.destination, tcp.size())));
  Bytes packet = ip_header(segment.source, segment.destination, IPPROTO_TCP, tcp.size());
  packet.insert(packet.end(), tcp.begin(), tcp.end());
  return packet;
}

std::optional<Segment> parse_packet(std::span<const std::byte> packet) {
  if (packet.size() < kIpHeader + kTcpHeader || get8(packet, 0) >> 4 != 4) return std::nullopt;
  const std::size_t ip_size = static_cast<std::size_t>(get8(packet, 0) & 0x0f) * 4;
  if (get8(packet, 9) != IPPROTO_TCP || packet.size() < ip_size + kTcpHeader) return std::nullopt;
  const auto tcp = packet.subspan(ip_size);
  const std::size_t tcp_size = static_cast<std::size_t>(get8(tcp, 12) >> 4) * 4;
  if (tcp_size < kTcpHeader || tcp.size() < tcp_size) return std::nullopt;
  Segment segment;
  segment.source = get32(packet, 12);
  segment.destination = get32(packet, 16);
  segment.source_port = get16(tcp, 0);
  segment.destination_port = get16(tcp, 2);
  segment.sequence = SequenceNumber{get32(tcp, 4)};
  segment.acknowledgment = SequenceNumber{get32(tcp, 8)};
  segment.flags = static_cast<Flags>(get8(tcp, 13) & 0x1f);
  segment.window = get16(tcp, 14);
  read_options(tcp.subspan(kTcpHeader, tcp_size - kTcpHeader), segment);
  for (const std::byte octet : tcp.subspan(tcp_size)) {
    segment.text.push_back(std::to_integer<char>(octet));
  }
  return segment;
}

std::vector<std::byte> unreachable_packet(std::uint8_t code, std::span<const std::byte> about) {
  Bytes icmp;
  put8(icmp, kDestinationUnreachable);
  put8(icmp, code);
  put16(icmp, 0);
  put32(icmp, 0);
  const auto quoted = about.first(std::min(about.size(), kIpHeader + kQuotedText));
  icmp.insert(icmp.end(), quoted.begin(), quoted.end());
  set16(icmp, 2, checksum(icmp));
  Bytes packet = ip_header(get32(about, 16), get32(about, 12), IPPROTO_ICMP, icmp.size());
  packet.insert(packet.end(), icmp.begin(), icmp.end());
  return packet;
}

std::string to_string(const Segment& segment) {
  constexpr std::array<std::pair<Flags, std::string_view>, 5> kNames = {
      {{Syn, "SYN"}, {Fin, "FIN"}, {Rst, "RST"}, {Psh, "PSH"}, {Ack, "ACK"}}};
  std::string out;
  for (const auto& [flag, name] : kNames) {
    if (!segment.has(flag)) continue;
    if (!out.empty()) out += ",";
    out += name;
  }
  out += " seq " + std::to_string(segment.sequence.value());
  if (segment.has(Ack)) out += " ack " + std::to_string(segment.acknowledgment.value());
  out += " win " + std::to_string(segment.window);
  if (!segment.text.empty()) out += " len " + std::to_string(segment.text.size());
  return out;
}

}  // namespace tcptwin::testing
