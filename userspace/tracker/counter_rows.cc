// SPDX-License-Identifier: MIT
// The table of the cross-check: for each of the kernel's counters which steps it must count. The
// functions are those of Linux 6.18; docs/cross-check.md is compared with this table by a test.
#include <algorithm>

#include "tracker/counter_ledger.h"

namespace tcptwin::tracker {
namespace {

using enum model::State;
using C = model::Cause;
using R = CounterRelation;
using model::Holder;
using model::MirrorState;
using model::ResetSent;

constexpr Increments kNone{0, 0};
constexpr Increments kOne{1, 1};
constexpr Increments kPerhaps{0, 1};

template <typename... Causes>
bool is_any(const Step& step, Causes... causes) {
  return ((step.cause == causes) || ...);
}

Increments one_if(bool counts) {
  return counts ? kOne : kNone;
}

bool closes(const Step& step) {
  return step.to.state == Closed;
}
bool leaves(const Step& step, model::State from) {
  return step.from.state == from && step.from.holder == Holder::Socket;
}
bool closes_socket(const Step& step) {
  return closes(step) && step.from.holder == Holder::Socket && !leaves(step, Closed) &&
         !leaves(step, Listen);
}
bool closes_request(const Step& step) {
  return closes(step) && step.from.holder == Holder::RequestSocket;
}
bool closes_handshake(const Step& step) {
  return closes_request(step) ||
         (closes(step) && (leaves(step, SynSent) || leaves(step, SynReceived)));
}
bool counts_as_established(const MirrorState& mirror) {
  return mirror.holder == Holder::Socket &&
         (mirror.state == Established || mirror.state == CloseWait);
}
bool opens_or_leaves_syn_sent(const Step& step) {
  return step.to.state == SynSent || leaves(step, SynSent);
}
bool is_cloned(const Step& step) {
  const bool from_listener = leaves(step, Listen) || step.from.holder == Holder::RequestSocket;
  return from_listener && step.to.state == SynReceived && step.to.holder == Holder::Socket;
}
bool is_cloned_without_request(const Step& step) {
  return is_cloned(step) && step.from.holder == Holder::Socket;
}
bool starts_minisocket(const Step& step) {
  return step.from.holder == Holder::Socket && step.to.holder == Holder::Minisocket;
}
bool could_start_minisocket(const Step& step) {
  return closes(step) && (leaves(step, FinWait2) || leaves(step, Closing));
}
bool ends_minisocket(const Step& step) {
  return closes(step) && step.from.holder == Holder::Minisocket;
}
bool anywhere(const Step&) {
  return true;
}

ResetSent sent_after(const Step& step) {
  return step.evidence ? step.evidence->reset_sent_after : ResetSent::None;
}
ResetSent sent_before(const Step& step) {
  return step.evidence ? step.evidence->reset_sent_before : ResetSent::None;
}
bool reset_was_sent(const Step& step) {
  return sent_after(step) != ResetSent::None || sent_before(step) != ResetSent::None;
}

// connect() is counted when its SYN goes out. A deferred fast open may never send one; whether it
// did shows when SYN_SENT is left.
Increments active_opens(const Step& step) {
  if (is_any(step, C::ActiveOpen)) return kOne;
  if (is_any(step, C::TfoDeferredOpen)) return kPerhaps;
  if (step.to.state == SynSent) return kNone;
  if (is_any(step, C::ConnectFailedLocal)) return {-1, -1};
  if (!step.evidence || step.evidence->snapshot.repair) return kNone;
  const model::Snapshot& seen = step.evidence->snapshot;
  if (!seen.fastopen_connect) return kNone;
  if (step.connection.adopted) return kPerhaps;
  return seen.segs_out > 0 ? Increments{1, 0} : Increments{0, -1};
}

// tcp_done() counts a handshake that fails; __tcp_close() and tcp_disconnect() do not come by it.
Increments attempt_fails(const Step& step) {
  if (step.from.holder == Holder::RequestSocket) {
    if (is_any(step, C::RequestResetBadSyn)) return kOne;
    // A RST counts; a listener that went away, an ICMP error and an administrator do not.
    return is_any(step, C::RequestDropped) ? kPerhaps : kNone;
  }
  // A fast-open child in SYN_RECV: tcp_check_req() counts the RST, and tcp_done() once more.
  if (is_any(step, C::RstReceived) && step.connection.role == Role::Passive) return {2, 2};
  if (is_any(step, C::ChildSetupFailed)) return kPerhaps;
  return one_if(is_any(step, C::RstReceived, C::IcmpError, C::HandshakeTimeout, C::AdminAbort,
                       C::RetransmissionTimeout, C::UserTimeout));
}

Increments embryonic_resets(const Step& step) {
  if (is_any(step, C::RequestDropped)) return kPerhaps;
  return one_if(is_any(step, C::RequestResetBadSyn, C::AcceptOverflowReset));
}

Increments abort_on_data(const Step& step) {
  if (is_any(step, C::Linger2Abort)) {
    return one_if(sent_after(step) == ResetSent::AnsweringSegment);
  }
  return one_if(is_any(step, C::Linger0Abort, C::DataAfterClose));
}

Increments abort_on_linger(const Step& step) {
  return one_if(is_any(step, C::Linger2Abort) && sent_after(step) == ResetSent::Active);
}

// An orphan in FIN_WAIT2 whose keepalive timer gave up sends its RST first and is not counted; one
// that goes without a RST may belong to a namespace that is being removed, which is not either.
Increments abort_on_memory(const Step& step) {
  if (!is_any(step, C::OrphanResourceAbort)) return kNone;
  if (step.from.state == FinWait2 && sent_before(step) == ResetSent::Active) return kNone;
  return reset_was_sent(step) ? kOne : kPerhaps;
}

Increments resets_sent(const Step& step) {
  if (is_any(step, C::RequestResetBadSyn, C::AcceptOverflowReset, C::MinisockResetPeer)) {
    return kOne;
  }
  return one_if(closes(step) && reset_was_sent(step));
}

Increments active_resets(const Step& step) {
  const bool active =
      sent_after(step) == ResetSent::Active || sent_before(step) == ResetSent::Active;
  return one_if(closes(step) && active);
}

Increments established(const Step& step) {
  const int change =
      (counts_as_established(step.to) ? 1 : 0) - (counts_as_established(step.from) ? 1 : 0);
  return {change, change};
}

constexpr bool kByCause = true;
constexpr bool kByStates = false;
constexpr bool kCount = false;
constexpr bool kLevel = true;

// clang-format off
constexpr std::array<CounterRow, kCounterRows> kRows = {{
    {"ActiveOpens", {"Tcp.ActiveOpens", ""}, R::Exact,
     "`active_open` without those that end in `connect_failed_local`, and `tfo_deferred_open` once its SYN was sent",
     "tcp_connect", "while a fast open waits for its first write, it may or may not be counted",
     kByCause, kCount, opens_or_leaves_syn_sent, active_opens},
    {"PassiveOpens", {"Tcp.PassiveOpens", ""}, R::Exact,
     "every child: `child_from_request`, `child_from_tfo`, `child_from_syncookie`, `child_created`",
     "tcp_create_openreq_child", "", kByStates, kCount, is_cloned, [](const Step&) { return kOne; }},
    {"AttemptFails", {"Tcp.AttemptFails", ""}, R::Exact,
     "out of SYN_SENT and SYN_RECV: `rst_received`, `icmp_error`, `handshake_timeout`, `admin_abort`; half-open: `request_reset_bad_syn`, and `request_dropped` by a RST",
     "tcp_done, tcp_check_req", "a `request_dropped` or `child_setup_failed` may or may not be counted; a RST to a fast-open child counts twice",
     kByCause, kCount, closes_handshake, attempt_fails},
    {"EstabResets", {"Tcp.EstabResets", ""}, R::Exact,
     "ESTABLISHED or CLOSE_WAIT to CLOSE, whatever the cause",
     "tcp_set_state", "", kByStates, kCount, closes_socket,
     [](const Step& step) { return one_if(counts_as_established(step.from)); }},
    {"CurrEstab", {"Tcp.CurrEstab", ""}, R::Exact,
     "sockets that enter ESTABLISHED or CLOSE_WAIT less those that leave them",
     "tcp_set_state", "a level, not a count; before 6.10 and its backports the kernel left CLOSE_WAIT out",
     kByStates, kLevel, anywhere, established},
    {"OutRsts", {"Tcp.OutRsts", ""}, R::AtLeast,
     "closing steps with a RST of ours beside them, `request_reset_bad_syn`, `accept_overflow_reset`, `minisock_reset_peer`",
     "tcp_send_active_reset, tcp_v4_send_reset, tcp_v6_send_reset", "a RST from a closed port, or in answer to a wrong ACK, changes no state",
     kByCause, kCount, closes, resets_sent},
    {"TCPAbortOnData", {"TcpExt.TCPAbortOnData", ""}, R::Exact,
     "`linger0_abort`, `data_after_close`, and `linger2_abort` by a segment",
     "__tcp_close, tcp_rcv_state_process", "", kByCause, kCount, closes_socket, abort_on_data},
    {"TCPAbortOnClose", {"TcpExt.TCPAbortOnClose", ""}, R::Exact,
     "`close_unread_abort`", "__tcp_close", "", kByCause, kCount, closes_socket,
     [](const Step& step) { return one_if(is_any(step, C::CloseUnreadAbort)); }},
    {"TCPAbortOnMemory", {"TcpExt.TCPAbortOnMemory", ""}, R::Exact,
     "`orphan_resource_abort`", "__tcp_close, tcp_out_of_resources",
     "one without a RST may or may not be counted", kByCause, kCount, closes_socket, abort_on_memory},
    {"TCPAbortOnTimeout", {"TcpExt.TCPAbortOnTimeout", ""}, R::Exact,
     "`handshake_timeout`, `retransmission_timeout`, `user_timeout`, `zero_window_timeout`, `keepalive_timeout`",
     "tcp_write_err", "", kByCause, kCount, closes_socket,
     [](const Step& step) { return one_if(is_any(step, C::HandshakeTimeout, C::RetransmissionTimeout, C::UserTimeout, C::ZeroWindowTimeout, C::KeepaliveTimeout)); }},
    {"TCPAbortOnLinger", {"TcpExt.TCPAbortOnLinger", ""}, R::Exact,
     "`linger2_abort` by close()", "__tcp_close", "", kByCause, kCount, closes_socket, abort_on_linger},
    {"TCPAbortFailed", {"TcpExt.TCPAbortFailed", ""}, R::AtMost,
     "closing steps with a RST of ours that answers no segment",
     "tcp_send_active_reset", "counted only when that RST could not be sent", kByCause, kCount, closes, active_resets},
    {"TW+TWKilled", {"TcpExt.TW", "TcpExt.TWKilled"}, R::Exact,
     "`time_wait_entered` and `orphan_fin_wait2_handover` out of a socket",
     "__inet_twsk_schedule", "both count when the minisocket is made: TWKilled if it shall live 4 s or less, TW if longer",
     kByStates, kCount, starts_minisocket, [](const Step&) { return kOne; }},
    {"TWKilled", {"TcpExt.TWKilled", ""}, R::AtMost,
     "`orphan_fin_wait2_handover`", "__inet_twsk_schedule", "only with tcp_fin_timeout or TCP_LINGER2 of 4 s or less",
     kByStates, kCount, starts_minisocket, [](const Step& step) { return one_if(step.to.state == FinWait2); }},
    {"TCPTimeWaitOverflow", {"TcpExt.TCPTimeWaitOverflow", ""}, R::Exact,
     "`time_wait_skipped` and `orphan_fin_wait2_dropped`", "tcp_time_wait", "", kByCause, kCount, could_start_minisocket,
     [](const Step& step) { return one_if(is_any(step, C::TimeWaitSkipped, C::OrphanFinWait2Dropped)); }},
    {"TWRecycled", {"TcpExt.TWRecycled", ""}, R::Exact,
     "`time_wait_reused_by_connect`", "__inet_check_established, __inet6_check_established", "",
     kByCause, kCount, ends_minisocket, [](const Step& step) { return one_if(is_any(step, C::TimeWaitReusedByConnect)); }},
    {"EmbryonicRsts", {"TcpExt.EmbryonicRsts", ""}, R::Exact,
     "`request_reset_bad_syn`, `accept_overflow_reset`, and `request_dropped` by a RST",
     "tcp_check_req", "a `request_dropped` may or may not be counted", kByCause, kCount, closes_request, embryonic_resets},
    {"SyncookiesRecv", {"TcpExt.SyncookiesRecv", ""}, R::AtLeast,
     "`child_from_syncookie`", "cookie_v4_check, cookie_v6_check", "a valid cookie counts even if the accept queue has no room for its child",
     kByCause, kCount, is_cloned_without_request, [](const Step& step) { return one_if(is_any(step, C::ChildFromSyncookie)); }},
    {"TCPFastOpenPassive", {"TcpExt.TCPFastOpenPassive", ""}, R::Exact,
     "`child_from_tfo`", "tcp_try_fastopen", "", kByCause, kCount, is_cloned_without_request,
     [](const Step& step) { return one_if(is_any(step, C::ChildFromTfo)); }},
    {"ListenOverflows", {"TcpExt.ListenOverflows", ""}, R::AtLeast,
     "`accept_overflow_reset`", "tcp_v4_syn_recv_sock, tcp_v6_syn_recv_sock, tcp_conn_request", "most overflows change no state: the SYN or the third ACK is ignored",
     kByCause, kCount, closes_request, [](const Step& step) { return one_if(is_any(step, C::AcceptOverflowReset)); }},
    {"ListenDrops", {"TcpExt.ListenDrops", ""}, R::AtLeast,
     "`accept_overflow_reset`", "tcp_v4_syn_recv_sock, tcp_v6_syn_recv_sock", "most drops change no state: a SYN that found the queue full, a third ACK that is ignored",
     kByCause, kCount, closes_request, [](const Step& step) { return one_if(is_any(step, C::AcceptOverflowReset)); }},
}};
// clang-format on

// A step whose cause is not proven; what an MPTCP subflow does is decided by its master socket.
bool is_open_question(const Step& step) {
  switch (step.verdict) {
    case model::Verdict::Conformant:
    case model::Verdict::Deviation:
      return step.connection.mptcp;
    case model::Verdict::Divergence:
    case model::Verdict::Unverified:
    case model::Verdict::Gap:
      return true;
  }
  return true;
}

}  // namespace

std::span<const CounterRow> counter_rows() {
  return kRows;
}

Increments increments(const CounterRow& row, const Step& step) {
  if (!row.is_place(step)) return {};
  const Increments proven = row.count(step);
  if (!row.by_cause || !is_open_question(step)) return proven;
  return {std::min<std::int64_t>(proven.at_least, 0), std::max<std::int64_t>(proven.at_most, 1)};
}

}  // namespace tcptwin::tracker
