// SPDX-License-Identifier: MIT
// The reference: RFC 9293's state machine (3.3.2 figure 5 and the event processing of 3.10) as
// data. One row per arrow, with its section and its reason; one row per rule that keeps the state.
// transition_proofs.h proves that the table is deterministic and complete.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/state.h"
#include "model/stimulus.h"

namespace tcptwin::model {

// How the connection was opened: RFC 9293 treats SYN-RECEIVED differently (figure 5, note 1).
enum class Origin : std::uint8_t { Any, Passive, Active };

struct TransitionRow {
  State from;
  Stimulus stimulus;
  State to;
  std::string_view section;
  std::string_view reason;
  Origin origin = Origin::Any;
};

struct StayRow {
  StateSet from;
  Stimulus stimulus;
  std::string_view section;
  std::string_view reason;
  Origin origin = Origin::Any;
};

namespace rows {

using enum State;
using S = Stimulus;

// clang-format off
inline constexpr std::array kArrows = {
    // CLOSED
    TransitionRow{Closed, S::PassiveOpen, Listen, "RFC 9293 3.10.1", "a TCB is made and waits for a SYN"},
    TransitionRow{Closed, S::ActiveOpen, SynSent, "RFC 9293 3.10.1", "an ISS is chosen and a SYN sent"},

    // LISTEN
    TransitionRow{Listen, S::ActiveOpen, SynSent, "RFC 9293 3.10.1", "the passive OPEN turns active once the remote is given"},
    TransitionRow{Listen, S::Send, SynSent, "RFC 9293 3.10.2", "data for a given remote opens actively"},
    TransitionRow{Listen, S::Close, Closed, "RFC 9293 3.10.4", "no connection yet: the TCB is deleted"},
    TransitionRow{Listen, S::Abort, Closed, "RFC 9293 3.10.5", "no connection yet: the TCB is deleted"},
    TransitionRow{Listen, S::Syn, SynReceived, "RFC 9293 3.10.7.2", "a SYN is answered with SYN+ACK"},

    // SYN-SENT
    TransitionRow{SynSent, S::Close, Closed, "RFC 9293 3.10.4", "nothing is agreed yet: the TCB is deleted, nothing sent"},
    TransitionRow{SynSent, S::Abort, Closed, "RFC 9293 3.10.5", "nothing is agreed yet: the TCB is deleted, nothing sent"},
    TransitionRow{SynSent, S::Rst, Closed, "RFC 9293 3.10.7.3", "a RST that acknowledges our SYN refuses the connection"},
    TransitionRow{SynSent, S::SynAck, Established, "RFC 9293 3.10.7.3", "our SYN is acknowledged and the peer's is here"},
    TransitionRow{SynSent, S::Syn, SynReceived, "RFC 9293 3.10.7.3", "the SYNs cross: simultaneous open (figure 7)"},
    TransitionRow{SynSent, S::UserTimeout, Closed, "RFC 9293 3.10.8", "the SYN stayed unanswered for R2 (3.8.3)"},
    TransitionRow{SynSent, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // SYN-RECEIVED
    TransitionRow{SynReceived, S::Close, FinWait1, "RFC 9293 3.10.4", "nothing is queued: a FIN is sent at once"},
    TransitionRow{SynReceived, S::Abort, Closed, "RFC 9293 3.10.5", "a RST tells the peer"},
    TransitionRow{SynReceived, S::Rst, Listen, "RFC 9293 3.10.7.4", "figure 5 note 1: a passive open waits again, the user is not told", Origin::Passive},
    TransitionRow{SynReceived, S::Rst, Closed, "RFC 9293 3.10.7.4", "an active open was refused", Origin::Active},
    TransitionRow{SynReceived, S::Syn, Listen, "RFC 9293 3.10.7.4", "a passive open starts over with the newer SYN", Origin::Passive},
    TransitionRow{SynReceived, S::Ack, Established, "RFC 9293 3.10.7.4", "our SYN is acknowledged: the third segment of the handshake"},
    TransitionRow{SynReceived, S::SynAck, Established, "RFC 9293 3.5", "figure 7: simultaneous open is finished by the peer's SYN+ACK"},
    TransitionRow{SynReceived, S::Fin, CloseWait, "RFC 9293 3.10.7.4", "the peer closes right after opening"},
    TransitionRow{SynReceived, S::UserTimeout, Closed, "RFC 9293 3.10.8", "the SYN+ACK stayed unanswered for R2 (3.8.3)"},
    TransitionRow{SynReceived, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // ESTABLISHED
    TransitionRow{Established, S::Close, FinWait1, "RFC 9293 3.10.4", "a FIN follows the data that is still queued"},
    TransitionRow{Established, S::Abort, Closed, "RFC 9293 3.10.5", "a RST tells the peer"},
    TransitionRow{Established, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer aborted: connection reset"},
    TransitionRow{Established, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{Established, S::Fin, CloseWait, "RFC 9293 3.10.7.4", "the peer has nothing more to send"},
    TransitionRow{Established, S::UserTimeout, Closed, "RFC 9293 3.10.8", "data stayed unacknowledged for R2 (3.8.3)"},
    TransitionRow{Established, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // FIN-WAIT-1
    TransitionRow{FinWait1, S::Abort, Closed, "RFC 9293 3.10.5", "a RST tells the peer"},
    TransitionRow{FinWait1, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer aborted: connection reset"},
    TransitionRow{FinWait1, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{FinWait1, S::AckOfFin, FinWait2, "RFC 9293 3.10.7.4", "our direction is closed; the peer may still send"},
    TransitionRow{FinWait1, S::TextAfterClose, Closed, "RFC 9293 3.6.1", "data nobody can read any more SHOULD be answered with RST (SHLD-3)"},
    TransitionRow{FinWait1, S::Fin, TimeWait, "RFC 9293 3.10.7.4", "figure 5 note 2: one segment acknowledges our FIN and brings the peer's"},
    TransitionRow{FinWait1, S::FinBeforeAckOfFin, Closing, "RFC 9293 3.10.7.4", "the FINs crossed: simultaneous close (figure 13)"},
    TransitionRow{FinWait1, S::UserTimeout, Closed, "RFC 9293 3.10.8", "our FIN stayed unacknowledged for R2 (3.8.3)"},
    TransitionRow{FinWait1, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // FIN-WAIT-2
    TransitionRow{FinWait2, S::Abort, Closed, "RFC 9293 3.10.5", "a RST tells the peer"},
    TransitionRow{FinWait2, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer aborted: connection reset"},
    TransitionRow{FinWait2, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{FinWait2, S::TextAfterClose, Closed, "RFC 9293 3.6.1", "data nobody can read any more SHOULD be answered with RST (SHLD-3)"},
    TransitionRow{FinWait2, S::Fin, TimeWait, "RFC 9293 3.10.7.4", "both directions are closed; old segments must die out (MUST-13)"},
    TransitionRow{FinWait2, S::UserTimeout, Closed, "RFC 9293 3.10.8", "the user's limit is reached"},
    TransitionRow{FinWait2, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // CLOSE-WAIT
    TransitionRow{CloseWait, S::Close, LastAck, "RFC 9293 3.10.4", "a FIN follows the data that is still queued"},
    TransitionRow{CloseWait, S::Abort, Closed, "RFC 9293 3.10.5", "a RST tells the peer"},
    TransitionRow{CloseWait, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer aborted: connection reset"},
    TransitionRow{CloseWait, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{CloseWait, S::UserTimeout, Closed, "RFC 9293 3.10.8", "data stayed unacknowledged for R2 (3.8.3)"},
    TransitionRow{CloseWait, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // CLOSING
    TransitionRow{Closing, S::Abort, Closed, "RFC 9293 3.10.5", "both sides have closed: the TCB is deleted without a RST"},
    TransitionRow{Closing, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer's TCB is gone"},
    TransitionRow{Closing, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{Closing, S::AckOfFin, TimeWait, "RFC 9293 3.10.7.4", "both FINs are acknowledged"},
    TransitionRow{Closing, S::UserTimeout, Closed, "RFC 9293 3.10.8", "our FIN stayed unacknowledged for R2 (3.8.3)"},
    TransitionRow{Closing, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // LAST-ACK
    TransitionRow{LastAck, S::Abort, Closed, "RFC 9293 3.10.5", "both sides have closed: the TCB is deleted without a RST"},
    TransitionRow{LastAck, S::Rst, Closed, "RFC 9293 3.10.7.4", "the peer's TCB is gone"},
    TransitionRow{LastAck, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{LastAck, S::AckOfFin, Closed, "RFC 9293 3.10.7.4", "the last ACK: both sides know that both are done"},
    TransitionRow{LastAck, S::UserTimeout, Closed, "RFC 9293 3.10.8", "our FIN stayed unacknowledged for R2 (3.8.3)"},
    TransitionRow{LastAck, S::IcmpHardError, Closed, "RFC 9293 3.9.2.2", "hard ICMP errors SHOULD abort (SHLD-26)"},

    // TIME-WAIT
    TransitionRow{TimeWait, S::Abort, Closed, "RFC 9293 3.10.5", "the TCB is deleted without a RST"},
    TransitionRow{TimeWait, S::Rst, Closed, "RFC 9293 3.10.7.4", "the TCB is deleted (RFC 1337 advises to ignore the RST)"},
    TransitionRow{TimeWait, S::SecurityMismatch, Closed, "RFC 9293 3.10.7.4", "another security level: a RST is sent"},
    TransitionRow{TimeWait, S::SynOfNewIncarnation, SynReceived, "RFC 9293 3.6.1", "a SYN that cannot be an old duplicate may reopen (MAY-2, RFC 6191)"},
    TransitionRow{TimeWait, S::TimeWaitTimeout, Closed, "RFC 9293 3.10.8", "2MSL are over: no segment of this connection can be alive"},
};

// States in which a segment is checked by 3.10.7.4.
inline constexpr StateSet kSynchronized{Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait};
inline constexpr StateSet kAll{Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait};

inline constexpr std::array kStays = {
    // User calls.
    StayRow{StateSet{Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait}, S::PassiveOpen, "RFC 9293 3.10.1", "error: connection already exists"},
    StayRow{StateSet{SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait}, S::ActiveOpen, "RFC 9293 3.10.1", "error: connection already exists"},
    StayRow{StateSet{Closed}, S::Send, "RFC 9293 3.10.2", "error: connection does not exist"},
    StayRow{StateSet{SynSent, SynReceived}, S::Send, "RFC 9293 3.10.2", "the data is queued until the connection is established"},
    StayRow{StateSet{Established, CloseWait}, S::Send, "RFC 9293 3.10.2", "the data is sent"},
    StayRow{StateSet{FinWait1, FinWait2, Closing, LastAck, TimeWait}, S::Send, "RFC 9293 3.10.2", "error: connection closing"},
    StayRow{kAll, S::Receive, "RFC 9293 3.10.3", "RECEIVE never changes a state"},
    StayRow{kAll, S::Status, "RFC 9293 3.10.6", "STATUS never changes a state"},
    StayRow{StateSet{Closed}, S::Close, "RFC 9293 3.10.4", "error: connection does not exist"},
    StayRow{StateSet{FinWait1, FinWait2}, S::Close, "RFC 9293 3.10.4", "error or ok, but no second FIN"},
    StayRow{StateSet{Closing, LastAck, TimeWait}, S::Close, "RFC 9293 3.10.4", "error: connection closing"},
    StayRow{StateSet{Closed}, S::Abort, "RFC 9293 3.10.5", "error: connection does not exist"},

    // Segments that fail a check.
    StayRow{kAll, S::UnacceptableSegment, "RFC 9293 3.10.7.4", "dropped; answered with an ACK unless it is a RST"},
    StayRow{kAll, S::UnacceptableAck, "RFC 9293 3.10.7", "dropped; answered with RST before, with ACK after synchronization"},
    StayRow{kAll, S::InexactRst, "RFC 9293 3.10.7.4", "RFC 5961: not at RCV.NXT, answered with a challenge ACK"},
    StayRow{StateSet{Closed, Listen}, S::Rst, "RFC 9293 3.10.7.1", "discarded"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived}, S::SecurityMismatch, "RFC 9293 3.10.7.3", "a RST is sent, the state stays"},

    // SYNs.
    StayRow{StateSet{Closed}, S::Syn, "RFC 9293 3.10.7.1", "answered with RST"},
    StayRow{StateSet{SynReceived}, S::Syn, "RFC 9293 3.10.7.4", "RFC 5961: answered with a challenge ACK", Origin::Active},
    StayRow{kSynchronized, S::Syn, "RFC 9293 3.10.7.4", "RFC 5961: answered with a challenge ACK"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck}, S::SynOfNewIncarnation, "RFC 9293 3.6.1", "only TIME-WAIT can be reopened"},
    StayRow{StateSet{Closed, Listen}, S::SynAck, "RFC 9293 3.10.7", "it acknowledges what was never sent: answered with RST"},
    StayRow{kSynchronized, S::SynAck, "RFC 9293 3.10.7.4", "RFC 5961: answered with a challenge ACK"},

    // ACKs and data.
    StayRow{StateSet{Closed, Listen}, S::Ack, "RFC 9293 3.10.7", "answered with RST"},
    StayRow{StateSet{SynSent}, S::Ack, "RFC 9293 3.10.7.3", "neither SYN nor RST: dropped"},
    StayRow{kSynchronized, S::Ack, "RFC 9293 3.10.7.4", "SND.UNA and the window move, the state does not"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived, Established, CloseWait}, S::AckOfFin, "RFC 9293 3.10.7.4", "cannot occur: no FIN of ours is outstanding"},
    StayRow{StateSet{FinWait2, TimeWait}, S::AckOfFin, "RFC 9293 3.10.7.4", "our FIN is acknowledged already"},
    StayRow{StateSet{Closed, Listen}, S::Text, "RFC 9293 3.10.7", "answered with RST if it carries an ACK, else dropped"},
    StayRow{StateSet{SynSent}, S::Text, "RFC 9293 3.10.7.3", "neither SYN nor RST: dropped"},
    StayRow{StateSet{SynReceived}, S::Text, "RFC 9293 3.10.7.2", "queued until the connection is established"},
    StayRow{StateSet{Established, FinWait1, FinWait2}, S::Text, "RFC 9293 3.10.7.4", "delivered and acknowledged"},
    StayRow{StateSet{CloseWait, Closing, LastAck, TimeWait}, S::Text, "RFC 9293 3.10.7.4", "must not occur after the peer's FIN: ignored"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived, Established}, S::TextAfterClose, "RFC 9293 3.6.1", "cannot occur: the user has not closed"},
    StayRow{StateSet{CloseWait, Closing, LastAck, TimeWait}, S::TextAfterClose, "RFC 9293 3.10.7.4", "must not occur after the peer's FIN: ignored"},

    // FINs.
    StayRow{StateSet{Closed, Listen, SynSent}, S::Fin, "RFC 9293 3.10.7.4", "not processed: SEG.SEQ cannot be validated"},
    StayRow{StateSet{CloseWait, Closing, LastAck}, S::Fin, "RFC 9293 3.10.7.4", "a retransmitted FIN: acknowledged, the state stays"},
    StayRow{StateSet{TimeWait}, S::Fin, "RFC 9293 3.10.7.4", "a retransmitted FIN: acknowledged, 2MSL start again"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait2, CloseWait, TimeWait}, S::FinBeforeAckOfFin, "RFC 9293 3.10.7.4", "cannot occur: no FIN of ours is outstanding"},
    StayRow{StateSet{Closing, LastAck}, S::FinBeforeAckOfFin, "RFC 9293 3.10.7.4", "a retransmitted FIN: acknowledged, the state stays"},

    // ICMP.
    StayRow{kAll, S::IcmpSoftError, "RFC 9293 3.9.2.2", "soft errors MUST NOT abort (MUST-56)"},
    StayRow{StateSet{Closed, Listen, TimeWait}, S::IcmpHardError, "RFC 9293 3.9.2.2", "no connection to abort"},

    // Time-outs.
    StayRow{StateSet{Closed, Listen, TimeWait}, S::UserTimeout, "RFC 9293 3.10.8", "nothing is outstanding"},
    StayRow{kAll, S::RetransmissionTimeout, "RFC 9293 3.10.8", "the oldest segment is sent again"},
    StayRow{StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck}, S::TimeWaitTimeout, "RFC 9293 3.10.8", "cannot occur: the timer runs in TIME-WAIT only"},
};
// clang-format on

}  // namespace rows

using rows::kArrows;
using rows::kStays;

constexpr bool matches(Origin row, Origin connection) {
  return row == Origin::Any || row == connection;
}
constexpr bool applies(const TransitionRow& row, State from, Stimulus stimulus, Origin origin) {
  return row.from == from && row.stimulus == stimulus && matches(row.origin, origin);
}
constexpr bool applies(const StayRow& row, State from, Stimulus stimulus, Origin origin) {
  return row.from.contains(from) && row.stimulus == stimulus && matches(row.origin, origin);
}

// A table that can stand in the reference's place: the lab runs variants of it, with a row changed
// or taken away.
struct Table {
  std::span<const TransitionRow> arrows;
  std::span<const StayRow> stays;
};
inline constexpr Table kReference{kArrows, kStays};

struct Prediction {
  State to;
  std::string_view section;
  std::string_view reason;
};

// The table's answer; nullopt if it has none. A state that stays is an answer.
constexpr std::optional<Prediction> predict(const Table& table, State from, Stimulus stimulus,
                                            Origin origin) {
  for (const TransitionRow& row : table.arrows) {
    if (applies(row, from, stimulus, origin)) return Prediction{row.to, row.section, row.reason};
  }
  for (const StayRow& row : table.stays) {
    if (applies(row, from, stimulus, origin)) return Prediction{from, row.section, row.reason};
  }
  return std::nullopt;
}

}  // namespace tcptwin::model
