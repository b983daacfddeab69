// SPDX-License-Identifier: MIT
// The causes that end a connection by a segment, a timer or this host, and the ends of half-open
// connections: what Linux does and what of it is seen. See model/cause.cc for what they mean.
#include <array>

#include "commands/page_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: name; rfc; kernel; seen; advice; see.
constexpr std::array kEnding = {
    PageFacts{"rst_received", "",
              "tcp_validate_incoming() takes a RST at the exact place only (L42), a challenge ACK "
              "answers others; tcp_reset() sets ECONNREFUSED in SYN_SENT, EPIPE in CLOSE_WAIT, "
              "else ECONNRESET (L48).",
              "tcp_receive_reset fires before the change and no RST of ours answers it "
              "(`rst_path`, `error=`).",
              "`tcptwin life --how refused,rst_received -x` lists both kinds with the peer; "
              "`tcptwin trace --segments` shows the RST itself.",
              "how rst_received, refused, L19, L42, L48, data_after_close"},
    PageFacts{
        "data_after_close", "",
        "tcp_rcv_state_process() finds data behind a shut receiving direction, runs tcp_reset() "
        "and answers with RST: the tracepoint tcp_receive_reset fires although no RST came (L28).",
        "`rst_path` and right after it a RST that answers a segment (`rst_sent=answer`).",
        "`tcptwin life --why data_after_close` names the process that closed too early; `nstat -az "
        "TcpExtTCPAbortOnData` counts these and some others.",
        "close_unread_abort, minisock_reset_peer, L28, lab:half-close"},
    PageFacts{"icmp_error", "",
              "tcp_v4_err() and tcp_v6_err() end SYN_SENT and SYN_RECV at once, whatever the "
              "error; beyond the handshake an error is only noted (L41).",
              "SYN_SENT or SYN_RECV -> CLOSE with an error (`error=EHOSTUNREACH` and the like) "
              "that is not a time-out, and no RST received.",
              "`ip route get ADDRESS`, and the firewall on the way that answered.",
              "unreachable, L40, L41"},
    PageFacts{
        "handshake_timeout", "",
        "tcp_retransmit_timer() gives up after net.ipv4.tcp_syn_retries, or TCP_SYNCNT: about 131 "
        "s by default, about 127 s on kernels without net.ipv4.tcp_syn_linear_timeouts (L37).",
        "SYN_SENT or SYN_RECV -> CLOSE with `error=ETIMEDOUT`, or the soft ICMP error that was "
        "noted before.",
        "`tcptwin stuck --syn-sent 3s` shows such attempts while they wait.",
        "timeout, SYN_SENT, L37"},
    PageFacts{"retransmission_timeout", "",
              "tcp_retransmit_timer() gives up after net.ipv4.tcp_retries2; of a socket that no "
              "process owns after net.ipv4.tcp_orphan_retries (0 means 8), without a RST (L36).",
              "`retries=` above 0 and a fresh error, usually ETIMEDOUT.",
              "`tcptwin life --why retransmission_timeout -x` has retransmits and round-trip time; "
              "`ss -ti` shows them while the connection lives.",
              "timeout, user_timeout, stuck fin_wait1, stuck last_ack, L36"},
    PageFacts{"user_timeout", "",
              "tcp_retransmit_timer() compares with TCP_USER_TIMEOUT instead of "
              "net.ipv4.tcp_retries2 (L39).",
              "As retransmission_timeout, on a socket that has the option set. Which of the two "
              "limits was reached is not visible: confidence C.",
              "", "retransmission_timeout, L39"},
    PageFacts{"zero_window_timeout", "",
              "The probe timer gives up when the probes stay unanswered: after "
              "net.ipv4.tcp_retries2, or net.ipv4.tcp_orphan_retries for an orphan.",
              "`probes=` above 0, data unsent and nothing in flight, and a fresh error.",
              "`ss -tm` on the peer: a full receive queue means that its program does not read.",
              "timeout, user_timeout"},
    PageFacts{"keepalive_timeout", "",
              "tcp_keepalive_timer() sends a RST and closes when net.ipv4.tcp_keepalive_probes "
              "probes stay unanswered (L38).",
              "A RST of ours before the change, SO_KEEPALIVE set (`keepalive`), `probes=` above 0 "
              "and nothing unacknowledged.",
              "Default: 2 h idle and 11 min of probes; NAT entries often live shorter. Lower "
              "net.ipv4.tcp_keepalive_time or set TCP_KEEPIDLE.",
              "timeout, L38, other_end_gone"},
    PageFacts{"close_unread_abort", "",
              "__tcp_close() finds unread data in the receive queue, goes to CLOSE and sends a "
              "RST. This comes before it looks at SO_LINGER.",
              "Both directions shut, `unread=` above 0 and right after it a RST of our own "
              "(`rst_sent=active`).",
              "`tcptwin life --why close_unread_abort` names the programs; `nstat -az "
              "TcpExtTCPAbortOnClose` counts the same.",
              "rst_sent, data_after_close, L27, L52"},
    PageFacts{"linger0_abort", "",
              "__tcp_close() calls tcp_disconnect(), which sends a RST unless both sides have "
              "closed or no SYN was answered yet.",
              "Both directions shut, `linger0`, no unread data.",
              "`tcptwin life --why linger0_abort` names the programs.",
              "rst_sent, close_unread_abort, L29"},
    PageFacts{"linger2_abort",
              "RFC 9293 has no such option: FIN-WAIT-2 waits for the peer's FIN (3.10.7.4).",
              "__tcp_close() and tcp_rcv_state_process() close an orphan in FIN_WAIT2 at once if "
              "TCP_LINGER2 is negative, and send a RST.",
              "FIN_WAIT2 -> CLOSE of an orphan with `linger2_negative` and a RST of ours.", "",
              "FIN_WAIT2, L05"},
    PageFacts{"disconnect", "",
              "tcp_disconnect() wipes the addresses and keeps the socket: it may connect or listen "
              "again. The peer gets a RST where a connection stood.",
              "-> CLOSE without the directions shut, the socket still owned. connect(AF_UNSPEC), "
              "shutdown() and the kernel's own users of it cannot be told apart.",
              "`tcptwin trace --cause disconnect --stack` tells which call it was.",
              "L30, linger0_abort"},
    PageFacts{"repair_close",
              "RFC 9293 has no such call; the nearest is ABORT, which sends a RST (3.10.5).",
              "__tcp_close() on a socket with TCP_REPAIR calls tcp_disconnect() without sending "
              "anything.",
              "Both directions shut and `repair` in the evidence.", "", "repair_open, silent, L45"},
    PageFacts{"admin_abort", "",
              "tcp_abort() sends a RST where the peer has a connection, and sets ECONNABORTED. It "
              "also takes orphans and minisockets, but not on 5.10.",
              "`error=ECONNABORTED`, with the RST before the change (`rst_sent_before=active`). Of "
              "a listener: CLOSE -> CLOSE follows.",
              "The process of the line is who did it, where it acted: `ss`, or an agent. `tcptwin "
              "life --closed-by admin` lists them.",
              "admin, listener_aborted, L46"},
    PageFacts{
        "listener_aborted", "",
        "tcp_abort() sets CLOSE once while it takes the listener down and once more at its end.",
        "CLOSE -> CLOSE with `error=ECONNABORTED` right after LISTEN -> CLOSE.", "",
        "admin_abort, L53"},
    PageFacts{
        "listener_closed_child", "",
        "inet_csk_listen_stop() takes each connection that nobody accepted through "
        "tcp_disconnect(): a RST. With net.ipv4.tcp_migrate_req they may move to another listener "
        "of the port instead (L26).",
        "A connection that no process ever owned ends right after LISTEN -> CLOSE of its listener.",
        "", "listener_closed, L25, L26"},
    PageFacts{"listen_failed",
              "An OPEN that cannot be done is an error and changes nothing (3.10.1).",
              "inet_csk_listen_start() sets LISTEN before it asks for the port, and takes it back.",
              "LISTEN -> CLOSE less than 5 ms after CLOSE -> LISTEN, without an error report: "
              "confidence C.",
              "", "passive_open, L16"},
    PageFacts{"connect_failed_local",
              "An OPEN that cannot be done is an error and changes nothing (3.10.1).",
              "tcp_v4_connect() and tcp_v6_connect() set SYN_SENT first, and take it back when "
              "there is no port or route.",
              "SYN_SENT -> CLOSE in the same call, no segment in or out, no error noted.",
              "`ss -s` and net.ipv4.ip_local_port_range when ports run out; `ip route get ADDRESS` "
              "for the route.",
              "active_open, time_wait_reused_by_connect, L16"},
    PageFacts{"child_setup_failed", "",
              "tcp_v4_syn_recv_sock() cannot finish the new socket (memory, or another CPU "
              "inserted it first) and closes it with tcp_done().",
              "SYN_RECV -> CLOSE of a socket that no process owns, at most one segment in, no RST. "
              "That rests on what was not seen: after a loss it is unverified.",
              "", "child_from_request, L12"},
    PageFacts{"orphan_resource_abort", "",
              "tcp_check_oom() at close() and tcp_out_of_resources() in the timers reset orphans "
              "beyond net.ipv4.tcp_max_orphans, or when net.ipv4.tcp_mem is used up. The end of a "
              "network namespace does the same, without a RST.",
              "An orphan goes to CLOSE without an error, with a RST of ours before or after it.",
              "`nstat -az TcpExtTCPAbortOnMemory` counts the same; `ss -s` counts the orphans.",
              "FIN_WAIT1, LAST_ACK, L35"},
    PageFacts{"request_timeout", "",
              "reqsk_timer_handler() repeats the SYN+ACK up to net.ipv4.tcp_synack_retries times "
              "(or TCP_SYNCNT of the listener) and then drops the request socket, without a RST.",
              "The request socket's timer expires and is not started again.",
              "`tcptwin stuck` reports listeners with old half-open connections.",
              "NEW_SYN_RECV, half_open, child_from_syncookie"},
    PageFacts{"request_dropped", "",
              "inet_csk_reqsk_queue_drop() is called for a RST, by `ss -K`, and for a request "
              "whose listener is gone.",
              "The request socket's timer is cancelled, no socket came of it and no RST was sent. "
              "Which of the three it was is not visible.",
              "`tcptwin trace --segments --cause request_dropped` shows a RST that came.",
              "NEW_SYN_RECV, L21, L25"},
    PageFacts{"request_reset_bad_syn", "",
              "tcp_check_req() answers another SYN inside the window with RST and drops the "
              "request socket.",
              "A RST that answers a segment on the listener, then the request socket's timer is "
              "cancelled.",
              "", "NEW_SYN_RECV, L20"},
    PageFacts{
        "accept_overflow_reset", "",
        "tcp_v4_syn_recv_sock() finds the accept queue full; with net.ipv4.tcp_abort_on_overflow "
        "the ACK is answered with RST. Without it the ACK is ignored (L23).",
        "A RST that answers a segment on the listener, then the request socket's timer is "
        "cancelled.",
        "`nstat -az TcpExtListenOverflows`; the queue's limit is the backlog of listen(), at most "
        "net.core.somaxconn.",
        "L23, L24, close_wait_unaccepted"},
    PageFacts{"unexplained",
              "RFC 9293 changes a state for a call, a segment or a time-out only (3.10).",
              "No known path of the kernel fits; code outside the TCP stack may write the state "
              "itself (L55).",
              "No rule fits the evidence of the change.",
              "`tcptwin trace --cause unexplained -x --stack` shows evidence and call path; a "
              "recording is worth a report.",
              "divergence, illegal_edge, unjustified_edge"},
    PageFacts{"resynchronised",
              "Says nothing about TCP: the missed change may have been as RFC 9293 has it (3.10).",
              "The kernel reported a change, but the record did not reach tcptwin.",
              "The event's old state is not the last one seen.",
              "`tcptwin trace --strict` exits with 4 after a loss; the summary tells where it was.",
              "gap, unseen, lost_before"},
};

}  // namespace

std::span<const PageFacts> ending_cause_facts() {
  return kEnding;
}

}  // namespace tcptwin::commands
