// SPDX-License-Identifier: MIT
// Who makes each state change in the kernel, and the questions of the lab: what they have to do
// with the RFC, with Linux and with what is seen.
#include <array>

#include "commands/edge_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: from; to; what Linux does.
constexpr std::array kEdges = {
    EdgeFacts{"CLOSE", "LISTEN", "inet_csk_listen_start(), in the call of listen()."},
    EdgeFacts{"CLOSE", "SYN_SENT",
              "tcp_v4_connect() or tcp_v6_connect(), before the port is chosen and the SYN is sent "
              "(L16)."},
    EdgeFacts{"CLOSE", "CLOSE", "tcp_done() at the end of tcp_abort() of a listener (L53)."},
    EdgeFacts{"LISTEN", "CLOSE",
              "__tcp_close(); tcp_disconnect() for shutdown() and connect(AF_UNSPEC); tcp_abort(); "
              "inet_csk_listen_start() when listen() fails."},
    EdgeFacts{"LISTEN", "NEW_SYN_RECV",
              "tcp_conn_request() makes a request socket; the listener itself stays in LISTEN "
              "(L12) and no tracepoint reports a state change."},
    EdgeFacts{"LISTEN", "SYN_RECV",
              "inet_csk_clone_lock() makes a new socket without a request socket before it: SYN "
              "cookie (L13) or Fast Open (L14)."},
    EdgeFacts{"LISTEN", "SYN_SENT", "Never: the sockets interface refuses it (L17)."},
    EdgeFacts{"SYN_SENT", "ESTABLISHED",
              "tcp_finish_connect(), for the SYN+ACK; of a socket in repair mode inside connect() "
              "(L45)."},
    EdgeFacts{"SYN_SENT", "SYN_RECV", "tcp_rcv_synsent_state_process(), for a SYN without ACK."},
    EdgeFacts{"SYN_SENT", "CLOSE",
              "tcp_done() for a RST, an ICMP error or a time-out; __tcp_close(); tcp_disconnect(); "
              "tcp_v4_connect() where it finds no port or route (L16)."},
    EdgeFacts{"SYN_RECV", "ESTABLISHED", "tcp_rcv_state_process(), for the ACK of our SYN."},
    EdgeFacts{"SYN_RECV", "FIN_WAIT1",
              "__tcp_close(); tcp_shutdown() only on releases before the repair of CVE-2024-36905 "
              "(L34)."},
    EdgeFacts{"SYN_RECV", "CLOSE_WAIT", "tcp_fin() has the case; no way to it is known."},
    EdgeFacts{"SYN_RECV", "LISTEN",
              "Never: the listener did not leave LISTEN, so only the child ends (L19)."},
    EdgeFacts{"SYN_RECV", "CLOSE",
              "tcp_done() for a RST (L19), an ICMP error (L40), a time-out or a child that could "
              "not be set up; tcp_disconnect()."},
    EdgeFacts{"NEW_SYN_RECV", "SYN_RECV",
              "inet_csk_clone_lock() makes the new socket at the third ACK; the request socket is "
              "retired (L12)."},
    EdgeFacts{"NEW_SYN_RECV", "ESTABLISHED",
              "In two steps: through SYN_RECV, microseconds apart (L12)."},
    EdgeFacts{"NEW_SYN_RECV", "LISTEN",
              "Never: the listener did not leave LISTEN, so only the request socket ends (L19)."},
    EdgeFacts{"NEW_SYN_RECV", "CLOSE",
              "inet_csk_reqsk_queue_drop(), or reqsk_timer_handler() after the last SYN+ACK."},
    EdgeFacts{"ESTABLISHED", "FIN_WAIT1",
              "tcp_close_state(), called by __tcp_close() and tcp_shutdown()."},
    EdgeFacts{"ESTABLISHED", "CLOSE_WAIT", "tcp_fin(), for the peer's FIN."},
    EdgeFacts{"ESTABLISHED", "CLOSE",
              "tcp_done() for a RST or a time-out; __tcp_close() with unread data (L27); "
              "tcp_disconnect() (L29, L30); tcp_abort() (L46)."},
    EdgeFacts{"FIN_WAIT1", "FIN_WAIT1",
              "__tcp_close() after shutdown() sets the same state again (L32)."},
    EdgeFacts{"FIN_WAIT1", "FIN_WAIT2", "tcp_rcv_state_process(), for the ACK of our FIN."},
    EdgeFacts{"FIN_WAIT1", "CLOSING", "tcp_fin(), for a FIN that does not acknowledge ours."},
    EdgeFacts{"FIN_WAIT1", "TIME_WAIT", "Always in two steps, through FIN_WAIT2 (L06)."},
    EdgeFacts{"FIN_WAIT1", "CLOSE",
              "tcp_done() for a RST, a time-out or data after close() (L28); tcp_disconnect(); "
              "__tcp_close() beyond a limit (L35)."},
    EdgeFacts{"FIN_WAIT2", "FIN_WAIT2",
              "tcp_time_wait() moves an orphan into a minisocket (L03); __tcp_close() after "
              "shutdown() sets the same state again (L32)."},
    EdgeFacts{"FIN_WAIT2", "TIME_WAIT",
              "tcp_fin() calls tcp_time_wait(): a minisocket begins, the socket itself goes to "
              "CLOSE (L01). Of an orphan tcp_timewait_state_process() changes the minisocket."},
    EdgeFacts{"FIN_WAIT2", "CLOSE",
              "tcp_done() for a RST, a time-out or data after close() (L28); tcp_disconnect(); "
              "tcp_time_wait() without room for a minisocket (L07). Of a minisocket its timer "
              "(L04), or a segment it cannot take (L50)."},
    EdgeFacts{"CLOSE_WAIT", "LAST_ACK",
              "tcp_close_state(), called by __tcp_close() and tcp_shutdown()."},
    EdgeFacts{"CLOSE_WAIT", "CLOSE",
              "tcp_done() for a RST or a time-out; __tcp_close() with unread data (L27); "
              "tcp_disconnect(); tcp_abort() (L46)."},
    EdgeFacts{"CLOSING", "CLOSING",
              "__tcp_close() after shutdown() sets the same state again (L32)."},
    EdgeFacts{"CLOSING", "TIME_WAIT",
              "tcp_rcv_state_process() calls tcp_time_wait() for the ACK of our FIN; the socket "
              "itself goes to CLOSE (L01)."},
    EdgeFacts{"CLOSING", "CLOSE",
              "tcp_done() for a RST or a time-out; tcp_disconnect(); tcp_time_wait() without room "
              "for a minisocket (L07)."},
    EdgeFacts{"LAST_ACK", "LAST_ACK",
              "__tcp_close() after shutdown() sets the same state again (L32)."},
    EdgeFacts{"LAST_ACK", "CLOSE",
              "tcp_done(), called by tcp_rcv_state_process() for the ACK of our FIN; also for a "
              "RST or a time-out."},
    EdgeFacts{"TIME_WAIT", "CLOSE",
              "tw_timer_handler() after 60 s (L02); earlier for a new SYN (L09), connect() (L08), "
              "a RST (L10) or `ss -K` (L46)."},
    EdgeFacts{"TIME_WAIT", "SYN_RECV",
              "Shows as two: the minisocket ends (time_wait_reopened_by_syn) and the listener "
              "begins a new handshake (L09)."},
};

