// SPDX-License-Identifier: MIT
// The guards of linux-tcp-fsm section 6.2 and the close decisions of 6.3, edge by edge, with the
// evidence that section 5 shows for them. Each case names what must be inferred; what the kernel
// did is nowhere in the input.
#include "model/inference.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/linux_dialect.h"
#include "model/reference_fsm.h"

namespace tcptwin::model {
namespace {

constexpr std::uint16_t kEconnreset = 104;
constexpr std::uint16_t kEconnrefused = 111;
constexpr std::uint16_t kEconnaborted = 103;
constexpr std::uint16_t kEtimedout = 110;
constexpr std::uint16_t kEhostunreach = 113;
constexpr std::uint16_t kEpipe = 32;

// An established connection with nothing in flight and nothing unread.
Evidence quiet() {
  Evidence e;
  e.snapshot.segs_in = 3;
  e.snapshot.segs_out = 3;
  e.snapshot.snd_una = e.snapshot.snd_nxt = e.snapshot.write_seq = SequenceNumber{1000};
  e.snapshot.rcv_nxt = e.snapshot.copied_seq = SequenceNumber{5000};
  e.remote_known = true;
  e.context = Context::Process;
  return e;
}
Evidence fin_sent() {
  Evidence e = quiet();
  e.snapshot.send_shutdown = e.snapshot.receive_shutdown = true;
  e.snapshot.write_seq = e.snapshot.snd_nxt = SequenceNumber{1001};
  return e;
}
Evidence fin_acked() {
  Evidence e = fin_sent();
  e.snapshot.snd_una = SequenceNumber{1001};
  return e;
}
Evidence with_fin(Evidence e) {
  e.snapshot.done = e.snapshot.receive_shutdown = true;
  e.snapshot.rcv_nxt = SequenceNumber{5001};
  return e;
}
Evidence orphaned(Evidence e) {
  e.snapshot.dead = true;
  e.snapshot.has_socket = false;
  e.context = Context::Softirq;
  return e;
}
Evidence failed(Evidence e, std::uint16_t error) {
  e.snapshot.error = error;
  e.error_is_fresh = true;
  return e;
}
Evidence both_shut(Evidence e) {
  e.snapshot.send_shutdown = e.snapshot.receive_shutdown = true;
  return e;
}
Evidence unread(Evidence e) {
  e.snapshot.rcv_nxt = SequenceNumber{e.snapshot.rcv_nxt.value() + 5};
  return e;
}
Evidence syn_sent() {
  Evidence e = quiet();
  e.snapshot.segs_in = 0;
  e.snapshot.segs_out = 1;
  e.snapshot.write_seq = e.snapshot.snd_nxt = SequenceNumber{1001};
  e.snapshot.rcv_nxt = e.snapshot.copied_seq = SequenceNumber{0};
  return e;
}
template <typename Change>
Evidence but(Evidence e, Change change) {
  change(e);
  return e;
}

struct Case {
  const char* situation;
  State from;
  Evidence evidence;
  Cause cause;
  std::uint8_t dialect;  // 0: the reference explains it
  State to;              // what must be predicted
};

std::vector<Case> cases() {
  using enum State;
  const auto rst = [](Evidence& e) { e.reset_received = true; };
  const auto active_reset = [](Evidence& e) { e.reset_sent_after = ResetSent::Active; };
  const auto answered = [](Evidence& e) { e.reset_sent_after = ResetSent::AnsweringSegment; };
  const auto reset_reported = [](Evidence& e) {
    e.error_reported_after = true;
    e.error_reported_value = kEconnreset;
  };
  const auto child = [](Evidence& e) {
    e.snapshot.segs_in = e.snapshot.segs_out = 0;
    e.snapshot.has_socket = false;
    e.first_sight = true;
    e.context = Context::Softirq;
  };
  return {
      {"listen", Closed, but(quiet(), [](Evidence& e) { e.remote_known = false; }),
       Cause::PassiveOpen, 0, Listen},
      {"connect", Closed, quiet(), Cause::ActiveOpen, 0, SynSent},
      {"connect with a stale error", Closed, failed(quiet(), kEconnreset), Cause::ActiveOpen, 0,
       SynSent},
      {"connect in repair mode", Closed,
       but(quiet(), [](Evidence& e) { e.snapshot.repair = true; }), Cause::RepairOpen, 45, SynSent},
      {"deferred fast-open connect", Closed,
       but(quiet(), [](Evidence& e) { e.snapshot.fastopen_connect = true; }),
       Cause::TfoDeferredOpen, 15, SynSent},
      {"listener aborted, second event", Closed,
       but(failed(quiet(), kEconnaborted),
           [](Evidence& e) {
             e.remote_known = false;
             e.just_stopped_listening = true;
           }),
       Cause::ListenerAborted, 53, Closed},

      {"child of a request", Listen,
       but(but(quiet(), child), [](Evidence& e) { e.request_completed = true; }),
       Cause::ChildFromRequest, 12, SynReceived},
      {"child of a SYN cookie", Listen, but(quiet(), child), Cause::ChildFromSyncookie, 13,
       SynReceived},
      {"child of a fast open", Listen,
       but(but(quiet(), child), [](Evidence& e) { e.snapshot.fastopen_child = true; }),
       Cause::ChildFromTfo, 14, SynReceived},
      {"listener closed", Listen, both_shut(quiet()), Cause::ListenerClosed, 0, Closed},
      {"listen() on a taken port", Listen,
       but(quiet(), [](Evidence& e) { e.just_listened = true; }), Cause::ListenFailed, 16, Closed},
      {"shutdown of a listener", Listen,
       but(quiet(), [](Evidence& e) { e.error_reported_after = true; }), Cause::Disconnect, 30,
       Closed},
      {"ss -K of a listener", Listen,
       but(quiet(), [](Evidence& e) { e.listener_abort_follows = true; }), Cause::AdminAbort, 46,
       Closed},

      {"SYN+ACK", SynSent, but(quiet(), [](Evidence& e) { e.snapshot.segs_in = 1; }),
       Cause::SynackAccepted, 0, Established},
      {"SYN+ACK that leaves the SYN's data unacknowledged", SynSent,
       but(quiet(),
           [](Evidence& e) {
             e.snapshot.write_seq = SequenceNumber{1005};
             e.receive_next_moved = true;
           }),
       Cause::SynackAccepted, 0, Established},
      {"SYN crosses SYN", SynSent, but(syn_sent(), [](Evidence& e) { e.snapshot.segs_in = 1; }),
       Cause::SimultaneousOpen, 0, SynReceived},
      {"repair establishes", SynSent,
       but(quiet(),
           [](Evidence& e) {
             e.snapshot.repair = true;
             e.snapshot.segs_in = e.snapshot.segs_out = 0;
           }),
       Cause::RepairEstablished, 45, Established},
      {"refused", SynSent, but(failed(syn_sent(), kEconnrefused), rst), Cause::RstReceived, 0,
       Closed},
      {"refused again, with the same error as before", SynSent,
       but(syn_sent(),
           [](Evidence& e) {
             e.snapshot.error = kEconnrefused;
             e.reset_received = true;
           }),
       Cause::RstReceived, 0, Closed},
      {"ICMP host unreachable", SynSent, failed(syn_sent(), kEhostunreach), Cause::IcmpError, 40,
       Closed},
      {"SYN never answered", SynSent,
       but(failed(syn_sent(), kEtimedout), [](Evidence& e) { e.snapshot.retransmits = 6; }),
       Cause::HandshakeTimeout, 0, Closed},
      {"SYN given up after an ICMP", SynSent,
       but(failed(syn_sent(), kEhostunreach),
           [](Evidence& e) {
             e.snapshot.error_soft = kEhostunreach;
             e.snapshot.retransmits = 2;
           }),
       Cause::HandshakeTimeout, 0, Closed},
      {"close in SYN_SENT", SynSent, both_shut(syn_sent()), Cause::CloseInSynSent, 0, Closed},
      {"linger 0 in SYN_SENT", SynSent,
       but(both_shut(syn_sent()), [](Evidence& e) { e.snapshot.linger_zero = true; }),
       Cause::Linger0Abort, 0, Closed},
      {"no port left", SynSent,
       but(quiet(), [](Evidence& e) { e.snapshot.segs_in = e.snapshot.segs_out = 0; }),
       Cause::ConnectFailedLocal, 16, Closed},
      {"shutdown in SYN_SENT", SynSent, but(syn_sent(), reset_reported), Cause::Disconnect, 30,
       Closed},
      {"shutdown in SYN_SENT after a bad SYN+ACK", SynSent,
       but(but(syn_sent(), reset_reported), [](Evidence& e) { e.snapshot.segs_in = 1; }),
       Cause::Disconnect, 30, Closed},
      {"SYN crosses SYN, then an ICMP error is queued", SynSent,
       but(syn_sent(),
           [](Evidence& e) {
             e.snapshot.segs_in = 1;
             e.error_reported_after = true;
             e.context = Context::Softirq;
           }),
       Cause::SimultaneousOpen, 0, SynReceived},
      {"ss -K in SYN_SENT", SynSent, failed(syn_sent(), kEconnaborted), Cause::AdminAbort, 46,
       Closed},

      {"third ACK", SynReceived, quiet(), Cause::HandshakeAckAccepted, 0, Established},
      {"third ACK after a deferred shutdown", SynReceived, both_shut(quiet()),
       Cause::HandshakeAckAccepted, 0, Established},
      {"close in SYN_RECV of a simultaneous open", SynReceived, fin_sent(),
       Cause::CloseInSynReceived, 0, FinWait1},
      {"close of a fast-open child with data on its way", SynReceived,
       but(both_shut(quiet()),
           [](Evidence& e) {
             e.snapshot.fastopen_request = true;
             e.snapshot.write_seq = SequenceNumber{1004};
           }),
       Cause::CloseInSynReceived, 14, FinWait1},
      {"RST in SYN_RECV", SynReceived, but(failed(fin_sent(), kEconnreset), rst),
       Cause::RstReceived, 19, Closed},
      {"SYN+ACK never answered", SynReceived,
       but(failed(syn_sent(), kEtimedout), [](Evidence& e) { e.snapshot.retransmits = 1; }),
       Cause::HandshakeTimeout, 0, Closed},
      {"child lost its race", SynReceived,
       but(syn_sent(),
           [](Evidence& e) {
             e.snapshot.has_socket = false;
             e.snapshot.segs_in = 1;
           }),
       Cause::ChildSetupFailed, 12, Closed},

      {"FIN", Established, with_fin(quiet()), Cause::FinReceived, 0, CloseWait},
      {"FIN although IP_RECVERR left an error", Established,
       with_fin(failed(quiet(), kEhostunreach)), Cause::FinReceived, 0, CloseWait},
      {"close", Established, both_shut(quiet()), Cause::LocalClose, 0, FinWait1},
      {"shutdown(WR)", Established,
       but(quiet(), [](Evidence& e) { e.snapshot.send_shutdown = true; }), Cause::LocalShutdown, 0,
       FinWait1},
      {"close with unread data", Established, but(unread(both_shut(quiet())), active_reset),
       Cause::CloseUnreadAbort, 0, Closed},
      {"shutdown(RDWR) with unread data", Established, unread(both_shut(quiet())),
       Cause::LocalClose, 0, FinWait1},
      {"linger 0", Established,
       but(but(both_shut(quiet()), [](Evidence& e) { e.snapshot.linger_zero = true; }),
           active_reset),
       Cause::Linger0Abort, 0, Closed},
      {"repair close", Established,
       but(both_shut(quiet()), [](Evidence& e) { e.snapshot.repair = true; }), Cause::RepairClose,
       45, Closed},
      {"RST", Established, but(failed(quiet(), kEconnreset), rst), Cause::RstReceived, 0, Closed},
      {"ss -K", Established, failed(quiet(), kEconnaborted), Cause::AdminAbort, 46, Closed},
      {"keepalive", Established,
       but(failed(quiet(), kEtimedout),
           [](Evidence& e) {
             e.snapshot.keepopen = true;
             e.snapshot.probes_out = 1;
             e.reset_sent_before = ResetSent::Active;
           }),
       Cause::KeepaliveTimeout, 38, Closed},
      {"zero window", Established,
       but(failed(quiet(), kEtimedout),
           [](Evidence& e) {
             e.snapshot.probes_out = 1;
             e.snapshot.write_seq = SequenceNumber{1004};
           }),
       Cause::ZeroWindowTimeout, 0, Closed},
      {"data never acknowledged", Established,
       but(failed(fin_sent(), kEtimedout),
           [](Evidence& e) {
             e.snapshot.send_shutdown = e.snapshot.receive_shutdown = false;
             e.snapshot.retransmits = 3;
           }),
       Cause::RetransmissionTimeout, 0, Closed},
      {"TCP_USER_TIMEOUT", Established,
       but(failed(quiet(), kEtimedout),
           [](Evidence& e) {
             e.snapshot.retransmits = 1;
             e.snapshot.user_timeout = true;
             e.snapshot.write_seq = e.snapshot.snd_nxt = SequenceNumber{1004};
           }),
       Cause::UserTimeout, 0, Closed},
      {"listener closed before accept", Established,
       but(quiet(),
           [](Evidence& e) {
             e.snapshot.has_socket = false;
             e.reset_sent_after = ResetSent::Active;
           }),
       Cause::ListenerClosedChild, 25, Closed},
      {"AF_UNSPEC", Established, but(but(quiet(), active_reset), reset_reported), Cause::Disconnect,
       30, Closed},
      {"nothing happened", Established, quiet(), Cause::Unexplained, 0, Established},

      {"our FIN acknowledged", FinWait1, fin_acked(), Cause::FinAcked, 0, FinWait2},
      {"FINs cross", FinWait1, with_fin(fin_sent()), Cause::FinReceivedBeforeAck, 0, Closing},
      {"close after shutdown", FinWait1, fin_sent(), Cause::CloseAfterShutdown, 32, FinWait1},
      {"RST in FIN_WAIT1", FinWait1, but(failed(orphaned(fin_sent()), kEconnreset), rst),
       Cause::RstReceived, 0, Closed},
      {"data after close", FinWait1,
       but(but(failed(orphaned(fin_sent()), kEconnreset), rst), answered), Cause::DataAfterClose, 0,
       Closed},
      {"too many orphans", FinWait1, but(orphaned(fin_sent()), active_reset),
       Cause::OrphanResourceAbort, 35, Closed},
      {"orphan's FIN never acknowledged", FinWait1,
       but(failed(orphaned(fin_sent()), kEtimedout),
           [](Evidence& e) { e.snapshot.retransmits = 2; }),
       Cause::RetransmissionTimeout, 0, Closed},

      {"FIN in FIN_WAIT2", FinWait2,
       but(with_fin(fin_acked()), [](Evidence& e) { e.minisocket = MinisocketStarted::TimeWait; }),
       Cause::TimeWaitEntered, 0, TimeWait},
      {"orphan handed over", FinWait2,
       but(orphaned(fin_acked()), [](Evidence& e) { e.minisocket = MinisocketStarted::FinWait2; }),
       Cause::OrphanFinWait2Handover, 3, FinWait2},
      {"no TIME_WAIT bucket left", FinWait2, with_fin(orphaned(fin_acked())),
       Cause::TimeWaitSkipped, 7, Closed},
      {"data in the segment that acknowledged our FIN", FinWait2,
       but(orphaned(fin_acked()), answered), Cause::DataAfterClose, 0, Closed},
      {"linger2 below 0", FinWait2,
       but(but(orphaned(fin_acked()), active_reset),
           [](Evidence& e) { e.snapshot.linger2_negative = true; }),
       Cause::Linger2Abort, 5, Closed},
      {"close in FIN_WAIT2", FinWait2, fin_acked(), Cause::CloseAfterShutdown, 32, FinWait2},
      {"orphan forgotten", FinWait2, orphaned(fin_acked()), Cause::OrphanFinWait2Dropped, 7,
       Closed},
      {"linger 0 in FIN_WAIT2", FinWait2,
       but(but(fin_acked(), active_reset), [](Evidence& e) { e.snapshot.linger_zero = true; }),
       Cause::Linger0Abort, 0, Closed},

      {"close in CLOSE_WAIT", CloseWait, both_shut(with_fin(quiet())), Cause::LocalCloseAfterFin, 0,
       LastAck},
      {"close in CLOSE_WAIT with unsent data", CloseWait,
       but(both_shut(with_fin(quiet())),
           [](Evidence& e) { e.snapshot.write_seq = SequenceNumber{2000}; }),
       Cause::LocalCloseAfterFin, 31, LastAck},
      {"close in CLOSE_WAIT with unread data", CloseWait,
       but(unread(both_shut(with_fin(quiet()))), active_reset), Cause::CloseUnreadAbort, 0, Closed},
      {"RST in CLOSE_WAIT", CloseWait, but(failed(with_fin(quiet()), kEpipe), rst),
       Cause::RstReceived, 0, Closed},

      {"ACK of our FIN in CLOSING", Closing,
       but(with_fin(fin_acked()), [](Evidence& e) { e.minisocket = MinisocketStarted::TimeWait; }),
       Cause::TimeWaitEntered, 0, TimeWait},
      {"linger 0 in CLOSING sends no RST", Closing,
       but(with_fin(fin_sent()), [](Evidence& e) { e.snapshot.linger_zero = true; }),
       Cause::Linger0Abort, 0, Closed},
      {"close in CLOSING", Closing, with_fin(fin_sent()), Cause::CloseAfterShutdown, 32, Closing},

      {"the last ACK", LastAck, with_fin(fin_acked()), Cause::LastAckReceived, 0, Closed},
      {"close in LAST_ACK", LastAck, with_fin(fin_sent()), Cause::CloseAfterShutdown, 32, LastAck},
      {"RST in LAST_ACK", LastAck, but(failed(with_fin(orphaned(fin_sent())), kEconnreset), rst),
       Cause::RstReceived, 0, Closed},
      {"namespace removed under an orphan", LastAck,
       but(orphaned(with_fin(fin_sent())), [](Evidence& e) { e.destroyed_after = true; }),
       Cause::OrphanResourceAbort, 35, Closed},
  };
}

TEST(Inference, names_the_stimulus_of_every_edge_from_its_evidence) {
  for (const Case& example : cases()) {
    const Inference inference = infer(example.from, example.evidence);
    EXPECT_EQ(label(inference.cause), label(example.cause)) << example.situation;
    EXPECT_EQ(number(inference.dialect), example.dialect) << example.situation;
  }
}

TEST(Inference, predicts_where_linux_goes_for_every_edge) {
  for (const Case& example : cases()) {
    if (example.cause == Cause::Unexplained) continue;
    const MirrorState from{example.from, Holder::Socket};
    Holder holder = Holder::Socket;
    if (example.evidence.minisocket != MinisocketStarted::None) holder = Holder::Minisocket;
    const auto judgement =
        judge(from, example.evidence, Origin::Active, MirrorState{example.to, holder});
    EXPECT_EQ(judgement.verdict, example.dialect == 0 ? Verdict::Conformant : Verdict::Deviation)
        << example.situation;
  }
}

TEST(Inference, every_rule_ends_in_a_row_of_reference_or_dialect) {
  for (const InferenceRule& rule : inference_rules()) {
    for (const State from : kAllStates) {
      if (!rule.from.contains(from)) continue;
      const bool known =
          rule.gives.dialect == DialectId::None
              ? predict(from, rule.gives.stimulus, Origin::Active).has_value()
              : find_dialect_row(from, rule.gives.cause, rule.gives.dialect) != nullptr;
      EXPECT_TRUE(known) << name(from) << " " << label(rule.gives.cause) << " "
                         << label(rule.gives.dialect);
    }
  }
}

TEST(Inference, every_dialect_row_of_a_socket_is_reachable_by_a_rule_or_a_timer) {
  for (const DialectRow& row : dialect_rows()) {
    const bool by_rule = std::ranges::any_of(inference_rules(), [&](const InferenceRule& rule) {
      return rule.gives.cause == row.cause && rule.gives.dialect == row.id;
    });
    // Ends of minisockets and requests are known from their timers, see tracker/.
    const bool by_timer =
        row.cause == Cause::FinWait2Timeout || row.cause == Cause::TimeWaitReopenedBySyn ||
        row.cause == Cause::TimeWaitReusedByConnect || row.cause == Cause::TimeWaitAssassinated ||
        row.cause == Cause::MinisockResetPeer || row.cause == Cause::MinisockKilled ||
        row.cause == Cause::RequestResetBadSyn || row.cause == Cause::AcceptOverflowReset;
    EXPECT_TRUE(by_rule || by_timer) << label(row.cause);
  }
}

TEST(Inference, leaves_open_what_its_evidence_cannot_separate) {
  // A report of 0 in CLOSING: close() and a zero-copy completion, or tcp_disconnect().
  Evidence e = with_fin(fin_sent());
  e.error_reported_after = true;
  const MirrorState closing{State::Closing, Holder::Socket};
  const auto stays = judge(closing, e, Origin::Active, closing);
  EXPECT_EQ(stays.cause, Cause::CloseAfterShutdown);
  const auto ends = judge(closing, e, Origin::Active, MirrorState{State::Closed, Holder::Socket});
  EXPECT_EQ(ends.cause, Cause::Disconnect);
  EXPECT_EQ(ends.verdict, Verdict::Deviation);
  EXPECT_EQ(ends.confidence, Confidence::C);
}

TEST(MustSettle, is_not_asked_of_the_common_path) {
  const auto settles = [](State from, const Evidence& e) { return must_settle(from, e); };
  EXPECT_FALSE(settles(State::Closed, quiet()));
  EXPECT_FALSE(settles(State::SynSent, but(quiet(), [](Evidence& e) { e.snapshot.segs_in = 1; })));
  EXPECT_FALSE(settles(State::SynReceived, quiet()));
  EXPECT_FALSE(settles(State::Established, both_shut(quiet())));
  EXPECT_FALSE(settles(State::Established, with_fin(quiet())));
  EXPECT_FALSE(settles(State::FinWait1, fin_acked()));
  EXPECT_FALSE(settles(State::CloseWait, both_shut(with_fin(quiet()))));
  EXPECT_FALSE(settles(State::LastAck, with_fin(fin_acked())));
  Evidence time_wait = with_fin(fin_acked());
  time_wait.minisocket = MinisocketStarted::TimeWait;
  EXPECT_FALSE(settles(State::FinWait2, time_wait));
}

TEST(MustSettle, waits_where_a_reset_that_follows_would_change_the_answer) {
  EXPECT_TRUE(must_settle(State::Established, unread(both_shut(quiet()))));
  EXPECT_TRUE(must_settle(State::Established, quiet()));
  EXPECT_TRUE(must_settle(State::FinWait2, orphaned(fin_acked())));
  EXPECT_TRUE(must_settle(State::FinWait1, fin_sent()));
}

}  // namespace
}  // namespace tcptwin::model
