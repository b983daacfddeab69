// SPDX-License-Identifier: MIT
#include "tracker/finding.h"

namespace tcptwin::tracker {

std::string_view label(Role role) {
  switch (role) {
    case Role::Unknown:
      return "unknown";
    case Role::Active:
      return "active";
    case Role::Passive:
      return "passive";
    case Role::Listener:
      return "listener";
  }
  return "";
}

std::string_view label(OwnerConfidence confidence) {
  switch (confidence) {
    case OwnerConfidence::None:
      return "none";
    case OwnerConfidence::Acted:
      return "acted";
    case OwnerConfidence::LastUser:
      return "last_user";
    case OwnerConfidence::Listener:
      return "listener";
    case OwnerConfidence::Holder:
      return "holder";
  }
  return "";
}

std::string_view label(ObservedBy observed_by) {
  switch (observed_by) {
    case ObservedBy::Tracepoint:
      return "tracepoint";
    case ObservedBy::Evidence:
      return "evidence";
    case ObservedBy::Iterator:
      return "iterator";
    case ObservedBy::Exact:
      return "exact";
  }
  return "";
}

std::string_view label(LossPlace place) {
  switch (place) {
    case LossPlace::RingBuffer:
      return "ring_buffer";
    case LossPlace::Recursion:
      return "recursion";
    case LossPlace::Malformed:
      return "malformed";
    case LossPlace::Table:
      return "table";
    case LossPlace::Unseen:
      return "unseen";
    case LossPlace::Recording:
      return "recording";
  }
  return "";
}

namespace {

struct StuckRow {
  std::string_view label;
  std::string_view summary;
  std::string_view advice;
};

constexpr std::array<StuckRow, kStuckKindCount> kStuckRows = {{
    {"syn_sent", "Nobody answers our SYN.",
     "Look at the route, at firewalls that drop silently, and whether the peer is up."},
    {"half_open", "Our SYN+ACKs stay unanswered: handshakes begin and never finish.",
     "Many peers at once: a SYN flood (net.ipv4.tcp_syncookies). One network: its return route."},
    {"close_wait", "The peer has closed; the process does not close its end.",
     "A leak in the process: it does not read the end of the stream, or forgets close()."},
    {"close_wait_unaccepted", "The peer has closed before any process accepted the connection.",
     "The process does not call accept(): it hangs, or its loop is starved."},
    {"fin_wait1", "Our FIN, or data before it, is not acknowledged.",
     "The peer is gone or its window is shut; net.ipv4.tcp_orphan_retries bounds the wait."},
    {"fin_wait2", "The peer acknowledged our FIN and does not close its own end.",
     "Look at the peer for CLOSE_WAIT; close() instead of shutdown() starts tcp_fin_timeout."},
    {"closing", "Both ends sent their FIN; ours is not acknowledged.",
     "The peer is gone or packets are lost on the way to it."},
    {"last_ack", "The peer closed first; our FIN is not acknowledged.",
     "The peer is gone or packets are lost on the way to it."},
    {"other_end_gone", "The other end was on this host and is gone; this one does not know.",
     "It learns when it sends, or by keep-alive (SO_KEEPALIVE); its process may wait for ever."},
}};

const StuckRow& row(StuckKind kind) {
  return kStuckRows[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string_view label(Direction direction) {
  return direction == Direction::Sent ? "sent" : "received";
}

std::string_view label(SegmentReason reason) {
  switch (reason) {
    case SegmentReason::Control:
      return "control";
    case SegmentReason::Answers:
      return "answers";
    case SegmentReason::Follows:
      return "follows";
    case SegmentReason::BeyondFin:
      return "beyond_fin";
    case SegmentReason::Data:
      return "data";
    case SegmentReason::PureAck:
      return "pure_ack";
  }
  return "";
}

std::string_view label(StuckKind kind) {
  return row(kind).label;
}
std::string_view summary(StuckKind kind) {
  return row(kind).summary;
}
std::string_view advice(StuckKind kind) {
  return row(kind).advice;
}

}  // namespace tcptwin::tracker
