// SPDX-License-Identifier: MIT
#include "sinks/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sinks/segment_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kRawIp = 101;  // LINKTYPE_RAW

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kSectionOs = 3;
constexpr std::uint16_t kSectionProgram = 4;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kInterfaceResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::uint32_t kInbound = 1;
constexpr std::uint32_t kOutbound = 2;

// What a segment leads to comes in the same moment, or it is not what it led to.
constexpr Duration kPatience = seconds{1};
constexpr std::size_t kPacketsHeld = 65536;
constexpr std::size_t kAnnouncementsHeld = 65536;

template <typename Number>
void put(std::string& bytes, Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof number);
}

void put_network(std::string& bytes, std::uint16_t number) {
  bytes += static_cast<char>(number >> 8);
  bytes += static_cast<char>(number & 0xff);
}

void pad(std::string& bytes) {
  bytes.append((4 - bytes.size() % 4) % 4, '\0');
}

void put_option(std::string& body, std::uint16_t code, std::string_view value) {
  constexpr std::size_t kLongest = 0xffff;
  value = value.substr(0, kLongest);
  put(body, code);
  put(body, static_cast<std::uint16_t>(value.size()));
  body += value;
  pad(body);
}

void end_options(std::string& body) {
  put(body, kOptionEnd);
  put(body, std::uint16_t{0});
}

std::string block(std::uint32_t type, const std::string& body) {
  constexpr std::size_t kFrame = 12;
  const auto length = static_cast<std::uint32_t>(body.size() + kFrame);
  std::string bytes;
  put(bytes, type);
  put(bytes, length);
  bytes += body;
  put(bytes, length);
  return bytes;
}

void put_address(std::string& bytes, const Address& address) {
  const std::size_t size = address.family == Family::Inet ? 4 : 16;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(address.bytes[i]);
}

// RFC 1071, over a header whose checksum is 0.
std::uint16_t checksum(std::string_view header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) {
    sum += static_cast<std::uint32_t>(static_cast<unsigned char>(header[i]) << 8 |
                                      static_cast<unsigned char>(header[i + 1]));
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// What the IP header has room for; 0 stands for more, as Linux has it.
std::uint16_t length_field(std::size_t length) {
  return length > 0xffff ? std::uint16_t{0} : static_cast<std::uint16_t>(length);
}

std::string ipv4_header(const tracker::Segment& segment, const Address& from, const Address& to) {
  constexpr std::size_t kHeader = 20;
  constexpr std::uint16_t kDontFragment = 0x4000;
  constexpr std::size_t kChecksumPlace = 10;
  std::string bytes{'\x45', static_cast<char>(segment.traffic_class)};
  put_network(bytes, length_field(kHeader + segment.header_length + segment.payload));
  put_network(bytes, segment.ip_id);
  put_network(bytes, segment.dont_fragment ? kDontFragment : std::uint16_t{0});
  bytes += static_cast<char>(segment.hop_limit);
  bytes += '\x06';
  put_network(bytes, 0);
  put_address(bytes, from);
  put_address(bytes, to);
  std::string sum;
  put_network(sum, checksum(bytes));
  return bytes.replace(kChecksumPlace, sum.size(), sum);
}

std::string ipv6_header(const tracker::Segment& segment, const Address& from, const Address& to) {
  std::string bytes{static_cast<char>(0x60 | segment.traffic_class >> 4),
                    static_cast<char>((segment.traffic_class & 0xf) << 4), '\0', '\0'};
  put_network(bytes, length_field(segment.header_length + segment.payload));
  bytes += '\x06';
  bytes += static_cast<char>(segment.hop_limit);
  put_address(bytes, from);
  put_address(bytes, to);
  return bytes;
}

std::string step_text(const tracker::Step& step) {
  std::string text = fmt::format("{} -> {}: {}, {}", name(step.from), name(step.to),
                                 label(step.cause), label(step.verdict));
  if (!step.rule.empty()) text += fmt::format(" ({})", step.rule);
  return text;
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty()) text += '\n';
  text += line;
}

std::string comment_of(const tracker::SegmentFound& found, std::string_view before,
                       std::string_view then) {
  std::string text;
  if (!before.empty()) text = fmt::format("{}\n", before);
  text += label(found.segment.direction);
  text += found.state ? fmt::format(" in {}", name(*found.state)) : std::string{", no socket"};
  if (found.owner.is_known()) {
    text += fmt::format(", {} (pid {}, {})", printable(found.owner.actor.comm.view()),
                        found.owner.actor.pid, label(found.owner.confidence));
  }
  if (found.connection) {
    text += fmt::format(", conn {:#x}.{}", found.connection->id.cookie,
                        found.connection->id.generation);
  }
  if (!then.empty()) append_line(text, then);
  return text;
}

}  // namespace

std::string pcapng_section(std::string_view os, std::string_view program) {
  std::string body;
  put(body, kByteOrder);
  put(body, std::uint16_t{1});
  put(body, std::uint16_t{0});
  put(body, ~std::uint64_t{0});  // its length is not known
  put_option(body, kSectionOs, os);
  put_option(body, kSectionProgram, program);
  end_options(body);
  return block(kSection, body);
}