// Per row: topic; rfc; kernel; seen; advice; see.
constexpr std::array kLab = {
    PageFacts{"third-ack",
              "SYN-RECEIVED becomes ESTABLISHED by the ACK of its SYN (3.5, 3.10.7.4).",
              "The request socket waits for it (L12); SYN cookies put what is to be remembered "
              "into it (L13).",
              "NEW_SYN_RECV -> SYN_RECV -> ESTABLISHED; the time in NEW_SYN_RECV is its way.", "",
              "NEW_SYN_RECV, handshake_ack_accepted, L12, L13, L23"},
    PageFacts{"time-wait", "The active closer waits 2 MSL after the last ACK (3.6.1, MUST-13).",
              "60 s in a minisocket (L01, L02), unless there is no room for it (L07).",
              "FIN_WAIT2 or CLOSING -> TIME_WAIT, and about 60 s later TIME_WAIT -> CLOSE.", "",
              "TIME_WAIT, time_wait_entered, L01, L02, L07"},
    PageFacts{"two-msl",
              "TIME-WAIT lasts 2 MSL, one for the last ACK and one for the FIN it may answer "
              "(3.6.1, MUST-13).",
              "60 s, a constant (L02).", "The column MS of time_wait_expired.", "",
              "time_wait_expired, timer_violation, L02"},
    PageFacts{"simultaneous-open",
              "A SYN in SYN-SENT leads to SYN-RECEIVED and is answered with SYN+ACK (3.10.7.3, "
              "figure 7).",
              "tcp_rcv_synsent_state_process() does it; 5.10 does not finish it by SYN+ACK (L18).",
              "SYN_SENT -> SYN_RECV by simultaneous_open.", "", "simultaneous_open, SYN_RECV, L18"},
    PageFacts{"half-close",
              "After CLOSE the peer's data is still taken until its FIN (3.6, 3.6.1); a host may "
              "answer it with RST when nobody can read any more (SHLD-3).",
              "shutdown(SHUT_WR) keeps the receiving direction; close() gives it up, and data is "
              "answered with RST (L28, L50).",
              "local_shutdown and then FIN_WAIT2; `tcptwin life -x` has half_closed=.", "",
              "local_shutdown, FIN_WAIT2, data_after_close, L28"},
    PageFacts{"rst-in-time-wait", "A RST ends TIME-WAIT (3.10.7.4); RFC 1337 advises to ignore it.",
              "net.ipv4.tcp_rfc1337 decides; by default the RST ends it (L10).",
              "TIME_WAIT -> CLOSE by time_wait_assassinated.", "", "time_wait_assassinated, L10"},
};

}  // namespace

std::span<const EdgeFacts> edge_facts() {
  return kEdges;
}

std::span<const PageFacts> lab_facts() {
  return kLab;
}

}  // namespace tcptwin::commands
