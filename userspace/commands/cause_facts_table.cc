// SPDX-License-Identifier: MIT
// The causes of opening, of closing in order and of the minisockets: what Linux does and what of it
// is seen. What happened and what to look at is in model/cause.cc.
#include <array>

#include "commands/page_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: name; rfc; kernel; seen; advice; see.
constexpr std::array kOpening = {
    PageFacts{"passive_open", "",
              "inet_csk_listen_start() sets LISTEN first and asks for the port then; where that "
              "fails the state goes back (listen_failed).",
              "CLOSE -> LISTEN of a socket without a remote port.",
              "`ss -ltnp` shows the listener, its process and its accept queue.",
              "LISTEN, listen_failed, lab:third-ack"},
    PageFacts{"active_open", "",
              "tcp_v4_connect() and tcp_v6_connect() set SYN_SENT before a local port is chosen "
              "and before the SYN is sent (L16).",
              "CLOSE -> SYN_SENT with a remote port, neither TCP_REPAIR nor a deferred Fast Open. "
              "The local port may still read 0.",
              "", "SYN_SENT, L16, synack_accepted, lab:third-ack"},
    PageFacts{
        "repair_open", "RFC 9293 has no such call: an OPEN always sends a SYN (3.10.1).",
        "With TCP_REPAIR tcp_connect() finishes the connection by itself; no segment is sent.",
        "CLOSE -> SYN_SENT, `repair` in the evidence.",
        "`tcptwin trace --cause repair_open,repair_established,repair_close` shows who uses it.",
        "repair_established, repair_close"},
    PageFacts{"tfo_deferred_open", "",
              "tcp_fastopen_defer_connect() lets connect() return at once when a Fast Open cookie "
              "is known; the first write sends the SYN with its data.",
              "CLOSE -> SYN_SENT, `fastopen_connect` in the evidence, no segment sent yet.", "",
              "SYN_SENT, child_from_tfo"},
    PageFacts{
        "syn_received", "",
        "tcp_conn_request() keeps the handshake in a request socket, a fraction of a socket's "
        "size, and sends SYN+ACK. No tracepoint reports a state change: its timer shows it.",
        "The start of a request socket's timer; with the exact tier the function "
        "inet_csk_reqsk_queue_hash_add().",
        "`tcptwin stuck --half-open 5s` names listeners whose handshakes are not finished.",
        "NEW_SYN_RECV, child_from_request, request_timeout, L12, L24, lab:third-ack"},
    PageFacts{"synack_accepted", "",
              "tcp_rcv_synsent_state_process() checks the ACK and calls tcp_finish_connect().",
              "SYN_SENT left with segments received and all that was sent acknowledged.",
              "`tcptwin life -x` has the handshake's time of each connection (handshake=).",
              "ESTABLISHED, L43, lab:third-ack"},
    PageFacts{"repair_established",
              "RFC 9293 has no such call: only a segment leads to ESTABLISHED (3.10.7.3).",
              "tcp_connect() on a socket with TCP_REPAIR calls tcp_finish_connect() at once.",
              "SYN_SENT left without a segment in or out, `repair` in the evidence.", "",
              "repair_open, repair_close"},
    PageFacts{
        "simultaneous_open", "",
        "tcp_rcv_synsent_state_process() sees a SYN without ACK in SYN_SENT, goes to SYN_RECV and "
        "answers with SYN+ACK. A socket that connects to its own port meets its own SYN.",
        "SYN_SENT left with segments received and our SYN not acknowledged.",
        "`tcptwin trace --cause simultaneous_open` names the process; equal local and remote ports "
        "are a self-connect, a retry loop against a port of the ephemeral range.",
        "SYN_RECV, L18, lab:simultaneous-open"},
    PageFacts{"child_created", "",
              "inet_csk_clone_lock() copies the listener into a new socket when the handshake is "
              "finished, or at the SYN with Fast Open.",
              "LISTEN -> SYN_RECV on a socket never seen before, while events may be missing: what "
              "kept the handshake until now cannot be told.",
              "", "child_from_request, child_from_syncookie, child_from_tfo"},
    PageFacts{"child_from_request", "",
              "tcp_check_req() takes the third ACK, tcp_v4_syn_recv_sock() makes the socket with "
              "inet_csk_clone_lock(), and the request socket is retired.",
              "LISTEN -> SYN_RECV on a new socket that no process owns, and the end of a request "
              "socket's timer with the same addresses and ports.",
              "", "NEW_SYN_RECV, handshake_ack_accepted, L12, L23"},
    PageFacts{"child_from_tfo", "",
              "tcp_try_fastopen() makes the socket at the SYN; it can be accepted, read and "
              "written before the handshake ends.",
              "LISTEN -> SYN_RECV with `fastopen_child` or `syn_data_acked`, or a child that stays "
              "in SYN_RECV.",
              "`nstat -az TcpExtTCPFastOpenPassive` counts them.",
              "tfo_deferred_open, SYN_RECV, L14"},
    PageFacts{"child_from_syncookie", "",
              "cookie_v4_check() rebuilds the handshake from the ACK's numbers; until then nothing "
              "was stored.",
              "LISTEN -> SYN_RECV with neither a request socket nor a sign of Fast Open. That "
              "rests on what was not seen: after a loss it is unverified.",
              "`nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtListenOverflows` counts "
              "cookies and full queues.",
              "L13, L24, request_timeout"},
    PageFacts{"handshake_ack_accepted", "",
              "tcp_rcv_state_process() accepts the ACK in SYN_RECV; the socket then waits in the "
              "accept queue.",
              "SYN_RECV left with at least two segments received and our SYN acknowledged.",
              "`tcptwin life -x` has how long accept() took (accept_wait=).",
              "ESTABLISHED, L22, L23, lab:third-ack"},
    PageFacts{"local_close", "",
              "tcp_close_state() sets FIN_WAIT1 and tcp_send_fin() queues the FIN behind the data; "
              "after close() no process owns the socket any more (an orphan).",
              "ESTABLISHED left with both directions shut (`shutdown=rw`) and no RST sent.",
              "`tcptwin life --why local_close` names who closes first.",
              "FIN_WAIT1, TIME_WAIT, L31, lab:time-wait"},
    PageFacts{"local_shutdown", "",
              "tcp_shutdown() sets FIN_WAIT1 and queues the FIN; the process keeps the socket and "
              "goes on reading.",
              "ESTABLISHED left with the sending direction shut (`shutdown=w`).",
              "An owned FIN_WAIT2 has no time limit: `tcptwin stuck --fin-wait2 60s` finds those "
              "whose peer does not close.",
              "FIN_WAIT2, L34, lab:half-close"},
    PageFacts{"local_close_after_fin", "",
              "tcp_close_state() sets LAST_ACK and tcp_send_fin() queues the FIN, behind data that "
              "may be unsent still (L31).",
              "CLOSE_WAIT left with the sending direction shut and no RST sent.",
              "`tcptwin trace --cause local_close_after_fin`: the column MS is the time the "
              "program took.",
              "CLOSE_WAIT, LAST_ACK, L31"},
    PageFacts{"close_after_shutdown",
              "A CLOSE when the FIN is already queued sends no second one; the answer may be an "
              "error or ok (3.10.4).",
              "__tcp_close() sets the state again that it finds; the tracepoint reports a change "
              "from a state to itself.",
              "FIN_WAIT1, FIN_WAIT2, CLOSING or LAST_ACK to itself, in the process, with both "
              "directions shut.",
              "", "local_shutdown, L32"},
    PageFacts{"close_in_syn_received", "",
              "__tcp_close() sends FIN from SYN_RECV; Fast Open data that is not acknowledged yet "
              "does not hold it up (L14).",
              "SYN_RECV left with both directions shut and no RST sent.", "",
              "child_from_tfo, simultaneous_open, L14, L34"},
    PageFacts{"close_in_syn_sent", "",
              "__tcp_close() ends the socket; the peer, if it ever answers, gets a RST from a "
              "closed port.",
              "SYN_SENT -> CLOSE with both directions shut.",
              "`tcptwin life --why close_in_syn_sent` shows how long each program had waited.",
              "handshake_timeout, SYN_SENT"},
    PageFacts{"fin_received", "",
              "tcp_fin() sets RCV_SHUTDOWN and SOCK_DONE, then CLOSE_WAIT; a FIN beyond a hole in "
              "the data waits until the hole is filled.",
              "ESTABLISHED left with the receiving direction shut and the mark `fin_received`.",
              "`tcptwin stuck` reports CLOSE_WAIT that lasts.",
              "CLOSE_WAIT, local_close_after_fin, lab:half-close"},
    PageFacts{"fin_received_before_ack", "",
              "tcp_fin() sets CLOSING when it meets FIN_WAIT1 and our FIN is unacknowledged.",
              "FIN_WAIT1 left with the mark `fin_received` and `unacked` above 0.", "",
              "CLOSING, both"},
    PageFacts{"fin_in_syn_received", "",
              "tcp_fin() has the case, but no way to it is known: SYN+FIN is dropped in LISTEN "
              "(L43), and a FIN on the handshake's ACK first leads to ESTABLISHED (L06).",
              "SYN_RECV left with the receiving direction shut and the mark `fin_received`.",
              "`tcptwin trace --cause fin_in_syn_received --stack` shows the call path; please "
              "report it.",
              "SYN_RECV, L06, L43"},
    PageFacts{"fin_acked", "",
              "tcp_rcv_state_process() finds everything acknowledged and sets FIN_WAIT2. An orphan "
              "moves on into a minisocket at once (L03).",
              "FIN_WAIT1 left with `unacked` 0.", "", "FIN_WAIT2, orphan_fin_wait2_handover, L06"},
    PageFacts{
        "last_ack_received", "",
        "tcp_rcv_state_process() finds the FIN acknowledged and calls tcp_done(); the socket is "
        "gone at once, its ports are free.",
        "LAST_ACK -> CLOSE with the peer's FIN received, everything acknowledged and no error.", "",
        "LAST_ACK, lab:time-wait"},
    PageFacts{"listener_closed", "",
              "__tcp_close() ends the listener; inet_csk_listen_stop() resets what nobody accepted "
              "(L25).",
              "LISTEN -> CLOSE with both directions shut.",
              "Connections lost with it: `tcptwin life --why listener_closed_child`.",
              "listener_closed_child, L25, L26"},
    PageFacts{
        "time_wait_entered", "",
        "tcp_time_wait() makes a minisocket for TIME_WAIT and closes the socket: the kernel's own "
        "tracepoint says FIN_WAIT2 or CLOSING -> CLOSE (L01). The timer runs for 60 s (L02).",
        "The start of a minisocket's timer right before the socket ends, both FINs exchanged. With "
        "the exact tier the function tcp_time_wait().",
        "`tcptwin snapshot --state TIME_WAIT` shows each with the time it has left.",
        "TIME_WAIT, L01, L02, L07, lab:time-wait, lab:two-msl"},
    PageFacts{"time_wait_expired", "",
              "tw_timer_handler() calls inet_twsk_kill() after 60 s, up to about 62 s with the "
              "timer wheel's slack; an ACK or FIN in between starts the time again (L51).",
              "The minisocket's timer expires while it is in TIME_WAIT. A shorter or much longer "
              "life is a timer_violation.",
              "", "TIME_WAIT, L02, L51, timer_violation, lab:two-msl"},
    PageFacts{
        "time_wait_skipped", "",
        "inet_twsk_alloc() gives no minisocket: net.ipv4.tcp_max_tw_buckets is reached or memory "
        "is short. tcp_time_wait() then just closes.",
        "FIN_WAIT2 or CLOSING -> CLOSE with both FINs exchanged and acknowledged, no minisocket "
        "and no RST. That rests on what was not seen: after a loss it is unverified.",
        "`nstat -az TcpExtTCPTimeWaitOverflow` counts the same; raise net.ipv4.tcp_max_tw_buckets, "
        "or let the clients close first.",
        "L07, TIME_WAIT, lab:time-wait"},
    PageFacts{"time_wait_reopened_by_syn", "",
              "tcp_timewait_state_process() accepts a SYN with a sequence number above the last "
              "one, or a newer timestamp; the listener then takes it.",
              "The minisocket's timer is cancelled and a request socket of the same addresses and "
              "ports starts.",
              "", "TIME_WAIT, syn_received, L09, lab:time-wait"},
    PageFacts{
        "time_wait_reused_by_connect", "",
        "tcp_twsk_unique() lets connect() have the ports where net.ipv4.tcp_tw_reuse allows it and "
        "timestamps protect the new connection.",
        "The minisocket's timer is cancelled after CLOSE -> SYN_SENT with the same addresses and "
        "ports.",
        "Local ports are the limit: see net.ipv4.ip_local_port_range, and keep connections open.",
        "L08, TIME_WAIT, connect_failed_local"},
    PageFacts{"time_wait_assassinated", "",
              "tcp_timewait_state_process() ends the minisocket at a RST with exactly the next "
              "sequence number, unless net.ipv4.tcp_rfc1337 is set.",
              "A RST reaches the minisocket and its timer is cancelled. Before 6.11 the segment is "
              "seen by the exact tier only.",
              "", "L10, minisock_killed, lab:rst-in-time-wait"},
    PageFacts{"orphan_fin_wait2_handover", "",
              "tcp_rcv_state_process() or __tcp_close() calls tcp_time_wait() with the substate "
              "FIN_WAIT2, for the time of net.ipv4.tcp_fin_timeout.",
              "The start of a minisocket's timer with the substate FIN_WAIT2, on an orphan.", "",
              "FIN_WAIT2, fin_wait2_timeout, minisock_reset_peer, L03"},
    PageFacts{"orphan_fin_wait2_dropped",
              "RFC 9293 lets FIN-WAIT-2 wait for the peer's FIN (3.10.7.4); running out of room is "
              "not foreseen.",
              "tcp_time_wait() gets no minisocket from inet_twsk_alloc(): "
              "net.ipv4.tcp_max_tw_buckets is reached or memory is short.",
              "FIN_WAIT2 -> CLOSE of an orphan without an error, a RST or a minisocket. That rests "
              "on what was not seen: confidence C.",
              "`nstat -az TcpExtTCPTimeWaitOverflow` counts the same.", "L07, time_wait_skipped"},
    PageFacts{"fin_wait2_timeout", "",
              "The minisocket's timer ends the wait after net.ipv4.tcp_fin_timeout, or "
              "TCP_LINGER2; no segment is sent, so the peer stays in CLOSE_WAIT.",
              "The minisocket's timer expires while its substate is still FIN_WAIT2.",
              "On the peer: `tcptwin stuck` shows the process that does not close.",
              "FIN_WAIT2, L04, stuck close_wait"},
    PageFacts{"minisock_reset_peer",
              "Data after CLOSE should be answered with RST (3.6.1, SHLD-3).",
              "tcp_timewait_state_process() has no buffer for data: it answers with RST and ends "
              "the minisocket.",
              "A RST is sent for the minisocket and its timer is cancelled.",
              "`tcptwin life --why minisock_reset_peer` names the process that closed too early.",
              "L50, data_after_close, orphan_fin_wait2_handover"},
    PageFacts{"minisock_killed", "",
              "tcp_abort() ends one (`ss -K`; not yet on 5.10, on 6.1 and later), "
              "inet_twsk_purge() all of a network namespace.",
              "The minisocket's timer is cancelled and nothing else was seen that ends it. Where "
              "the kernel does not show what reached it (tracepoints before 6.11) a RST looks the "
              "same, and it is unverified.",
              "", "L46, L47, time_wait_assassinated, minisocket_unseen"},
};

}  // namespace

std::span<const PageFacts> opening_cause_facts() {
  return kOpening;
}

}  // namespace tcptwin::commands