std::string pcapng_interface(std::uint32_t netns) {
  std::string body;
  put(body, kRawIp);
  put(body, std::uint16_t{0});
  put(body, std::uint32_t{0});  // packets may be of any length
  put_option(body, kInterfaceName, fmt::format("netns {}", netns));
  put_option(body, kInterfaceResolution, "\x09");  // 10^-9 s
  end_options(body);
  return block(kInterface, body);
}

std::string segment_bytes(const tracker::SegmentFound& found) {
  const tracker::Segment& segment = found.segment;
  const bool sent = segment.direction == tracker::Direction::Sent;
  const Address& from = (sent ? found.tuple.local : found.tuple.remote).address;
  const Address& to = (sent ? found.tuple.remote : found.tuple.local).address;
  std::string bytes =
      from.family == Family::Inet ? ipv4_header(segment, from, to) : ipv6_header(segment, from, to);
  for (const std::uint8_t byte : segment.bytes()) bytes += static_cast<char>(byte);
  return bytes;
}

std::string pcapng_packet(std::uint32_t interface, std::uint64_t unix_ns,
                          const tracker::SegmentFound& found, std::string_view comment) {
  const std::string headers = segment_bytes(found);
  std::string body;
  put(body, interface);
  put(body, static_cast<std::uint32_t>(unix_ns >> 32));
  put(body, static_cast<std::uint32_t>(unix_ns));
  put(body, static_cast<std::uint32_t>(headers.size()));
  put(body, static_cast<std::uint32_t>(headers.size() + found.segment.payload));
  body += headers;
  pad(body);
  std::string flags;
  put(flags, found.segment.direction == tracker::Direction::Sent ? kOutbound : kInbound);
  put_option(body, kComment, comment);
  put_option(body, kPacketFlags, flags);
  end_options(body);
  return block(kPacket, body);
}

void PcapngSink::on_start() {
  out_.write(pcapng_section(options_.os, options_.program));
}

std::uint32_t PcapngSink::interface_of(std::uint32_t netns) {
  const auto next = static_cast<std::uint32_t>(interfaces_.size());
  const auto [known, is_new] = interfaces_.try_emplace(netns, next);
  if (is_new) out_.write(pcapng_interface(netns));
  return known->second;
}

void PcapngSink::on_segment(const tracker::SegmentFound& found) {
  write_until(found.time - kPatience);
  if (packets_.size() >= kPacketsHeld) write_oldest();
  Packet packet{found, {}, {}};
  if (found.connection) {
    const ConnectionId connection = found.connection->id;
    if (const auto news = announced_.find(connection); news != announced_.end()) {
      packet.before = std::move(news->second);
      announced_.erase(news);
    }
    latest_[connection] = written_ + packets_.size();
  }
  packets_.push_back(std::move(packet));
}

PcapngSink::Packet* PcapngSink::latest_of(const tracker::ConnectionIdentity& connection) {
  const auto latest = latest_.find(connection.id);
  return latest == latest_.end() ? nullptr : &packets_[latest->second - written_];
}

// What a process does comes before the segment that it makes; what the stack does by itself comes
// after the segment that made it do so.
void PcapngSink::on_step(const tracker::Step& step) {
  write_until(step.time - kPatience);
  if (step.context == model::Context::Process) {
    if (announced_.size() >= kAnnouncementsHeld) announced_.clear();
    append_line(announced_[step.connection.id], step_text(step));
  } else if (Packet* packet = latest_of(step.connection)) {
    append_line(packet->then, step_text(step));
  }
}

void PcapngSink::on_divergence(const tracker::Divergence& divergence) {
  if (Packet* packet = latest_of(divergence.connection)) {
    append_line(packet->then,
                fmt::format("DIVERGENCE {}: {}", label(divergence.kind), summary(divergence.kind)));
  }
}

void PcapngSink::write_until(KernelTime time) {
  while (!packets_.empty() && packets_.front().found.time <= time) write_oldest();
}

void PcapngSink::write_oldest() {
  const Packet& packet = packets_.front();
  const tracker::SegmentFound& found = packet.found;
  const auto unix_time = found.time.time_since_epoch() + options_.clock.realtime_minus_monotonic;
  const std::uint32_t interface = interface_of(found.tuple.netns);
  out_.write(pcapng_packet(interface, static_cast<std::uint64_t>(unix_time.count()), found,
                           comment_of(found, packet.before, packet.then)));
  if (found.connection) {
    const auto latest = latest_.find(found.connection->id);
    if (latest != latest_.end() && latest->second == written_) latest_.erase(latest);
  }
  packets_.pop_front();
  ++written_;
}

void PcapngSink::on_end(const Summary& summary) {
  while (!packets_.empty()) write_oldest();
  out_.flush();
  if (written_ == 0) {
    diagnostics_.text("tcptwin: no segments: `record --segments` stores them\n");
  }
  diagnostics_.end(summary);
}

}  // namespace tcptwin::sinks
