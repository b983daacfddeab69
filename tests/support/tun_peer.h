// SPDX-License-Identifier: MIT
// The other end of a connection, played by the test: a TCP host behind a TUN device that sends
// exactly the segments it is told to and never answers on its own. Scenarios read like the wire:
//
//   talk.expects(Syn);
//   talk.sends(SynAck);
//   talk.expects(Ack);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/network_namespace.h"
#include "support/segment.h"

namespace tcptwin::testing {

inline constexpr std::string_view kKernelAddress = "10.7.0.1";
inline constexpr std::string_view kPeerAddress = "10.7.0.2";
// How long the kernel may take to say what a conversation waits for.
inline constexpr std::chrono::milliseconds kPatience{5000};

// The kernel did not hold its side of a conversation as the scenario wrote it.
class ConversationBroken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The host on the TUN device.
class TunPeer {
 public:
  explicit TunPeer(const NetworkNamespace& network);
  ~TunPeer();
  TunPeer(const TunPeer&) = delete;
  TunPeer& operator=(const TunPeer&) = delete;

  void send(const Segment& segment);
  void send_packet(std::span<const std::byte> packet);
  // The next segment to this port of ours; nullopt if none comes in time.
  std::optional<Segment> receive(std::uint16_t port, std::chrono::milliseconds patience);

  // All that was said, for failure messages.
  const std::vector<std::string>& transcript() const { return transcript_; }

 private:
  void read_available(std::chrono::milliseconds patience);

  int descriptor_ = -1;
  std::deque<Segment> unread_;
  std::vector<std::string> transcript_;
};

// What a segment carries besides its flags. A segment sent off its place (`seq_offset`) or a reset
// does not advance the conversation.
struct Detail {
  std::string text = {};
  std::int32_t seq_offset = 0;
  std::int32_t ack_offset = 0;
  std::optional<std::uint16_t> window = std::nullopt;
  std::optional<Timestamps> timestamps = std::nullopt;
};

// One TCP connection as the peer sees it: its sequence numbers advance with what is said.
class Conversation {
 public:
  // With the kernel as a client, its port is learnt from its SYN.
  Conversation(TunPeer& peer, std::uint16_t peer_port, std::uint16_t kernel_port = 0,
               std::uint32_t initial_sequence = 1'000'000);

  void sends(Flags flags, const Detail& detail = {});
  // "Destination unreachable" of this code about the last segment that was received.
  void sends_unreachable(std::uint8_t code);

  // Waits for a segment with exactly these of SYN, FIN and RST; bare acknowledgments and repeats
  // on the way are passed over unless `flags` is Ack itself.
  Segment expects(Flags flags, std::chrono::milliseconds patience = kPatience);
  Segment expects_text(std::string_view text);
  // Nothing with one of these flags arrives meanwhile.
  void expects_no(Flags flags, std::chrono::milliseconds meanwhile);

  // Three-way handshakes, to the end.
  void accepts_open();
  void opens();

  // Both segments of an orderly close by the kernel.
  void acknowledges_fin();

  void use_timestamps(std::uint32_t value) { timestamps_ = value; }
  void skip(std::uint32_t octets) { advance_send(octets); }
  SequenceNumber send_next() const { return send_next_; }
  SequenceNumber receive_next() const { return receive_next_; }
  std::uint16_t peer_port() const { return peer_port_; }
  std::uint16_t kernel_port() const { return kernel_port_; }

 private:
  void advance_send(std::uint32_t octets) {
    send_next_ = SequenceNumber{send_next_.value() + octets};
  }
  void take(const Segment& segment);
  [[noreturn]] void broken(const std::string& what) const;

  TunPeer& peer_;
  std::uint16_t peer_port_;
  std::uint16_t kernel_port_;
  SequenceNumber send_next_;
  SequenceNumber receive_next_;
  bool heard_ = false;
  std::optional<std::uint32_t> timestamps_;
  std::optional<Timestamps> last_timestamps_;
  std::optional<Segment> last_;
};

}  // namespace tcptwin::testing
