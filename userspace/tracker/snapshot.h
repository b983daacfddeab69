// SPDX-License-Identifier: MIT
// The tracker's second output port: what the mirror holds at this moment. `snapshot`, `top` and the
// metrics read it; a visit costs one walk over the table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>

#include "tracker/finding.h"

namespace tcptwin::tracker {

// What the kernel itself said of a socket when a census last looked (iter/tcp).
struct KernelView {
  KernelTime time;
  std::uint64_t inode = 0;
  std::uint32_t uid = 0;
  PendingTimer timer = PendingTimer::None;
  std::optional<Duration> timer_left;  // at `time`
  std::uint32_t receive_queue = 0;     // bytes; LISTEN: connections that wait for accept()
  std::uint32_t send_queue = 0;        // bytes; LISTEN: limit of the accept queue
  std::uint32_t drops = 0;             // LISTEN
};

// Of a listener: what became of the connections that came to it, since the start.
struct ListenerView {
  std::uint64_t half_open = 0;            // now
  std::optional<KernelTime> oldest;       // when the oldest half-open connection's SYN came
  std::uint64_t requests = 0;             // SYNs that got a request socket
  std::uint64_t accepted_handshakes = 0;  // children born
  std::uint64_t syncookies = 0;           // of these, from a SYN cookie
  std::uint64_t synack_retransmits = 0;
  std::uint64_t request_timeouts = 0;  // handshakes that never got their third ACK
  std::uint64_t overflow_resets = 0;   // third ACKs answered with a RST: the accept queue was full
};

// Half-open connections now, by the local port of their listener; ports without any are missing.
using HalfOpenByPort = std::unordered_map<std::uint16_t, std::size_t>;

// One twin, for the length of a visit.
struct TwinView {
  const ConnectionIdentity& connection;
  model::MirrorState state;
  std::optional<KernelTime> entered;  // `state`; nullopt if older than we know
  KernelTime known_since;             // it was in `state` at this time already
  const Owners& owners;
  const model::Snapshot* last;   // at its latest change or census; may be null
  const KernelView* kernel;      // null before a census has seen it
  const ListenerView* listener;  // null unless it listens
  std::optional<OtherEnd> other_end;
  std::uint8_t synack_retransmits = 0;
  bool is_orphan = false;                   // no process can act on it any more
  std::span<const HistoryEntry> history{};  // its latest steps, oldest first
};
using TwinVisitor = std::function<void(const TwinView&)>;

}  // namespace tcptwin::tracker
