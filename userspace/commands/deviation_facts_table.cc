// SPDX-License-Identifier: MIT
// The deviations: what depends on the kernel's version, and what to do. What Linux does, why, what
// the RFC says, where and how it is recognised is in model/dialect_catalogue.cc.
#include <array>

#include "commands/page_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: name; rfc (catalogue); kernel: versions; seen (catalogue); advice; see.
constexpr std::array kDeviations = {
    PageFacts{"L01", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal. Count TIME_WAIT with `tcptwin snapshot --state TIME_WAIT` or `ss -tan state "
              "time-wait`; no process owns them.",
              "TIME_WAIT, time_wait_entered, L02"},
    PageFacts{
        "L02", "",
        "No difference is known between 5.10 and 7.2; no sysctl changes it "
        "(net.ipv4.tcp_fin_timeout is for FIN_WAIT2).",
        "", "Normal. Too many on a server: let the clients close first, or keep connections open.",
        "TIME_WAIT, time_wait_expired, lab:two-msl"},
    PageFacts{"L03", "", "No difference is known between 5.10 and 7.2.", "", "Normal.",
              "orphan_fin_wait2_handover, L04, L50"},
    PageFacts{"L04", "",
              "No difference is known between 5.10 and 7.2. With shutdown() instead of close() the "
              "process keeps the socket and no such limit holds.",
              "", "A peer that never closes: look for CLOSE_WAIT there (`tcptwin stuck`).",
              "fin_wait2_timeout, FIN_WAIT2, L54"},
    PageFacts{"L05", "", "No difference is known between 5.10 and 7.2.", "",
              "The program asked for it; what the peer still sends is lost.", "linger2_abort"},
    PageFacts{"L06", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal: read the two lines as one.", "fin_acked, time_wait_entered"},
    PageFacts{
        "L07", "", "No difference is known between 5.10 and 7.2.", "",
        "Compare `ss -s` with net.ipv4.tcp_max_tw_buckets; `nstat -az TcpExtTCPTimeWaitOverflow` "
        "counts. A repeated FIN now meets a closed port and gets RST.",
        "time_wait_skipped, orphan_fin_wait2_dropped, lab:time-wait"},
    PageFacts{"L08", "",
              "net.ipv4.tcp_tw_reuse is 2 by default: on loopback only. "
              "net.ipv4.tcp_tw_reuse_delay is not there on 6.12, it is on 6.18.",
              "",
              "Normal on busy clients. If connect() fails for want of ports, widen "
              "net.ipv4.ip_local_port_range first.",
              "time_wait_reused_by_connect, connect_failed_local"},
    PageFacts{"L09", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal for clients that reuse their ports fast; many mean that a client runs out of "
              "ports.",
              "time_wait_reopened_by_syn, lab:time-wait"},
    PageFacts{"L10", "",
              "What ended the minisocket shows from 6.11 on, before with the exact tier only.", "",
              "Harmless as a rule; with net.ipv4.tcp_rfc1337 set such a RST is ignored.",
              "time_wait_assassinated, lab:rst-in-time-wait"},
    PageFacts{
        "L11", "", "No difference is known between 5.10 and 7.2.", "",
        "Normal. Programs that close with RST (SO_LINGER 0) give up the protection of TIME_WAIT.",
        "rst_sent, linger0_abort, lab:time-wait"},
    PageFacts{"L12", "",
              "No difference is known between 5.10 and 7.2. Up to 6.12 the event of the new socket "
              "still carries the listener's addresses.",
              "", "Normal: each accepted connection shows it once.",
              "child_from_request, NEW_SYN_RECV, lab:third-ack"},
    PageFacts{"L13", "", "No difference is known between 5.10 and 7.2.", "",
              "Now and then: normal. Constantly: a SYN flood, or a queue that is too short (the "
              "backlog of listen(), net.core.somaxconn, net.ipv4.tcp_max_syn_backlog).",
              "child_from_syncookie, L24"},
    PageFacts{"L14", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal where Fast Open is used. Data in a SYN may be delivered twice: the "
              "application must bear that.",
              "child_from_tfo, close_in_syn_received"},
    PageFacts{"L15", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal; a socket that stays so never wrote anything.", "tfo_deferred_open"},
    PageFacts{"L16", "", "No difference is known between 5.10 and 7.2.", "",
              "No segment left this host: look for ports (net.ipv4.ip_local_port_range) and the "
              "route (`ip route get ADDRESS`).",
              "connect_failed_local, listen_failed"},
    PageFacts{"L17", "", "No difference is known between 5.10 and 7.2.", "",
              "Nothing: a program gets the error.", "LISTEN"},
    PageFacts{"L18", "", "Seen on 5.10; 6.1 and later take the SYN+ACK.", "",
              "A newer kernel; the connection does not come up otherwise.",
              "simultaneous_open, lab:simultaneous-open"},
    PageFacts{"L19", "", "No difference is known between 5.10 and 7.2.", "", "Normal.",
              "rst_received, SYN_RECV"},
    PageFacts{
        "L20", "", "No difference is known between 5.10 and 7.2.", "",
        "A client restarted with the same port, or two share one NAT address; rare otherwise.",
        "request_reset_bad_syn"},
    PageFacts{"L21", "",
              "Differs between point releases: the source of 6.18.0 drops the request, 6.12.107 "
              "and 6.18.44 answer with a challenge ACK.",
              "",
              "Update the kernel; until then a stranger who guesses the window can end half-open "
              "connections.",
              "request_dropped, L42"},
    PageFacts{
        "L22", "", "No difference is known between 5.10 and 7.2.", "",
        "Normal for servers that set it; clients that wait for the server to speak first hang.",
        "NEW_SYN_RECV"},
    PageFacts{"L23", "", "No difference is known between 5.10 and 7.2.", "",
              "`ss -ltn`: Recv-Q above Send-Q. The program must accept() faster, or listen() with "
              "a larger backlog (bounded by net.core.somaxconn).",
              "accept_overflow_reset, close_wait_unaccepted, L24, lab:third-ack"},
    PageFacts{"L24", "", "No difference is known between 5.10 and 7.2.", "",
              "`nstat -az TcpExtListenDrops TcpExtListenOverflows`; clients see it as a connect "
              "that takes a second or more.",
              "L13, L23, syn_received"},
    PageFacts{"L25", "", "No difference is known between 5.10 and 7.2.", "",
              "Drain before a restart: stop new connections, accept() what waits, then close; or "
              "hand the listening socket over.",
              "listener_closed_child, listener_closed, L26"},
    PageFacts{
        "L26", "", "Not on 5.10; on 6.1 and later.", "",
        "Set net.ipv4.tcp_migrate_req where several listeners share a port and restart one by one.",
        "L25, listener_closed_child"},
    PageFacts{"L27", "", "No difference is known between 5.10 and 7.2.", "",
              "Read to the end before close().", "close_unread_abort, L52"},
    PageFacts{"L28", "", "No difference is known between 5.10 and 7.2.", "",
              "Close only after the peer's FIN, or use shutdown(SHUT_WR) and read on.",
              "data_after_close, lab:half-close"},
    PageFacts{"L29", "",
              "No difference is known between 5.10 and 7.2. The kernel's own reset reason for it "
              "(6.12 on) is TCP_STATE; ABORT_ON_LINGER means L05.",
              "", "The program asked for it; data that the peer has not acknowledged is lost.",
              "linger0_abort, L05, L11"},
    PageFacts{"L30", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal in connection pools and in servers that stop accept() with shutdown().",
              "disconnect"},
    PageFacts{"L31", "", "No difference is known between 5.10 and 7.2.", "",
              "A long FIN_WAIT1 or LAST_ACK may mean that the peer does not read: `ss -to state "
              "fin-wait-1` shows its queue and timer.",
              "FIN_WAIT1, LAST_ACK, local_close"},
    PageFacts{"L32", "", "No difference is known between 5.10 and 7.2.", "", "Normal.",
              "close_after_shutdown"},
    PageFacts{"L33", "", "No difference is known between 5.10 and 7.2.", "",
              "Do not use it to tell the peer anything; a later close() with such data sends RST.",
              "close_unread_abort, L27"},
    PageFacts{"L34", "",
              "In all builds that were read (5.10.223, 6.1.176, 6.12.107, 6.18.0, 7.2.13); older "
              "point releases go to FIN_WAIT1 at once.",
              "", "Normal.", "local_shutdown, close_in_syn_received"},
    PageFacts{"L35", "", "No difference is known between 5.10 and 7.2.", "",
              "`ss -s` counts orphans, /proc/net/sockstat memory; find who closes with unsent data "
              "before raising net.ipv4.tcp_max_orphans or net.ipv4.tcp_mem.",
              "orphan_resource_abort"},
    PageFacts{"L36", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal when peers vanish; raise net.ipv4.tcp_orphan_retries only if last data gets "
              "lost on slow paths.",
              "retransmission_timeout, FIN_WAIT1"},
    PageFacts{"L37", "",
              "131 s with net.ipv4.tcp_syn_linear_timeouts (there on 6.12 and later), 127 s "
              "without (5.10, 6.1).",
              "",
              "Programs that want another limit set TCP_SYNCNT or TCP_USER_TIMEOUT, or a time-out "
              "of their own.",
              "handshake_timeout, SYN_SENT"},
    PageFacts{"L38", "", "No difference is known between 5.10 and 7.2.", "",
              "It is what SO_KEEPALIVE is for; make net.ipv4.tcp_keepalive_time shorter than NAT "
              "and firewalls remember.",
              "keepalive_timeout"},
    PageFacts{"L39", "", "No difference is known between 5.10 and 7.2.", "",
              "The program's choice: look at its settings, then at the path.", "user_timeout"},
    PageFacts{"L40", "", "No difference is known between 5.10 and 7.2.", "",
              "The error tells who answered: `ip route get ADDRESS` and the firewalls on the way.",
              "icmp_error, L41, unreachable"},
    PageFacts{
        "L41", "", "No difference is known between 5.10 and 7.2.", "",
        "Nothing to do: the connection goes on and ends by a time-out if the path stays broken.",
        "icmp_error, retransmission_timeout"},
    PageFacts{"L42", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal; `nstat -az TcpExtTCPChallengeACK` counts what was answered instead.",
              "rst_received"},
    PageFacts{"L43", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal; the FIN is taken when the peer repeats it.",
              "synack_accepted, fin_in_syn_received"},
    PageFacts{"L44", "",
              "No difference is known between 5.10 and 7.2; seen 8 to 15 ms after the segment.", "",
              "Normal after a host was restarted.", "SYN_SENT, active_open"},
    PageFacts{"L45", "", "No difference is known between 5.10 and 7.2.", "",
              "Expected from CRIU and live migration; from anything else it is worth a question.",
              "repair_open, repair_established, repair_close"},
    PageFacts{"L46", "", "5.10 does not end TIME_WAIT or orphans so, 6.1 and later do.", "",
              "Who did it is on the line; `tcptwin life --closed-by admin` lists what was ended.",
              "admin_abort, minisock_killed, admin"},
    PageFacts{"L47", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal when a container ends.", "minisock_killed"},
    PageFacts{"L48", "", "No difference is known between 5.10 and 7.2.", "",
              "Know it when reading logs: EPIPE may be a RST, too.", "rst_received"},
    PageFacts{"L49", "", "The cloud build of Debian's 5.10 has no MPTCP.", "",
              "Judge MPTCP connections by their own tools (`ss -M`); here only what is certain is "
              "said of their subflows.",
              "unverified, mptcp_subflow"},
    PageFacts{"L50", "",
              "No difference is known between 5.10 and 7.2; the tracepoint for such a RST fires "
              "from 6.12 on, not on 5.10 and 6.1.",
              "",
              "This side closes too early: see who still sends (`tcptwin life --why "
              "minisock_reset_peer`).",
              "minisock_reset_peer, L03"},
    PageFacts{"L51", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal; it explains a TIME_WAIT that lasts longer than 60 s.",
              "time_wait_expired, timer_violation"},
    PageFacts{
        "L52", "", "No difference is known between 5.10 and 7.2.", "",
        "Normal; the peer closed in order and does not learn that its last data was not read.",
        "close_unread_abort, L27"},
    PageFacts{"L53", "", "No difference is known between 5.10 and 7.2.", "",
              "Normal: read the two lines as one.", "listener_aborted, admin_abort"},
    PageFacts{"L54", "", "No difference is known between 5.10 and 7.2.", "",
              "The program's choice; net.ipv4.tcp_fin_timeout is the limit for others.",
              "FIN_WAIT2, L04"},
    PageFacts{"L55", "", "Read in the source only in part; not provoked here.", "",
              "`tcptwin trace --verdict divergence --stack` names the code that acted.",
              "illegal_edge, unjustified_edge"},
    PageFacts{"L56", "", "No difference is known between 5.10 and 7.2.", "",
              "Nothing; do not identify a connection by its kernel address.", "ghost"},
};

}  // namespace

std::span<const PageFacts> deviation_facts() {
  return kDeviations;
}

}  // namespace tcptwin::commands
