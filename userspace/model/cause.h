// SPDX-License-Identifier: MIT
// The causes: a stimulus as the user reads it. The labels are a contract (docs/
// causes-and-divergences.md, JSON, metrics); they are those of linux-tcp-fsm section 6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/stimulus.h"

namespace tcptwin::model {

enum class Cause : std::uint8_t {
  // Opening.
  PassiveOpen,
  ActiveOpen,
  RepairOpen,
  TfoDeferredOpen,
  SynReceived,
  SynackAccepted,
  RepairEstablished,
  SimultaneousOpen,
  ChildCreated,
  ChildFromRequest,
  ChildFromTfo,
  ChildFromSyncookie,
  HandshakeAckAccepted,
  // Closing in order.
  LocalClose,
  LocalShutdown,
  LocalCloseAfterFin,
  CloseAfterShutdown,
  CloseInSynReceived,
  CloseInSynSent,
  FinReceived,
  FinReceivedBeforeAck,
  FinInSynReceived,
  FinAcked,
  LastAckReceived,
  ListenerClosed,
  // TIME_WAIT and the minisockets.
  TimeWaitEntered,
  TimeWaitExpired,
  TimeWaitSkipped,
  TimeWaitReopenedBySyn,
  TimeWaitReusedByConnect,
  TimeWaitAssassinated,
  OrphanFinWait2Handover,
  OrphanFinWait2Dropped,
  FinWait2Timeout,
  MinisockResetPeer,
  MinisockKilled,
  // Ended by a segment or the network.
  RstReceived,
  DataAfterClose,
  IcmpError,
  // Ended by a timer.
  HandshakeTimeout,
  RetransmissionTimeout,
  UserTimeout,
  ZeroWindowTimeout,
  KeepaliveTimeout,
  // Ended by this host.
  CloseUnreadAbort,
  Linger0Abort,
  Linger2Abort,
  Disconnect,
  RepairClose,
  AdminAbort,
  ListenerAborted,
  ListenerClosedChild,
  ListenFailed,
  ConnectFailedLocal,
  ChildSetupFailed,
  OrphanResourceAbort,
  // Request sockets.
  RequestTimeout,
  RequestDropped,
  RequestResetBadSyn,
  AcceptOverflowReset,
  // Nothing known.
  Unexplained,
  Resynchronised,
};
inline constexpr std::size_t kCauseCount = static_cast<std::size_t>(Cause::Resynchronised) + 1;

constexpr std::size_t index(Cause cause) {
  return static_cast<std::size_t>(cause);
}

struct CauseRow {
  Cause cause;
  std::string_view label;    // "fin_received"
  Stimulus stimulus;         // what the reference is asked about
  std::string_view summary;  // one sentence: what happened
  std::string_view look_at;  // one sentence: what it usually means, or what to look at
};

// All rows, in the order of Cause.
const std::array<CauseRow, kCauseCount>& cause_table();
const CauseRow& row(Cause cause);
std::string_view label(Cause cause);
Stimulus stimulus_of(Cause cause);
std::optional<Cause> parse_cause(std::string_view label);

}  // namespace tcptwin::model
