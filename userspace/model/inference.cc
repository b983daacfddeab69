// SPDX-License-Identifier: MIT
#include "model/inference.h"

#include <array>

#include "model/predicates.h"

namespace tcptwin::model {
namespace {

using namespace predicates;
using enum State;
using S = Stimulus;
using C = Cause;
constexpr Confidence kA = Confidence::A;
constexpr Confidence kB = Confidence::B;
constexpr Confidence kC = Confidence::C;
constexpr DialectId kRfc = DialectId::None;
constexpr bool kAbsence = true;  // the rule relies on something that was not seen
using E = Evidence;

constexpr StateSet kSynchronized{Established, FinWait1, FinWait2, CloseWait, Closing, LastAck};
constexpr StateSet kClosing{FinWait1, FinWait2, Closing, LastAck};  // our FIN is queued or sent
constexpr StateSet kOpen{Established, CloseWait};                   // we may still send

// With both FINs exchanged tcp_disconnect() sends no RST and reports 0, as the error queue may.
constexpr Inference kQuietDisconnect{S::Disconnect, C::Disconnect, kC, dialect(30)};

// clang-format off
constexpr std::array kRules = {
    // CLOSED: which call opened it. The remote port is set by connect() before the state changes.
    InferenceRule{StateSet{Closed}, [](const E& e) { return e.just_stopped_listening && aborted_by_admin(e); }, {S::AdministrativeAbort, C::ListenerAborted, kA, dialect(53)}},
    InferenceRule{StateSet{Closed}, [](const E& e) { return e.remote_known && e.snapshot.repair; }, {S::RepairCall, C::RepairOpen, kA, dialect(45)}},
    InferenceRule{StateSet{Closed}, [](const E& e) { return e.remote_known && e.snapshot.fastopen_connect; }, {S::DeferredOpen, C::TfoDeferredOpen, kA, dialect(15)}},
    InferenceRule{StateSet{Closed}, [](const E& e) { return e.remote_known; }, {S::ActiveOpen, C::ActiveOpen, kA, kRfc}},
    InferenceRule{StateSet{Closed}, [](const E& e) { return !e.remote_known; }, {S::PassiveOpen, C::PassiveOpen, kA, kRfc}},

    // LISTEN: a child that inet_csk_clone_lock() makes carries the listener's state for a moment.
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.first_sight && !e.snapshot.has_socket && e.request_completed; }, {S::SocketCloned, C::ChildFromRequest, kB, dialect(12)}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.first_sight && !e.snapshot.has_socket && (e.snapshot.fastopen_child || e.snapshot.fastopen_request || e.snapshot.syn_data_acked || e.child_lingers); }, {S::SocketCloned, C::ChildFromTfo, kB, dialect(14)}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.first_sight && !e.snapshot.has_socket && e.settled && e.history_known; }, {S::SocketCloned, C::ChildFromSyncookie, kB, dialect(13), kAbsence}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.first_sight && !e.snapshot.has_socket; }, {S::SocketCloned, C::ChildCreated, kB, dialect(12)}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.both_shut_down(); }, {S::Close, C::ListenerClosed, kA, kRfc}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.listener_abort_follows; }, {S::AdministrativeAbort, C::AdminAbort, kB, dialect(46)}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.just_listened && !e.error_reported_after; }, {S::LocalOpenFailure, C::ListenFailed, kC, dialect(16), kAbsence}},
    InferenceRule{StateSet{Listen}, [](const E& e) { return e.snapshot.has_socket; }, {S::Disconnect, C::Disconnect, kB, dialect(30)}},

    // SYN_SENT. Both shutdown bits are set by close() only: shutdown() here is a disconnect.
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.both_shut_down() && e.snapshot.repair; }, {S::RepairCall, C::RepairClose, kA, dialect(45)}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.both_shut_down() && e.snapshot.linger_zero; }, {S::Abort, C::Linger0Abort, kA, kRfc}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.both_shut_down(); }, {S::Close, C::CloseInSynSent, kA, kRfc}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.snapshot.repair && e.snapshot.segs_in == 0 && e.all_acknowledged(); }, {S::RepairCall, C::RepairEstablished, kA, dialect(45)}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.reset_received; }, {S::Rst, C::RstReceived, kB, kRfc}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.snapshot.error == kConnectionAborted && fresh_handshake_error(e); }, {S::AdministrativeAbort, C::AdminAbort, kA, dialect(46)}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return fresh_handshake_error(e) && timed_out(e); }, {S::UserTimeout, C::HandshakeTimeout, kA, kRfc}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return fresh_handshake_error(e); }, {S::IcmpSoftError, C::IcmpError, kA, dialect(40)}},
    // With data in the SYN the SYN+ACK may leave data unacknowledged; RCV.NXT then tells.
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.snapshot.segs_in > 0 && (e.all_acknowledged() || e.receive_next_moved) && !disconnected(e); }, {S::SynAck, C::SynackAccepted, kA, kRfc}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.snapshot.segs_in == 0 && e.snapshot.segs_out == 0 && !disconnect_reported(e); }, {S::LocalOpenFailure, C::ConnectFailedLocal, kA, dialect(16)}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return disconnect_reported(e) || e.snapshot.segs_in == 0; }, {S::Disconnect, C::Disconnect, kC, dialect(30)}},
    InferenceRule{StateSet{SynSent}, [](const E& e) { return e.snapshot.segs_in > 0 && !e.all_acknowledged(); }, {S::Syn, C::SimultaneousOpen, kA, kRfc}},

    // SYN_RECV in a socket: a child for an instant, a fast-open child, or a simultaneous open.
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return fin_in_hand(e); }, {S::Fin, C::FinInSynReceived, kA, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.reset_received; }, {S::Rst, C::RstReceived, kB, dialect(19)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return aborted_by_admin(e); }, {S::AdministrativeAbort, C::AdminAbort, kA, dialect(46)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return fresh_error(e) && timed_out(e); }, {S::UserTimeout, C::HandshakeTimeout, kA, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return fresh_error(e); }, {S::IcmpSoftError, C::IcmpError, kA, dialect(40)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.snapshot.repair && e.both_shut_down(); }, {S::RepairCall, C::RepairClose, kA, dialect(45)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.snapshot.segs_in >= 2 && !e.snapshot.fastopen_request && (e.all_acknowledged() || e.snapshot.fastopen_child || e.snapshot.syn_data_acked); }, {S::Ack, C::HandshakeAckAccepted, kA, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return disconnected(e) && active_reset_after(e); }, {S::Disconnect, C::Disconnect, kB, dialect(30)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.both_shut_down() && active_reset_after(e) && unread(e); }, {S::Abort, C::CloseUnreadAbort, kB, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.both_shut_down() && active_reset_after(e) && e.snapshot.linger_zero; }, {S::Abort, C::Linger0Abort, kA, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.both_shut_down() && e.snapshot.write_seq.distance_from(e.snapshot.snd_una) > 1; }, {S::Close, C::CloseInSynReceived, kA, dialect(14)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return e.both_shut_down(); }, {S::Close, C::CloseInSynReceived, kA, kRfc}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return abandoned_child(e) && (active_reset_after(e) || e.snapshot.fastopen_request); }, {S::ListenerGone, C::ListenerClosedChild, kB, dialect(25)}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return abandoned_child(e) && e.snapshot.segs_in <= 1; }, {S::SocketCloned, C::ChildSetupFailed, kB, dialect(12), kAbsence}},
    InferenceRule{StateSet{SynReceived}, [](const E& e) { return active_reset_after(e) && e.snapshot.has_socket; }, {S::Disconnect, C::Disconnect, kB, dialect(30)}},

    // A FIN that arrives: SOCK_DONE is set in tcp_fin() just before the state leaves these two.
    InferenceRule{StateSet{Established}, [](const E& e) { return fin_in_hand(e); }, {S::Fin, C::FinReceived, kA, kRfc}},
    InferenceRule{StateSet{FinWait1}, [](const E& e) { return e.all_acknowledged(); }, {S::AckOfFin, C::FinAcked, kA, kRfc}},
    InferenceRule{StateSet{FinWait1}, [](const E& e) { return fin_in_hand(e); }, {S::FinBeforeAckOfFin, C::FinReceivedBeforeAck, kA, kRfc}},
    InferenceRule{StateSet{LastAck}, [](const E& e) { return e.all_acknowledged() && e.snapshot.done; }, {S::AckOfFin, C::LastAckReceived, kA, kRfc}},

    // A minisocket was started just before: tcp_time_wait().
    InferenceRule{StateSet{FinWait2}, [](const E& e) { return e.minisocket == MinisocketStarted::TimeWait && fin_in_hand(e) && e.all_acknowledged(); }, {S::Fin, C::TimeWaitEntered, kB, kRfc}},
    InferenceRule{StateSet{Closing}, [](const E& e) { return e.minisocket == MinisocketStarted::TimeWait && e.snapshot.done && e.all_acknowledged(); }, {S::AckOfFin, C::TimeWaitEntered, kB, kRfc}},
    InferenceRule{StateSet{FinWait2}, [](const E& e) { return e.minisocket == MinisocketStarted::FinWait2 && !e.snapshot.done && e.all_acknowledged(); }, {S::Handover, C::OrphanFinWait2Handover, kB, dialect(3)}},

    // Repair: close() without any packet.
    InferenceRule{kSynchronized, [](const E& e) { return e.snapshot.repair && e.both_shut_down(); }, {S::RepairCall, C::RepairClose, kA, dialect(45)}},

    // ESTABLISHED and CLOSE_WAIT with SEND_SHUTDOWN: close() or shutdown() is at work. An abort
    // sends its RST right after; without one it is the orderly close.
    InferenceRule{kOpen, [](const E& e) { return e.both_shut_down() && owned(e) && active_reset_after(e) && unread(e); }, {S::Abort, C::CloseUnreadAbort, kB, kRfc}},
    InferenceRule{kOpen, [](const E& e) { return e.both_shut_down() && owned(e) && active_reset_after(e) && e.snapshot.linger_zero; }, {S::Abort, C::Linger0Abort, kA, kRfc}},
    InferenceRule{StateSet{Established}, [](const E& e) { return e.both_shut_down(); }, {S::Close, C::LocalClose, kA, kRfc}},
    InferenceRule{StateSet{Established}, [](const E& e) { return e.snapshot.send_shutdown; }, {S::Close, C::LocalShutdown, kA, kRfc}},
    InferenceRule{StateSet{CloseWait}, [](const E& e) { return e.snapshot.send_shutdown && unsent(e); }, {S::Close, C::LocalCloseAfterFin, kA, dialect(31)}},
    InferenceRule{StateSet{CloseWait}, [](const E& e) { return e.snapshot.send_shutdown; }, {S::Close, C::LocalCloseAfterFin, kA, kRfc}},

    // Ended from outside. tcp_receive_reset alone proves no RST: data after close comes first.
    InferenceRule{StateSet{FinWait1, FinWait2}, [](const E& e) { return data_after_close(e); }, {S::TextAfterClose, C::DataAfterClose, kB, kRfc}},
    InferenceRule{StateSet{CloseWait, Closing, LastAck}, [](const E& e) { return data_after_close(e); }, {S::TextAfterClose, C::DataAfterClose, kB, dialect(28)}},
    InferenceRule{kSynchronized, [](const E& e) { return e.reset_received; }, {S::Rst, C::RstReceived, kB, kRfc}},
    InferenceRule{kSynchronized, [](const E& e) { return aborted_by_admin(e); }, {S::AdministrativeAbort, C::AdminAbort, kA, dialect(46)}},
    InferenceRule{kSynchronized, [](const E& e) { return keepalive_gave_up(e) && e.reset_sent_before == ResetSent::Active; }, {S::KeepaliveTimeout, C::KeepaliveTimeout, kB, dialect(38)}},
    InferenceRule{kSynchronized, [](const E& e) { return fresh_error(e) && probes_unanswered(e); }, {S::UserTimeout, C::ZeroWindowTimeout, kA, kRfc}},
    InferenceRule{kSynchronized, [](const E& e) { return fresh_error(e) && e.snapshot.retransmits > 0 && e.snapshot.user_timeout; }, {S::UserTimeout, C::UserTimeout, kC, kRfc}},
    InferenceRule{kSynchronized, [](const E& e) { return fresh_error(e) && e.snapshot.retransmits > 0; }, {S::UserTimeout, C::RetransmissionTimeout, kA, kRfc}},
    InferenceRule{kSynchronized, [](const E& e) { return keepalive_gave_up(e) && timed_out(e); }, {S::KeepaliveTimeout, C::KeepaliveTimeout, kC, dialect(38)}},
    InferenceRule{kSynchronized, [](const E& e) { return fresh_error(e) && timed_out(e) && !e.all_acknowledged(); }, {S::UserTimeout, C::RetransmissionTimeout, kC, kRfc}},

    // TIME_WAIT that was due and has no minisocket.
    InferenceRule{StateSet{FinWait2, Closing}, [](const E& e) { return e.snapshot.done && e.all_acknowledged() && no_reset_after(e) && e.minisocket == MinisocketStarted::None; }, {S::ResourceLimit, C::TimeWaitSkipped, kB, dialect(7), kAbsence}},

    // Orphans: the RST that tcp_rcv_state_process() sends for late data, or a limit.
    InferenceRule{StateSet{FinWait2}, [](const E& e) { return e.snapshot.dead && e.snapshot.linger2_negative && !no_reset_after(e); }, {S::FinWait2Timeout, C::Linger2Abort, kB, dialect(5)}},
    InferenceRule{StateSet{FinWait2}, [](const E& e) { return e.snapshot.dead && reset_answers_segment(e); }, {S::TextAfterClose, C::DataAfterClose, kB, kRfc}},
    InferenceRule{kClosing, [](const E& e) { return e.snapshot.dead && e.reset_sent_before == ResetSent::Active; }, {S::ResourceLimit, C::OrphanResourceAbort, kB, dialect(35)}},
    InferenceRule{kClosing, [](const E& e) { return e.snapshot.dead && active_reset_after(e); }, {S::ResourceLimit, C::OrphanResourceAbort, kB, dialect(35)}},
    InferenceRule{StateSet{FinWait2}, [](const E& e) { return e.snapshot.dead && e.all_acknowledged() && e.snapshot.error == 0; }, {S::FinWait2Timeout, C::OrphanFinWait2Dropped, kC, dialect(7), kAbsence}},
    // A namespace that is being removed cannot send the RST any more (tcp_out_of_resources).
    InferenceRule{StateSet{FinWait1, Closing, LastAck}, [](const E& e) { return e.snapshot.dead && e.snapshot.error == 0 && e.destroyed_after && e.settled; }, {S::ResourceLimit, C::OrphanResourceAbort, kC, dialect(35), kAbsence}},

    // This host's own calls in a connection whose FIN is already queued.
    InferenceRule{kClosing, [](const E& e) { return disconnected(e); }, {S::Disconnect, C::Disconnect, kB, dialect(30)}},
    InferenceRule{kClosing, [](const E& e) { return e.both_shut_down() && owned(e) && active_reset_after(e) && unread(e); }, {S::Abort, C::CloseUnreadAbort, kB, kRfc}},
    InferenceRule{kClosing, [](const E& e) { return e.both_shut_down() && owned(e) && e.snapshot.linger_zero && !unread(e); }, {S::Abort, C::Linger0Abort, kA, kRfc}},
    InferenceRule{StateSet{Closing, LastAck}, [](const E& e) { return e.both_shut_down() && owned(e) && no_reset_after(e) && e.error_reported_after && e.context != Context::Softirq; }, {S::Close, C::CloseAfterShutdown, kC, dialect(32), !kAbsence, &kQuietDisconnect}},
    InferenceRule{kClosing, [](const E& e) { return e.both_shut_down() && owned(e) && no_reset_after(e) && e.context != Context::Softirq; }, {S::Close, C::CloseAfterShutdown, kA, dialect(32)}},

    // The listener is gone, or the user took the connection down without closing the socket.
    InferenceRule{kOpen, [](const E& e) { return abandoned_child(e); }, {S::ListenerGone, C::ListenerClosedChild, kB, dialect(25)}},
    InferenceRule{kSynchronized, [](const E& e) { return owned(e) && e.snapshot.has_socket && active_reset_after(e); }, {S::Disconnect, C::Disconnect, kB, dialect(30)}},
};
// clang-format on

