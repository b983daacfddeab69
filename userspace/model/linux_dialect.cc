// SPDX-License-Identifier: MIT
// The arrows of the dialect. The catalogue's texts are in dialect_catalogue.cc.
#include "model/linux_dialect.h"

#include <algorithm>
#include <array>

namespace tcptwin::model {
namespace {

using enum State;
using C = Cause;

constexpr MirrorState in_socket(State state) {
  return {state, Holder::Socket};
}
constexpr MirrorState in_minisocket(State state) {
  return {state, Holder::Minisocket};
}

constexpr StateSet kNotClosed{Listen,   SynSent,   SynReceived, Established, FinWait1,
                              FinWait2, CloseWait, Closing,     LastAck,     TimeWait};
constexpr StateSet kSynchronized{Established, FinWait1, FinWait2, CloseWait, Closing, LastAck};
constexpr MirrorState kGone = in_socket(Closed);

// clang-format off
constexpr std::array kRows = {
    // Opening.
    DialectRow{StateSet{Closed}, C::TfoDeferredOpen, in_socket(SynSent), dialect(15), "the SYN waits for the first write, to carry its data"},
    DialectRow{StateSet{Closed}, C::RepairOpen, in_socket(SynSent), dialect(45), "TCP_REPAIR connects without a SYN"},
    DialectRow{StateSet{SynSent}, C::RepairEstablished, in_socket(Established), dialect(45), "TCP_REPAIR sets the state by hand, no segment is exchanged"},
    DialectRow{StateSet{Listen, SynReceived}, C::ChildFromRequest, in_socket(SynReceived), dialect(12), "the third ACK turns the request socket into a socket of its own"},
    DialectRow{StateSet{Listen, SynReceived}, C::ChildCreated, in_socket(SynReceived), dialect(12), "a child socket is cloned from the listener"},
    DialectRow{StateSet{Listen}, C::ChildFromSyncookie, in_socket(SynReceived), dialect(13), "the handshake was kept in a SYN cookie, not in memory"},
    DialectRow{StateSet{Listen}, C::ChildFromTfo, in_socket(SynReceived), dialect(14), "fast open makes the child at the SYN already"},
    DialectRow{StateSet{SynSent}, C::ConnectFailedLocal, kGone, dialect(16), "connect() found no port or route after it had entered SYN_SENT"},
    DialectRow{StateSet{Listen}, C::ListenFailed, kGone, dialect(16), "listen() found the port taken after it had entered LISTEN"},
    DialectRow{StateSet{SynReceived}, C::ChildSetupFailed, kGone, dialect(12), "the freshly cloned child could not be set up"},
    DialectRow{StateSet{SynReceived}, C::RstReceived, kGone, dialect(19), "a RST closes the socket; Linux does not return to LISTEN"},
    DialectRow{StateSet{SynSent, SynReceived}, C::IcmpError, kGone, dialect(40), "any ICMP error ends a handshake at once"},
    DialectRow{StateSet{SynReceived}, C::RequestResetBadSyn, kGone, dialect(20), "another SYN in the window is answered with RST and drops the request"},
    DialectRow{StateSet{SynReceived}, C::AcceptOverflowReset, kGone, dialect(23), "tcp_abort_on_overflow: a full accept queue resets the peer"},

    // Closing.
    DialectRow{StateSet{SynReceived}, C::CloseInSynReceived, in_socket(FinWait1), dialect(14), "fast open lets close() proceed with data not yet acknowledged"},
    DialectRow{StateSet{CloseWait}, C::LocalCloseAfterFin, in_socket(LastAck), dialect(31), "the state changes when the FIN is queued, data before it is still unsent"},
    DialectRow{StateSet{FinWait1}, C::CloseAfterShutdown, in_socket(FinWait1), dialect(32), "close() after shutdown() sets the same state again"},
    DialectRow{StateSet{FinWait2}, C::CloseAfterShutdown, in_socket(FinWait2), dialect(32), "close() after shutdown() sets the same state again"},
    DialectRow{StateSet{Closing}, C::CloseAfterShutdown, in_socket(Closing), dialect(32), "close() after shutdown() sets the same state again"},
    DialectRow{StateSet{LastAck}, C::CloseAfterShutdown, in_socket(LastAck), dialect(32), "close() after shutdown() sets the same state again"},
    DialectRow{StateSet{CloseWait, Closing, LastAck}, C::DataAfterClose, kGone, dialect(28), "data nobody can read is reset in these states too"},
    DialectRow{StateSet{Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck}, C::Disconnect, kGone, dialect(30), "POSIX lets a socket be disconnected and used again"},
    DialectRow{StateSet{Closed}, C::ListenerAborted, kGone, dialect(53), "tcp_abort() of a listener reports CLOSE twice"},
    DialectRow{StateSet{SynReceived, Established, CloseWait}, C::ListenerClosedChild, kGone, dialect(25), "closing a listener resets the children nobody accepted"},
    DialectRow{kNotClosed, C::AdminAbort, kGone, dialect(46), "ss -K or bpf_sock_destroy ended it"},
    DialectRow{StateSet{SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck}, C::RepairClose, kGone, dialect(45), "TCP_REPAIR closes without any packet"},
    DialectRow{kSynchronized, C::KeepaliveTimeout, kGone, dialect(38), "unanswered keepalive probes end the connection with a RST"},
    DialectRow{kSynchronized, C::OrphanResourceAbort, kGone, dialect(35), "too many orphans, or too little memory: RST instead of an orderly end"},
    DialectRow{StateSet{FinWait2}, C::Linger2Abort, kGone, dialect(5), "TCP_LINGER2 below 0 gives up FIN_WAIT2 at once"},

    // TIME_WAIT and minisockets.
    DialectRow{StateSet{FinWait2}, C::OrphanFinWait2Handover, in_minisocket(FinWait2), dialect(3), "an orphan waits for the peer's FIN in a minisocket"},
    DialectRow{StateSet{FinWait2, Closing}, C::TimeWaitSkipped, kGone, dialect(7), "no minisocket was to be had: TIME_WAIT is left out"},
    DialectRow{StateSet{FinWait2}, C::OrphanFinWait2Dropped, kGone, dialect(7), "no minisocket was to be had: the orphan is forgotten"},
    DialectRow{StateSet{FinWait2}, C::FinWait2Timeout, kGone, dialect(4), "tcp_fin_timeout: Linux does not wait for the peer's FIN for ever"},
    DialectRow{StateSet{TimeWait}, C::TimeWaitReopenedBySyn, kGone, dialect(9), "a newer SYN takes the 4-tuple over"},
    DialectRow{StateSet{FinWait2, TimeWait}, C::TimeWaitReusedByConnect, kGone, dialect(8), "connect() takes the 4-tuple over"},
    DialectRow{StateSet{TimeWait}, C::TimeWaitAssassinated, kGone, dialect(10), "a RST ends TIME_WAIT (tcp_rfc1337=0)"},
    DialectRow{StateSet{FinWait2, TimeWait}, C::MinisockResetPeer, kGone, dialect(50), "data or a SYN for a minisocket is answered with RST"},
    DialectRow{StateSet{FinWait2, TimeWait}, C::MinisockKilled, kGone, dialect(46), "ss -K, a namespace that went away, or a RST before 6.11"},
};
// clang-format on

// Two rows for one (state, cause, id) would make the dialect ambiguous.
constexpr bool rows_are_unambiguous() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    for (std::size_t j = i + 1; j < kRows.size(); ++j) {
      if (kRows[i].cause != kRows[j].cause || kRows[i].id != kRows[j].id) continue;
      for (const State state : kAllStates) {
        if (kRows[i].from.contains(state) && kRows[j].from.contains(state)) return false;
      }
    }
  }
  return true;
}
static_assert(rows_are_unambiguous());
static_assert(std::ranges::none_of(kRows, [](const DialectRow& row) {
  return row.id == DialectId::None;
}));

}  // namespace

std::span<const DialectRow> dialect_rows() {
  return kRows;
}

const DialectRow* find_dialect_row(State from, Cause cause, DialectId id) {
  if (id == DialectId::None) return nullptr;  // no row has it: the reference explains it
  for (const DialectRow& row : kRows) {
    if (row.cause == cause && row.id == id && row.from.contains(from)) return &row;
  }
  return nullptr;
}

}  // namespace tcptwin::model
