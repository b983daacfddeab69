// SPDX-License-Identifier: MIT
#include "support/tun_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace tcptwin::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kMss = 1460;
constexpr std::uint16_t kWindow = 65535;

std::uint32_t host_order(std::string_view text) {
  in_addr address{};
  inet_pton(AF_INET, std::string{text}.c_str(), &address);
  return ntohl(address.s_addr);
}

std::chrono::milliseconds until(Clock::time_point deadline) {
  return std::max(std::chrono::milliseconds{0},
                  std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
}

}  // namespace

TunPeer::TunPeer(const NetworkNamespace& network) {
  const auto visit = network.enter();
  descriptor_ = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::string_view{"peer"}.copy(request.ifr_name, IFNAMSIZ - 1);
  if (descriptor_ < 0 || ioctl(descriptor_, TUNSETIFF, &request) != 0) {
    throw std::system_error(errno, std::generic_category(), "/dev/net/tun");
  }
  configure_interface("peer", kKernelAddress);
}

TunPeer::~TunPeer() {
  close(descriptor_);
}

void TunPeer::send(const Segment& segment) {
  transcript_.push_back("peer " + std::to_string(segment.source_port) + " -> kernel " +
                        std::to_string(segment.destination_port) + "  " + to_string(segment));
  send_packet(to_packet(segment));
}

void TunPeer::send_packet(std::span<const std::byte> packet) {
  if (write(descriptor_, packet.data(), packet.size()) != static_cast<ssize_t>(packet.size())) {
    throw std::system_error(errno, std::generic_category(), "writing to the TUN device");
  }
}

std::optional<Segment> TunPeer::receive(std::uint16_t port, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    read_available(std::chrono::milliseconds{0});
    const auto found = std::find_if(unread_.begin(), unread_.end(), [&](const Segment& segment) {
      return segment.destination_port == port;
    });
    if (found != unread_.end()) {
      Segment segment = std::move(*found);
      unread_.erase(found);
      return segment;
    }
    if (Clock::now() >= deadline) return std::nullopt;
    read_available(until(deadline));
  }
}

void TunPeer::read_available(std::chrono::milliseconds patience) {
  pollfd ready{descriptor_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return;
  std::array<std::byte, 65536> packet;
  while (true) {
    const ssize_t size = read(descriptor_, packet.data(), packet.size());
    if (size <= 0) return;
    auto segment = parse_packet(std::span{packet}.first(static_cast<std::size_t>(size)));
    if (!segment) continue;  // IPv6 router solicitations and the like
    transcript_.push_back("kernel " + std::to_string(segment->source_port) + " -> peer " +
                          std::to_string(segment->destination_port) + "  " + to_string(*segment));
    unread_.push_back(std::move(*segment));
  }
}

Conversation::Conversation(TunPeer& peer, std::uint16_t peer_port, std::uint16_t kernel_port,
                           std::uint32_t initial_sequence)
    : peer_(peer), peer_port_(peer_port), kernel_port_(kernel_port), send_next_(initial_sequence) {}

void Conversation::sends(Flags flags, const Detail& detail) {
  Segment segment;
  segment.source = host_order(kPeerAddress);
  segment.destination = host_order(kKernelAddress);
  segment.source_port = peer_port_;
  segment.destination_port = kernel_port_;
  segment.flags = flags;
  segment.sequence =
      SequenceNumber{send_next_.value() + static_cast<std::uint32_t>(detail.seq_offset)};
  if (segment.has(Ack)) {
    segment.acknowledgment =
        SequenceNumber{receive_next_.value() + static_cast<std::uint32_t>(detail.ack_offset)};
  }
  segment.window = detail.window.value_or(kWindow);
  segment.text = detail.text;
  if (segment.has(Syn)) segment.mss = kMss;
  if (detail.timestamps) segment.timestamps = detail.timestamps;
  if (!detail.timestamps && timestamps_) {
    segment.timestamps = Timestamps{*timestamps_, last_timestamps_ ? last_timestamps_->value : 0};
  }
  peer_.send(segment);
  if (detail.seq_offset == 0 && !segment.has(Rst)) advance_send(segment.length());
}

void Conversation::sends_unreachable(std::uint8_t code) {
  peer_.send_packet(unreachable_packet(code, to_packet(last_.value())));
}

Segment Conversation::expects(Flags flags, std::chrono::milliseconds patience) {
  constexpr unsigned kControl = Syn | Fin | Rst;
  const auto deadline = Clock::now() + patience;
  while (auto segment = peer_.receive(peer_port_, until(deadline))) {
    take(*segment);
    const bool control_matches = (segment->flags & kControl) == (flags & kControl);
    if (control_matches && segment->has(flags)) return *segment;
  }
  Segment wanted;
  wanted.flags = flags;
  broken("the kernel did not send " + to_string(wanted));
}

Segment Conversation::expects_text(std::string_view text) {
  const auto deadline = Clock::now() + kPatience;
  while (auto segment = peer_.receive(peer_port_, until(deadline))) {
    take(*segment);
    if (segment->text == text) return *segment;
  }
  broken("the kernel did not send \"" + std::string{text} + "\"");
}

void Conversation::expects_no(Flags flags, std::chrono::milliseconds meanwhile) {
  const auto deadline = Clock::now() + meanwhile;
  while (auto segment = peer_.receive(peer_port_, until(deadline))) {
    take(*segment);
    if (segment->has(flags)) broken("the kernel sent " + to_string(*segment));
  }
}

void Conversation::accepts_open() {
  expects(Syn);
  sends(SynAck);
  expects(Ack);
}

void Conversation::opens() {
  sends(Syn);
  expects(SynAck);
  sends(Ack);
}

void Conversation::acknowledges_fin() {
  expects(Fin);
  sends(Ack);
}

void Conversation::take(const Segment& segment) {
  kernel_port_ = segment.source_port;
  last_ = segment;
  if (segment.timestamps) last_timestamps_ = segment.timestamps;
  if (segment.has(Rst)) return;
  if (!heard_ || segment.has(Syn)) {
    heard_ = true;
    receive_next_ = SequenceNumber{segment.sequence.value() + segment.length()};
    return;
  }
  const SequenceNumber end{segment.sequence.value() + segment.length()};
  if (segment.sequence == receive_next_ || end.is_after(receive_next_)) receive_next_ = end;
}

void Conversation::broken(const std::string& what) const {
  throw ConversationBroken(what + " (peer port " + std::to_string(peer_port_) + ")");
}

}  // namespace tcptwin::testing
