// SPDX-License-Identifier: MIT
// The states: what each means, what Linux makes of it, what ends it and what to do when it lasts.
#include <array>

#include "commands/page_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: name; rfc; kernel; seen; advice; see.
constexpr std::array kStates = {
    PageFacts{"CLOSE",
              "3.3.2: no connection, and no memory of one; whatever arrives is answered with RST "
              "unless it is one (3.10.7.1).",
              "TCP_CLOSE: a socket before connect() or listen(), or after its end. A closed socket "
              "with a descriptor still open stays here without being listed.",
              "Every line that ends in CLOSE; its cause is the end of the connection.",
              "`tcptwin life` has one line per connection that came here, with who, how and why.",
              "closed_by local, how fin"},
    PageFacts{"LISTEN", "3.3.2: waits for a SYN of any remote; 3.10.7.2 answers it with SYN+ACK.",
              "inet_csk_listen_start(). A listener never leaves LISTEN for a connection: each "
              "handshake has a request socket, then a socket of its own (L12).",
              "The columns of the remote end are 0.0.0.0 and 0.",
              "`nstat -az TcpExtListenOverflows TcpExtListenDrops` when clients wait.",
              "passive_open, syn_received, L12, L23, L24"},
    PageFacts{
        "SYN_SENT",
        "3.3.2: a SYN was sent, a matching SYN is awaited; R2 for it is at least 3 minutes (3.8.3, "
        "MUST-23).",
        "tcp_v4_connect(); SYNs are repeated net.ipv4.tcp_syn_retries times, about 131 s in all "
        "(L37). Any ICMP error ends it (L40).",
        "Begins with active_open; the time in the column MS is a round trip when it ends well.",
        "`tcptwin stuck --syn-sent 3s` lists attempts nobody answers.",
        "active_open, handshake_timeout, L16, L37, L40, lab:third-ack"},
    PageFacts{"SYN_RECV",
              "3.3.2: a SYN was received and answered, the ACK of our own SYN is awaited.",
              "In a socket only for an instant after the third ACK, with Fast Open, or in a "
              "simultaneous open. The handshake of a passive open is NEW_SYN_RECV (L12).",
              "Microseconds between child_from_request and handshake_ack_accepted.",
              "Seconds in it: Fast Open or a simultaneous open whose ACK does not come.",
              "NEW_SYN_RECV, simultaneous_open, child_from_tfo, L12, L14, lab:third-ack"},
    PageFacts{"NEW_SYN_RECV",
              "The SYN-RECEIVED of a passive open (3.3.2): the ACK of our own SYN is awaited.",
              "TCP_NEW_SYN_RECV: a request socket, not a socket. SYN+ACK is repeated "
              "net.ipv4.tcp_synack_retries times; a full accept queue keeps it here (L23), SYN "
              "cookies do without it (L13).",
              "No tracepoint reports it: its timer does, or the exact tier. The time in it is the "
              "handshake's round trip.",
              "`tcptwin stuck --half-open 5s` reports them by listener.",
              "SYN_RECV, syn_received, request_timeout, L12, L13, L23, lab:third-ack"},
    PageFacts{"ESTABLISHED", "3.3.2: data flows in both directions.",
              "Without data or SO_KEEPALIVE no timer runs: a dead peer is not noticed.",
              "Begins with synack_accepted or handshake_ack_accepted; the time in it is the "
              "connection's own.",
              "`ss -ti` shows round-trip time and retransmits; `tcptwin stuck` reports an end "
              "whose other end on this host is gone.",
              "synack_accepted, handshake_ack_accepted, keepalive_timeout, other_end_gone"},
    PageFacts{
        "FIN_WAIT1",
        "3.3.2: this end has closed; the ACK of its FIN, or the peer's FIN, is awaited.",
        "Entered when the FIN is queued: data before it may be unsent (L31). An orphan gives up "
        "after net.ipv4.tcp_orphan_retries (L36), or at once beyond net.ipv4.tcp_max_orphans "
        "(L35).",
        "Usually one round trip; `unacked=` and `unsent=` in the evidence tell what is waiting.",
        "`ss -to state fin-wait-1` shows queue and timer.",
        "local_close, fin_acked, stuck fin_wait1, L31, L35, L36"},
    PageFacts{"FIN_WAIT2",
              "3.3.2: our FIN is acknowledged, the peer's is awaited; without a limit.",
              "An orphan moves into a minisocket (L03) that waits net.ipv4.tcp_fin_timeout (L04). "
              "A socket that a process still owns, after shutdown(), waits without limit.",
              "The line orphan_fin_wait2_handover says that the minisocket took over.",
              "Look at the peer: it is in CLOSE_WAIT, or gone.",
              "fin_acked, stuck fin_wait2, fin_wait2_timeout, L03, L04, lab:half-close"},
    PageFacts{
        "CLOSE_WAIT", "3.3.2: the peer has closed; this end's own CLOSE is awaited.",
        "No timer ends it: only the process can (or a RST, keepalive, a failed transmission).",
        "The time in it is the program's; the owner on the line is who has to close.",
        "`tcptwin stuck` lists leaks with process and unit.",
        "fin_received, local_close_after_fin, stuck close_wait, close_wait_unaccepted, "
        "lab:half-close"},
    PageFacts{"CLOSING", "3.3.2: both ends closed at once; the ACK of our FIN is awaited.",
              "tcp_fin() sets it from FIN_WAIT1. An orphan gives up after "
              "net.ipv4.tcp_orphan_retries (L36).",
              "Begins with fin_received_before_ack; usually less than a round trip.", "",
              "fin_received_before_ack, both, stuck closing, L36"},
    PageFacts{"LAST_ACK",
              "3.3.2: the peer closed first, then this end; the ACK of our FIN is awaited.",
              "Entered when the FIN is queued (L31). An orphan gives up after "
              "net.ipv4.tcp_orphan_retries (L36). The ACK frees the ports at once.",
              "Usually one round trip, and the end of the connection: last_ack_received.", "",
              "local_close_after_fin, last_ack_received, stuck last_ack, L31, L36"},
    PageFacts{"TIME_WAIT",
              "3.3.2 and 3.6.1: both ends have closed; the active closer waits 2 MSL so that the "
              "peer surely has the last ACK and old segments die (MUST-13).",
              "A minisocket, not a state of the socket (L01); it lasts 60 s whatever the MSL is "
              "(L02). net.ipv4.tcp_max_tw_buckets bounds their number (L07).",
              "Entered with time_wait_entered, left with time_wait_expired about 60 s later; "
              "everything else that ends it has its own cause.",
              "Thousands are normal on a busy host and cost little; they matter when local ports "
              "run out.",
              "time_wait_entered, time_wait_expired, L01, L02, L07, L08, L09, L10, lab:time-wait, "
              "lab:two-msl, lab:rst-in-time-wait"},
};

}  // namespace

std::span<const PageFacts> state_facts() {
  return kStates;
}

}  // namespace tcptwin::commands