// An abort of ours and an orderly close look alike until the RST is, or is not, sent.
bool abort_is_possible(const Evidence& e) {
  return e.both_shut_down() && owned(e) && (unread(e) || e.snapshot.linger_zero);
}

bool handshake_ack_is_certain(const Evidence& e) {
  return e.snapshot.segs_in >= 2 && !e.snapshot.fastopen_request && e.all_acknowledged() &&
         e.snapshot.error == 0 && !e.reset_received && !abort_is_possible(e);
}

// The rules that can hold in each state, in their order: a step asks a dozen and not all.
struct RulesOfState {
  std::array<std::uint8_t, kRules.size()> numbers{};
  std::size_t count = 0;
};

constexpr auto kRulesByState = [] {
  std::array<RulesOfState, kStateCount> by_state{};
  for (const State state : kAllStates) {
    RulesOfState& mine = by_state[index(state)];
    for (std::size_t i = 0; i < kRules.size(); ++i) {
      if (kRules[i].from.contains(state)) mine.numbers[mine.count++] = static_cast<std::uint8_t>(i);
    }
  }
  return by_state;
}();

}  // namespace

std::span<const InferenceRule> inference_rules() {
  return kRules;
}

Inference infer(State from, const Evidence& evidence) {
  const RulesOfState& mine = kRulesByState[index(from)];
  for (std::size_t i = 0; i < mine.count; ++i) {
    const InferenceRule& rule = kRules[mine.numbers[i]];
    if (rule.holds(evidence)) return rule.gives;
  }
  return {};
}

bool must_settle(State from, const Evidence& evidence) {
  switch (from) {
    case Closed:
    case TimeWait:
      return false;
    case Listen:
      return !evidence.both_shut_down();
    case SynSent:
      return !evidence.both_shut_down() && evidence.snapshot.error == 0 &&
             !(evidence.snapshot.segs_in > 0 &&
               (evidence.all_acknowledged() || evidence.receive_next_moved)) &&
             !evidence.snapshot.repair;
    case SynReceived:
      return !handshake_ack_is_certain(evidence);
    case Established:
      if (fin_in_hand(evidence)) return false;
      return !evidence.snapshot.send_shutdown || abort_is_possible(evidence);
    case CloseWait:
      return !evidence.snapshot.send_shutdown || abort_is_possible(evidence);
    case FinWait1:
      return !evidence.all_acknowledged() && !fin_in_hand(evidence);
    case FinWait2:
    case Closing:
      return evidence.minisocket == MinisocketStarted::None;
    case LastAck:
      return !(evidence.all_acknowledged() && evidence.snapshot.done);
  }
  return false;
}

}  // namespace tcptwin::model
