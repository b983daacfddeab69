// SPDX-License-Identifier: MIT
// Verdicts, kinds of divergence, stuck connections, losses, reasons for doubt and the words of an
// ending: what stands behind each and what to do.
#include <array>

#include "commands/page_facts.h"

namespace tcptwin::commands {
namespace {

// Per row: name; rfc; kernel; seen; advice; see.
constexpr std::array kVerdicts = {
    PageFacts{"conformant",
              "The event processing of 3.10 leads from the old state to the new one, given what "
              "happened.",
              "Linux did the same.", "The rule on the line (`-x`, JSON) is the section.",
              "Nothing to do.", "deviation, divergence"},
    PageFacts{"deviation",
              "Says something else, or nothing; the page of the id tells which section.",
              "One of the documented habits of Linux, L01 to L56.",
              "The id stands behind the verdict; the summary counts each.",
              "`tcptwin explain L12` tells why Linux does it and whether it matters.",
              "conformant, L01, L12"},
    PageFacts{"divergence", "Does not lead there (3.10).",
              "No documented habit leads there either.",
              "A block with evidence, history and call path below the line; `--exit-code` makes it "
              "exit code 3.",
              "Read the block's last lines, then `tcptwin explain` with its kind; a recording is "
              "worth a report.",
              "illegal_edge, unjustified_edge, ghost, missing, timer_violation, pair_inconsistent, "
              "data_after_fin, forbidden_segment"},
    PageFacts{"unverified", "May well have been followed (3.10).", "May have done nothing unusual.",
              "The reason stands behind the verdict.",
              "If many: `tcptwin explain unseen` and the line `records` of the summary. Nothing is "
              "accused.",
              "earlier_loss, older_than_trace, evidence_lost, evidence_not_shown, "
              "too_many_waiting, minisocket_unseen, mptcp_subflow"},
    PageFacts{"gap", "May well have been followed (3.10).",
              "Reported a change whose record was missed.",
              "The cause is resynchronised; later lines of the connection are unverified.",
              "`tcptwin trace --buffer-size 64M` if the ring buffer was full; `tcptwin explain "
              "unseen` otherwise.",
              "resynchronised, lost_before, unseen, ring_buffer, recursion"},
};

constexpr std::array kDivergences = {
    PageFacts{"illegal_edge",
              "No call, segment or time-out of 3.10 leads from the one state to the other.",
              "Every change that the kernel's own code makes was read and provoked on 5.10 to 7.2; "
              "this is none of them.",
              "A block `divergence[illegal_edge]` with evidence, history and, with `--stack`, the "
              "call path.",
              "", "unexplained, unjustified_edge, L55"},
    PageFacts{"unjustified_edge",
              "The pair of states is in the table of 3.10, but its stimulus is not what the socket "
              "shows: a handshake without SYN+ACK, say.",
              "The kernel's code checks that stimulus before it changes the state.",
              "`allowed` says what the evidence would have led to, `evidence` what it was.", "",
              "unexplained, illegal_edge, L55"},
    PageFacts{"ghost", "After CLOSED nothing is left of a connection (3.3.2).",
              "tcp_destroy_sock was reported, or the end of a minisocket, and later the same "
              "socket acts or is listed.",
              "An event of a socket that was destroyed, or two censuses one after the other that "
              "list it.",
              "", "missing, L56"},
    PageFacts{"missing", "Every connection begins with an OPEN or a SYN (3.5, 3.10.1).",
              "Each of them changes a state that a tracepoint reports.",
              "A census lists a socket that no event announced, and the next census confirms it.",
              "", "ghost, unseen"},
    PageFacts{"timer_violation", "TIME-WAIT lasts 2 MSL, 4 minutes (3.6.1, MUST-13).",
              "TIME_WAIT lasts 60 s and the slack of the timer wheel, up to about 62 s; a segment "
              "in it starts the time again (L51).",
              "`allowed` names the bounds and how long it took.", "",
              "time_wait_expired, TIME_WAIT, L02, L51"},
    PageFacts{"pair_inconsistent",
              "Which pairs of states two ends can be in follows from 3.10: `tcptwin lab verify` "
              "walks through all of them.",
              "Both ends are sockets of this host, so both were seen.",
              "Two censuses in a row find both ends at rest, in states that cannot occur together.",
              "", "other_end_gone, lab:third-ack"},
    PageFacts{"data_after_fin",
              "No data follows a FIN (3.6: CLOSE means that there is nothing more to send).",
              "tcp_sendmsg() refuses data after the sending direction is shut.",
              "Needs `--segments`: a segment of the socket that reaches beyond its own FIN.", "",
              "forbidden_segment, L55"},
    PageFacts{"forbidden_segment",
              "A SYN belongs to SYN-SENT and SYN-RECEIVED, a FIN follows a CLOSE (3.10.1, 3.10.4).",
              "tcp_connect(), tcp_make_synack() and tcp_send_fin() are the only places that send "
              "them, each after its state change.",
              "Needs `--segments`: a SYN or FIN of the socket in a state that forbids it.", "",
              "data_after_fin, L55"},
};

constexpr std::array kStuck = {
    PageFacts{"syn_sent", "A SYN is repeated until R2, at least 3 minutes (3.8.3, MUST-23).",
              "net.ipv4.tcp_syn_retries repetitions, about 131 s in all (L37).",
              "`tcptwin stuck` after `--syn-sent` (10 s).",
              "`ip route get ADDRESS`; `tcptwin trace --segments` shows each SYN and that nothing "
              "answers.",
              "SYN_SENT, handshake_timeout, L37"},
    PageFacts{"half_open", "SYN-RECEIVED waits for the ACK of our SYN (3.10.7.4).",
              "A request socket repeats SYN+ACK net.ipv4.tcp_synack_retries times; a full accept "
              "queue ignores the ACK (L23).",
              "`tcptwin stuck` after `--half-open` (10 s), one line a listener with the number of "
              "handshakes.",
              "`ss -ltn` first: Recv-Q above Send-Q is a full accept queue, not the network.",
              "NEW_SYN_RECV, request_timeout, L13, L23"},
    PageFacts{"close_wait",
              "CLOSE-WAIT waits for the user's CLOSE, without a limit (3.3.2, 3.10.4).",
              "No timer ends it.",
              "`tcptwin stuck` after `--close-wait` (60 s), confirmed by a census, with process "
              "and unit.",
              "`ls -l /proc/PID/fd` shows the descriptors that pile up; a restart of the program "
              "frees them.",
              "CLOSE_WAIT, fin_received, close_wait_unaccepted"},
    PageFacts{
        "close_wait_unaccepted",
        "The connection is complete without the user's doing (3.10.7.4); the FIN is taken as well.",
        "It waits in the accept queue of its listener.",
        "`tcptwin stuck`, when a census has just looked and no process holds the socket.",
        "`ss -ltn`: Recv-Q is the queue. See what the process does instead of accept().",
        "CLOSE_WAIT, L23, accept_overflow_reset"},
    PageFacts{"fin_wait1", "FIN-WAIT-1 repeats the FIN until R2 (3.8.3).",
              "With a shut window the FIN is not even sent (L31). An orphan gives up after "
              "net.ipv4.tcp_orphan_retries (L36).",
              "`tcptwin stuck` after `--fin-wait1` (30 s) without a byte acknowledged in between.",
              "`ss -to state fin-wait-1`: a timer `persist` means that the peer's window is shut.",
              "FIN_WAIT1, retransmission_timeout, L31, L36"},
    PageFacts{"fin_wait2", "FIN-WAIT-2 waits for the peer's FIN, without a limit (3.3.2).",
              "An orphan waits net.ipv4.tcp_fin_timeout (L04); a socket that a process owns waits "
              "without limit.",
              "`tcptwin stuck` after `--fin-wait2` (120 s), for sockets that a process owns.", "",
              "FIN_WAIT2, fin_wait2_timeout, L04, lab:half-close"},
    PageFacts{"closing", "CLOSING repeats the FIN until R2 (3.8.3).",
              "An orphan gives up after net.ipv4.tcp_orphan_retries (L36).",
              "`tcptwin stuck` after `--fin-wait1` (30 s).", "",
              "CLOSING, retransmission_timeout, L36"},
    PageFacts{"last_ack", "LAST-ACK repeats the FIN until R2 (3.8.3).",
              "An orphan gives up after net.ipv4.tcp_orphan_retries (L36).",
              "`tcptwin stuck` after `--fin-wait1` (30 s).", "",
              "LAST_ACK, retransmission_timeout, L36"},
    PageFacts{"other_end_gone",
              "A half-open connection in the RFC's sense: one end is gone and the other has not "
              "learned it (3.5.1).",
              "Without data or SO_KEEPALIVE nothing tells the end that is left.",
              "`tcptwin stuck` after `--other-end-gone` (10 s); both ends were on this host.",
              "The name of the other process is on the line; look for something between the two "
              "that drops RSTs.",
              "ESTABLISHED, keepalive_timeout, pair_inconsistent"},
};

// A loss is tcptwin's own, so RFC 9293 has no part in it. Per row: name; -; kernel; seen; advice.
constexpr std::array kLosses = {
    PageFacts{"ring_buffer", "",
              "The program in the kernel found no room in the ring buffer for its record.",
              "A `loss` line, the counters LOST_* of the summary's `records`.",
              "`tcptwin trace --buffer-size 64M`, or filters: they run in the kernel.",
              "gap, unverified"},
    PageFacts{
        "recursion", "",
        "A program that interrupts itself on its CPU is refused by the kernel (recursion_misses). "
        "State changes are recovered by a side program; other events are not.",
        "A `loss` line; `side_recovered` counts what was saved.",
        "Nothing: it is rare, and its effect is said.", "gap, unverified"},
    PageFacts{"malformed", "",
              "Nothing: the record reached tcptwin and was refused there (wrong size, kind or "
              "version, an impossible value).",
              "A `loss` line, the counter MALFORMED.",
              "Record and report it: `tcptwin record FILE`; a recording of another version says so "
              "itself.",
              "recording"},
    PageFacts{"table", "",
              "Nothing: tcptwin's own table of connections was full, and the one that acted least "
              "recently went.",
              "A `loss` line.", "Filter, so that fewer connections are watched.", "unseen"},
    PageFacts{
        "unseen", "",
        "Some hosts run no programs in softirqs that interrupt certain tasks; nobody counts those.",
        "The next event of the socket contradicts its last known state.",
        "`tcptwin doctor` tells what this kernel allows; a census sets right what was missed.",
        "gap, resynchronised, missing"},
    PageFacts{"recording", "", "Nothing: the disk was full, or too slow, when it was recorded.",
              "A `loss` line where it happened in the replay.",
              "Record to a faster disk, or less: `--rotate`, filters.", "ring_buffer, malformed"},
};

// Per row: name; -; kernel; seen; advice.
constexpr std::array kDoubts = {
    PageFacts{"earlier_loss", "", "Nothing is known against the kernel.",
              "An event of the connection was missed before; until it begins anew nothing rests on "
              "firm ground.",
              "See the gap before it.", "gap, unseen"},
    PageFacts{
        "older_than_trace", "", "Nothing is known against the kernel.",
        "A census took the connection in; what the first step needs happened before the trace.",
        "Normal at the start of a trace.", "unverified"},
    PageFacts{"evidence_lost", "", "Nothing is known against the kernel.",
              "Events were lost between the connection's last change and this one, and the verdict "
              "rests on something that was not seen.",
              "As for the loss that was said near it.", "ring_buffer, recursion"},
    PageFacts{"evidence_not_shown", "", "Lacks a tracepoint that the verdict needs.",
              "The verdict rests on something that was not seen, and this kernel would not have "
              "shown it.",
              "`tcptwin doctor` tells what is missing and what would show it.", "unverified"},
    PageFacts{"too_many_waiting", "", "Nothing is known against the kernel.",
              "More steps than there is room for waited for evidence that comes later; the oldest "
              "was judged early.",
              "Filter, so that fewer connections are watched.", "table"},
    PageFacts{"minisocket_unseen", "",
              "Before 6.11 the tracepoints do not tell what reached a minisocket: a RST and `ss "
              "-K` look alike.",
              "A minisocket ended early.",
              "The exact tier knows (`tcptwin doctor` shows whether it is allowed).",
              "minisock_killed, time_wait_assassinated"},
    PageFacts{"mptcp_subflow", "", "MPTCP's worker closes subflows without the usual marks (L49).",
              "The change does not fit the evidence, and `mptcp` is set.", "Normal.", "L49"},
    PageFacts{
        "lost_before", "", "Nothing is known against the kernel.",
        "The kernel's old state is not the last one seen: an event between the two was missed.",
        "As for the loss that was said near it.", "gap, resynchronised, unseen"},
};

constexpr std::array kEndedBy = {
    PageFacts{"unknown", "Not asked (3.10).", "Reported the end, not what made it.",
              "An event was lost, or the evidence fits several causes.",
              "`tcptwin trace --stack` tells more of the next one.",
              "unexplained, gap, request_dropped"},
    PageFacts{
        "local", "CLOSE or ABORT of this end's user (3.10.4, 3.10.5).",
        "A process called close() or shutdown(), or ended: the kernel closes its sockets for it.",
        "The first FIN, or the RST, came from here.",
        "`tcptwin life --closed-by local` lists them with the process.",
        "local_close, local_shutdown, close_unread_abort, linger0_abort"},
    PageFacts{"remote", "A FIN or RST of the peer (3.10.7.4).",
              "tcp_fin() or tcp_reset() ran for a segment; an ICMP error during the handshake "
              "counts as well.",
              "The first FIN, or the RST, came from the peer.",
              "`tcptwin life --closed-by remote` lists them.",
              "fin_received, rst_received, icmp_error"},
    PageFacts{"both", "The FINs crossed: a simultaneous close (3.6, figure 13).",
              "tcp_fin() met FIN_WAIT1.", "The connection went through CLOSING.",
              "Normal, and rare.", "fin_received_before_ack, CLOSING"},
    PageFacts{"kernel", "A time-out (3.10.8), or nothing RFC 9293 knows (limits).",
              "A timer gave up, or a limit was reached.", "No call and no segment came before.",
              "`tcptwin life --closed-by kernel` lists them: look at the path and the peer.",
              "timeout, orphan_resource_abort, fin_wait2_timeout"},
    PageFacts{"admin", "ABORT is a call of the user (3.10.5); a third party is not foreseen.",
              "tcp_abort() for `ss -K`, bpf_sock_destroy and agents; TCP_REPAIR; the end of a "
              "network namespace.",
              "ECONNABORTED, repair mode, or a minisocket that ended early.",
              "`tcptwin life --closed-by admin` lists them.",
              "admin_abort, repair_close, minisock_killed, L46"},
};

constexpr std::array kEndedHow = {
    PageFacts{"unknown", "Not asked (3.10).", "Reported the end, not what made it.",
              "An event was lost, or the evidence fits several causes.",
              "`tcptwin trace --stack` tells more of the next one.", "unexplained, gap"},
    PageFacts{"fin", "Both directions were closed with a FIN, each acknowledged (3.6).",
              "tcp_send_fin() sent ours, tcp_fin() took the peer's.",
              "The end was TIME_WAIT, or LAST_ACK -> CLOSE.", "Normal.",
              "local_close, fin_received, TIME_WAIT, lab:time-wait"},
    PageFacts{"rst_sent",
              "ABORT sends a RST (3.10.5); so should a CLOSE with data unread, and data after "
              "CLOSE (3.6.1, SHLD-3).",
              "tcp_send_active_reset(), or tcp_v4_send_reset() in answer to a segment.",
              "`rst_sent=` in the evidence; the cause tells which of them.",
              "`tcptwin life --how rst_sent` names the processes.",
              "close_unread_abort, linger0_abort, data_after_close, minisock_reset_peer, L11"},
    PageFacts{"rst_received", "A valid RST ends the connection (3.5.3, 3.10.7.4).",
              "tcp_reset(); the process gets ECONNRESET, in CLOSE_WAIT EPIPE (L48).",
              "`rst_path` in the evidence, and no RST of ours behind it.",
              "`tcptwin life --how rst_received` lists the peers: a crash, a restart, a load "
              "balancer that forgot.",
              "cause rst_received, refused, L42, L48"},
    PageFacts{"refused",
              "A RST that acknowledges our SYN refuses the connection (3.10.7.3); a closed port "
              "sends it (3.10.7.1).",
              "tcp_reset() in SYN_SENT; the process gets ECONNREFUSED.",
              "SYN_SENT -> CLOSE by rst_received.",
              "Nobody listens there, or a firewall rejects: `ss -ltn` on the peer.",
              "cause rst_received, SYN_SENT"},
    PageFacts{"unreachable",
              "Only a hard ICMP error should end a connection, a soft one must not (3.9.2.2).",
              "During the handshake any does (L40), later none (L41).",
              "`error=` names it: EHOSTUNREACH, ENETUNREACH, ...",
              "`ip route get ADDRESS`, and the firewalls on the way.", "icmp_error, L40, L41"},
    PageFacts{
        "timeout",
        "The user time-out, R2, ends a connection whose data nobody acknowledges (3.8.3, 3.10.8).",
        "Retries are counted by net.ipv4.tcp_syn_retries, net.ipv4.tcp_synack_retries, "
        "net.ipv4.tcp_retries2 and net.ipv4.tcp_orphan_retries; FIN_WAIT2 has "
        "net.ipv4.tcp_fin_timeout.",
        "ETIMEDOUT, or a timer of a minisocket or request socket that expired.",
        "`tcptwin life --how timeout -x` shows retransmits: the path, the peer, or a NAT entry "
        "that is gone.",
        "handshake_timeout, retransmission_timeout, keepalive_timeout, zero_window_timeout, "
        "fin_wait2_timeout"},
    PageFacts{"silent",
              "In SYN-SENT, CLOSING, LAST-ACK and TIME-WAIT a connection may end without a segment "
              "(3.10.4, 3.10.5).",
              "tcp_disconnect() and tcp_abort() send a RST only where the peer has a connection to "
              "forget; TCP_REPAIR never does.",
              "No RST beside the end.", "`tcptwin life --how silent` names cause and process.",
              "close_in_syn_sent, connect_failed_local, repair_close, disconnect"},
};

}  // namespace

std::span<const PageFacts> verdict_facts() {
  return kVerdicts;
}
std::span<const PageFacts> divergence_facts() {
  return kDivergences;
}
std::span<const PageFacts> stuck_facts() {
  return kStuck;
}
std::span<const PageFacts> loss_facts() {
  return kLosses;
}
std::span<const PageFacts> doubt_facts() {
  return kDoubts;
}
std::span<const PageFacts> ended_by_facts() {
  return kEndedBy;
}
std::span<const PageFacts> ended_how_facts() {
  return kEndedHow;
}

}  // namespace tcptwin::commands
