// SPDX-License-Identifier: MIT
// What can happen to a connection: the events of RFC 9293 3.10 (user calls, segments, time-outs)
// and, apart from them, the events that only Linux knows. Every stimulus is named by what the
// receiver found out about it, so that a table row needs no further condition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcptwin::model {

enum class Stimulus : std::uint8_t {
  // User calls, RFC 9293 3.10.1 to 3.10.6. RECEIVE and STATUS never change a state.
  PassiveOpen,
  ActiveOpen,
  Send,
  Receive,
  Close,
  Abort,
  Status,
  // Segments, 3.10.7. The first three failed a check and can change nothing.
  UnacceptableSegment,  // 3.10.7.4 first: SEQ outside the window
  UnacceptableAck,      // acknowledges what was never sent, or too old
  InexactRst,           // RFC 5961: RST in the window, but not at RCV.NXT
  Rst,                  // a valid RST
  SecurityMismatch,     // 3.10.7.4 third
  Syn,                  // SYN without ACK
  SynOfNewIncarnation,  // SYN that may reopen TIME-WAIT (RFC 6191: newer timestamp or sequence)
  SynAck,               // SYN that acknowledges our SYN
  Ack,                  // acceptable ACK; our FIN, if sent, is not acknowledged by it
  AckOfFin,             // acknowledges our FIN
  Text,                 // data for a receiver that is still there
  TextAfterClose,       // data although the user has closed: 3.6.1, SHLD-3
  Fin,                  // in-order FIN; our FIN, if sent, is acknowledged by now
  FinBeforeAckOfFin,    // in-order FIN while our own FIN is not yet acknowledged
  // ICMP, 3.9.2.2.
  IcmpSoftError,
  IcmpHardError,
  // Time-outs, 3.10.8.
  UserTimeout,            // also R2 of 3.8.3: retransmission, probe or handshake given up
  RetransmissionTimeout,  // one interval: retransmit
  TimeWaitTimeout,        // 2MSL
  // Only in Linux: no row of the reference can explain these, a dialect row must.
  SocketCloned,         // a child socket is made for a finished handshake
  RepairCall,           // TCP_REPAIR: state is set by hand
  DeferredOpen,         // TCP_FASTOPEN_CONNECT: connect() returns before a SYN is sent
  LocalOpenFailure,     // connect() or listen() gave up before any segment
  Disconnect,           // connect(AF_UNSPEC), shutdown() where the RFC has no such call
  AdministrativeAbort,  // ss -K, bpf_sock_destroy: a third party
  ListenerGone,         // the listening socket took its unaccepted children along
  ResourceLimit,        // orphan or memory limit
  KeepaliveTimeout,     // RFC 9293 3.8.4 defines no state edge for it
  FinWait2Timeout,      // the RFC has none
  Handover,             // an orphan's FIN_WAIT2 moves into a minisocket
  PortReused,           // connect() took over the 4-tuple of a TIME_WAIT
  Nothing,              // no stimulus was found
};
inline constexpr std::size_t kStimulusCount = static_cast<std::size_t>(Stimulus::Nothing) + 1;
inline constexpr std::size_t kRfcStimulusCount = static_cast<std::size_t>(Stimulus::SocketCloned);

constexpr std::size_t index(Stimulus stimulus) {
  return static_cast<std::size_t>(stimulus);
}
constexpr bool is_rfc(Stimulus stimulus) {
  return index(stimulus) < kRfcStimulusCount;
}

// "CLOSE call", "RST", "2MSL time-out": as a sentence would name it.
std::string_view name(Stimulus stimulus);

}  // namespace tcptwin::model
