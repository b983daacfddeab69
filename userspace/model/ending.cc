// SPDX-License-Identifier: MIT
#include "model/ending.h"

#include <array>

namespace tcptwin::model {
namespace {

constexpr std::array<std::string_view, kEndedByCount> kByLabels = {"unknown", "local",  "remote",
                                                                   "both",    "kernel", "admin"};
constexpr std::array<std::string_view, kEndedHowCount> kHowLabels = {
    "unknown", "fin", "rst_sent", "rst_received", "refused", "unreachable", "timeout", "silent"};

bool is_from_peer(Cause first_fin) {
  return first_fin == Cause::FinReceived || first_fin == Cause::FinInSynReceived;
}

// Both FINs were exchanged. Without the history the state tells who was first.
Ending orderly(MirrorState from, Cause last, const FinsSeen& fins) {
  const bool crossed = fins.crossed || from.state == State::Closing;
  if (crossed) return {EndedBy::Both, EndedHow::Fin, Cause::FinReceivedBeforeAck};
  if (fins.first) {
    const EndedBy by = is_from_peer(*fins.first) ? EndedBy::Remote : EndedBy::Local;
    return {by, EndedHow::Fin, *fins.first};
  }
  return {from.state == State::LastAck ? EndedBy::Remote : EndedBy::Local, EndedHow::Fin, last};
}

// tcp_disconnect() and tcp_abort() send a RST only where the peer has a connection to forget
// (tcp_need_reset); the former also where our FIN has not been sent.
EndedHow reset_or_silence(State from, bool has_unsent = false) {
  switch (from) {
    case State::SynReceived:
    case State::Established:
    case State::FinWait1:
    case State::FinWait2:
    case State::CloseWait:
      return EndedHow::ResetSent;
    case State::Closing:
    case State::LastAck:
      return has_unsent ? EndedHow::ResetSent : EndedHow::Silent;
    default:
      return EndedHow::Silent;
  }
}

}  // namespace

Ending ending_of(MirrorState from, Cause last, const FinsSeen& fins, bool has_unsent) {
  switch (last) {
    case Cause::TimeWaitEntered:
    case Cause::TimeWaitSkipped:
    case Cause::LastAckReceived:
      return orderly(from, last, fins);
    case Cause::RstReceived:
      return {EndedBy::Remote,
              from.state == State::SynSent ? EndedHow::Refused : EndedHow::ResetReceived, last};
    case Cause::IcmpError:
      return {EndedBy::Remote, EndedHow::Unreachable, last};
    case Cause::HandshakeTimeout:
    case Cause::RetransmissionTimeout:
    case Cause::UserTimeout:
    case Cause::ZeroWindowTimeout:
    case Cause::KeepaliveTimeout:
    case Cause::FinWait2Timeout:
    case Cause::RequestTimeout:
      return {EndedBy::Kernel, EndedHow::Timeout, last};
    case Cause::CloseUnreadAbort:
    case Cause::DataAfterClose:
    case Cause::MinisockResetPeer:
    case Cause::ListenerClosedChild:
    case Cause::Linger2Abort:
      return {EndedBy::Local, EndedHow::ResetSent, last};
    case Cause::Linger0Abort:
    case Cause::Disconnect:
      return {EndedBy::Local, reset_or_silence(from.state, has_unsent), last};
    case Cause::CloseInSynSent:
    case Cause::CloseAfterShutdown:
      return {EndedBy::Local, EndedHow::Silent, last};
    case Cause::AdminAbort:
    case Cause::ListenerAborted:
      return {EndedBy::Administrator, reset_or_silence(from.state), last};
    case Cause::RepairClose:
    case Cause::MinisockKilled:
      return {EndedBy::Administrator, EndedHow::Silent, last};
    case Cause::OrphanResourceAbort:
    case Cause::RequestResetBadSyn:
    case Cause::AcceptOverflowReset:
      return {EndedBy::Kernel, EndedHow::ResetSent, last};
    case Cause::ConnectFailedLocal:
    case Cause::ChildSetupFailed:
    case Cause::OrphanFinWait2Dropped:
      return {EndedBy::Kernel, EndedHow::Silent, last};
    default:
      // A lost event, a dropped request (RST, administrator or listener: T0 cannot tell), or
      // nothing that explains it.
      return {EndedBy::Unknown, EndedHow::Unknown, last};
  }
}

std::string_view label(EndedBy by) {
  return kByLabels[static_cast<std::size_t>(by)];
}

std::string_view label(EndedHow how) {
  return kHowLabels[static_cast<std::size_t>(how)];
}

std::optional<EndedBy> parse_ended_by(std::string_view text) {
  for (std::size_t i = 0; i < kByLabels.size(); ++i) {
    if (kByLabels[i] == text) return static_cast<EndedBy>(i);
  }
  return std::nullopt;
}

std::optional<EndedHow> parse_ended_how(std::string_view text) {
  for (std::size_t i = 0; i < kHowLabels.size(); ++i) {
    if (kHowLabels[i] == text) return static_cast<EndedHow>(i);
  }
  return std::nullopt;
}

std::string_view phrase(const Ending& ending) {
  switch (ending.how) {
    case EndedHow::Fin:
      if (ending.by == EndedBy::Both) return "closed by both at once";
      return ending.by == EndedBy::Remote ? "closed by the peer" : "closed here";
    case EndedHow::ResetSent:
      if (ending.by == EndedBy::Administrator) return "killed by an admin";
      return ending.by == EndedBy::Kernel ? "reset by the kernel" : "reset from here";
    case EndedHow::ResetReceived:
      return "reset by the peer";
    case EndedHow::Refused:
      return "refused by the peer";
    case EndedHow::Unreachable:
      return "peer unreachable";
    case EndedHow::Timeout:
      return "timed out";
    case EndedHow::Silent:
      if (ending.by == EndedBy::Administrator) return "taken down by an admin";
      return ending.by == EndedBy::Kernel ? "failed in the kernel" : "given up here";
    case EndedHow::Unknown:
      break;
  }
  return "end not seen";
}

}  // namespace tcptwin::model
