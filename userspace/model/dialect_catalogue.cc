// SPDX-License-Identifier: MIT
// The catalogue of Linux' deviations from RFC 9293, L01 to L56: what Linux does, why, what the
// RFC says, where in the kernel, and how tcptwin tells. The arrows are in linux_dialect.cc.
#include "model/linux_dialect.h"

namespace tcptwin::model {
namespace {

constexpr Severity kBenign = Severity::Benign;
constexpr Severity kNotable = Severity::Notable;
constexpr Severity kViolates = Severity::Violates;

// Per row: id, severity; title; why; rfc; where; recognised.
constexpr std::array<DialectEntry, kDialectCount> kCatalogue = {{
    {dialect(1), kBenign,
     "TIME_WAIT is no state of the socket: the socket goes to CLOSE, a minisocket waits instead.",
     "A minisocket needs a fraction of the memory of a full socket.",
     "3.3.2: TIME-WAIT is a state of the connection.", "tcp_time_wait()",
     "A minisocket timer of substate TIME_WAIT starts right before FIN_WAIT2 or CLOSING -> CLOSE."},
    {dialect(2), kNotable, "TIME_WAIT lasts 60 s, whatever the maximum segment lifetime is.",
     "Four minutes of memory and ports per connection are too expensive.",
     "MUST-13: 2 x MSL, with MSL = 2 minutes, which is 240 s.",
     "TCP_TIMEWAIT_LEN, a constant of the build",
     "The minisocket lives 60 to about 62 s (the slack is the timer wheel's)."},
    {dialect(3), kBenign,
     "An orphan's FIN_WAIT2 moves into a minisocket, which drops or resets data.",
     "Nobody can read any more, so a full socket would be wasted.",
     "3.10.7.4: FIN-WAIT-2 still takes segments as a full connection does.",
     "tcp_time_wait(TCP_FIN_WAIT2)",
     "A minisocket timer of substate FIN_WAIT2 starts right before FIN_WAIT2 -> CLOSE."},
    {dialect(4), kNotable,
     "FIN_WAIT2 ends by a timer when the peer never sends its FIN, without a segment.",
     "Peers that leak CLOSE_WAIT would otherwise hold memory here for ever.",
     "No such time-out exists: FIN-WAIT-2 waits without limit.",
     "net.ipv4.tcp_fin_timeout, TCP_LINGER2",
     "The minisocket's timer expires while its substate is still FIN_WAIT2."},
    {dialect(5), kBenign,
     "With TCP_LINGER2 below 0 a closed socket does not wait in FIN_WAIT2 at all.",
     "A program may ask for it.", "3.10.4 knows no such option.",
     "__tcp_close(), tcp_rcv_state_process(); TCP_LINGER2",
     "The option is negative in the snapshot of FIN_WAIT2 -> CLOSE."},
    {dialect(6), kBenign,
     "A segment that both acknowledges our FIN and carries the peer's makes two steps, through "
     "FIN_WAIT2 (in SYN_RECV: through ESTABLISHED).",
     "The ACK and the FIN are processed one after the other.",
     "Figure 5, note 2: FIN-WAIT-1 -> TIME-WAIT is one arrow.", "tcp_rcv_state_process()",
     "The two state changes are less than a millisecond apart."},
    {dialect(7), kViolates,
     "TIME_WAIT is skipped when there are too many, or no memory for the minisocket.",
     "A limit against exhaustion.", "MUST-13: the active closer must linger for 2 x MSL.",
     "net.ipv4.tcp_max_tw_buckets; TcpExt TCPTimeWaitOverflow",
     "FIN_WAIT2 or CLOSING -> CLOSE with the peer's FIN received and ours acknowledged, without a "
     "minisocket."},
    {dialect(8), kBenign,
     "connect() may take over the addresses and ports of a connection in TIME_WAIT.",
     "Busy clients run out of local ports.",
     "RFC 6191 and SHLD-4 allow it where timestamps protect the new connection.",
     "tcp_twsk_unique(); net.ipv4.tcp_tw_reuse, tcp_tw_reuse_delay (6.18)",
     "The minisocket's timer is cancelled after CLOSE -> SYN_SENT of the same addresses and "
     "ports."},
    {dialect(9), kNotable,
     "A SYN with a higher sequence number or newer timestamp reopens TIME_WAIT, for good.",
     "The way back was left out for simplicity.",
     "3.6.1, MAY-2: return to TIME-WAIT if the SYN proves to be an old duplicate.",
     "tcp_timewait_state_process()",
     "The minisocket's timer is cancelled and a request socket of the same addresses and ports "
     "starts."},
    {dialect(10), kNotable, "A RST at exactly the expected sequence number ends TIME_WAIT.",
     "The text allows it, and it is the default.", "3.10.7.4 allows it; RFC 1337 warns of it.",
     "net.ipv4.tcp_rfc1337",
     "The minisocket's timer is cancelled and neither a SYN nor a connect() explains it."},
    {dialect(11), kNotable, "Whoever sends a RST does not enter TIME-WAIT.", "It was never built.",
     "3.5.2 and figure 5, note 3: the sender of a RST should enter TIME-WAIT.",
     "tcp_send_active_reset()", "A reset was sent and no minisocket was started."},
    {dialect(12), kBenign,
     "A passive open lives in a request socket; a new socket appears in SYN_RECV at the third ACK "
     "and the listener stays in LISTEN.",
     "One listener serves many handshakes, and each must be small.",
     "3.10.7.2: LISTEN -> SYN-RECEIVED at the SYN.", "inet_csk_clone_lock()",
     "LISTEN -> SYN_RECV on a socket that was never seen before and belongs to no process yet."},
    {dialect(13), kBenign,
     "With a SYN cookie the handshake is kept nowhere until its third ACK; some options may be "
     "lost.",
     "It keeps a SYN flood from filling the queue.", "RFC 4987 describes it; RFC 9293 does not.",
     "net.ipv4.tcp_syncookies",
     "A child appears without a request timer and without signs of Fast Open."},
    {dialect(14), kBenign,
     "With TCP Fast Open data is delivered and sent in SYN_RECV; a close there leads to FIN_WAIT1 "
     "with data still unsent.",
     "RFC 7413 saves a round trip.", "3.10.4: queue the CLOSE until ESTABLISHED.",
     "tcp_try_fastopen(); net.ipv4.tcp_fastopen",
     "fastopen_rsk, syn_data_acked or the Fast Open mark of the child is set."},
    {dialect(15), kBenign,
     "With TCP_FASTOPEN_CONNECT a socket is in SYN_SENT before a SYN was sent.",
     "The first write shall ride on the SYN.", "3.10.1: OPEN sends the SYN.",
     "tcp_fastopen_defer_connect()", "SYN_SENT with fastopen_connect set and no segment sent."},
    {dialect(16), kBenign,
     "SYN_SENT is set before a port and a route are chosen; a connect() that fails there shows as "
     "CLOSE -> SYN_SENT -> CLOSE.",
     "The order of the code.", "3.10.1: SYN-SENT follows the SYN.",
     "tcp_v4_connect(), tcp_v6_connect()",
     "No segment in or out, no error, microseconds apart in one call."},
    {dialect(17), kBenign, "A listening socket cannot be turned into a connecting one.",
     "The sockets interface refuses it (EISCONN).",
     "3.10.1 and 3.10.2: OPEN or SEND in LISTEN leads to SYN-SENT.", "__inet_stream_connect()",
     "LISTEN -> SYN_SENT never occurs; if it did, it would be a divergence."},
    {dialect(18), kNotable,
     "On 5.10 a simultaneous open only completes by a bare ACK, not by SYN+ACK.",
     "A fault, repaired later.", "3.10.7.4, fifth check: an acceptable ACK completes it.",
     "tcp_validate_incoming()", "SYN_RECV after SYN_SENT that stays until it times out."},
    {dialect(19), kBenign, "A RST in SYN_RECV ends the socket; there is no way back to LISTEN.",
     "The listener never left LISTEN, so only the child is to be removed.",
     "3.10.7.4, second check: back to LISTEN if the open was passive.", "tcp_reset()",
     "SYN_RECV -> CLOSE with a reset received."},
    {dialect(20), kNotable,
     "A different SYN inside a half-open connection is answered with RST and the connection is "
     "dropped.",
     "The two ends disagree, and a clear answer ends it.",
     "3.10.7.4, fourth check: return to LISTEN silently.", "tcp_check_req()",
     "A reset answering a segment on the listener, and the request timer is cancelled."},
    {dialect(21), kNotable,
     "On older point releases a RST that is in the window but not exact drops a half-open "
     "connection.",
     "Repaired in newer stable kernels.", "RFC 5961 3.2: answer with a challenge ACK.",
     "tcp_check_req()", "The request timer is cancelled and no reset was sent."},
    {dialect(22), kBenign, "With TCP_DEFER_ACCEPT the third ACK is ignored until data comes.",
     "A server need not wake up for a client that says nothing.",
     "3.10.7.4, fifth check: the ACK leads to ESTABLISHED.", "tcp_check_req(); TCP_DEFER_ACCEPT",
     "The half-open connection lives on although the peer believes it is established."},
    {dialect(23), kNotable,
     "With a full accept queue the third ACK is ignored, or answered with RST where "
     "tcp_abort_on_overflow is set.",
     "The program does not accept() fast enough.",
     "3.10.7.4, fifth check: the ACK leads to ESTABLISHED.",
     "tcp_v4_syn_recv_sock(); net.ipv4.tcp_abort_on_overflow, net.core.somaxconn",
     "NEW_SYN_RECV persists, or a reset on the listener retires it."},
    {dialect(24), kNotable,
     "A SYN is dropped silently when the accept queue, or the SYN queue without cookies, is full.",
     "Overload; the client will repeat its SYN.",
     "3.10.7.2: a SYN in LISTEN leads to SYN-RECEIVED.",
     "tcp_conn_request(); TcpExt ListenDrops, ListenOverflows",
     "Nothing is to be seen but the kernel's counters."},
    {dialect(25), kNotable,
     "Closing a listener resets the connections that nobody accepted; its half-open ones linger "
     "until the next packet or timer.",
     "Nobody could ever accept them.", "Connections are independent of each other in RFC 9293.",
     "inet_csk_listen_stop()", "A child that belongs to no process ends right after its listener."},
    {dialect(26), kBenign,
     "With tcp_migrate_req children move to another listener of the same port without an event.",
     "Restarts of SO_REUSEPORT servers lose nothing.", "Not covered.",
     "reuseport_migrate_sock(); net.ipv4.tcp_migrate_req", "Not visible."},
    {dialect(27), kBenign, "close() with received data unread sends RST instead of FIN.",
     "The peer must learn that its data was not read.", "3.6.1, SHLD-3: a RST should be sent.",
     "__tcp_close()", "Both directions shut, unread bytes, and an active reset follows."},
    {dialect(28), kBenign,
     "Data that arrives after close() is answered with RST; the code path looks like a received "
     "reset.",
     "The peer must learn that its data is lost.", "3.6.1, SHLD-3.",
     "tcp_rcv_state_process() -> tcp_reset()",
     "tcp_receive_reset fires, and then a reset that answers a segment is sent."},
    {dialect(29), kNotable, "close() with SO_LINGER set to 0 aborts the connection.",
     "A tradition of the sockets interface.", "3.10.5: it is the ABORT call.",
     "tcp_disconnect(); SO_LINGER",
     "The option is set to 0 in the snapshot and no unread data is there."},
    {dialect(30), kBenign,
     "connect(AF_UNSPEC), shutdown() of a listener or in SYN_SENT abort, and the socket can be "
     "used again.",
     "POSIX wants it.", "RFC 9293 has no such call.", "tcp_disconnect()",
     "CLOSE with the directions not shut and the socket still owned; the same cookie may open "
     "again."},
    {dialect(31), kBenign,
     "FIN_WAIT1 and LAST_ACK are entered when the FIN is queued; it may never be sent.",
     "One place in the code sets state and queue.",
     "3.10.4, CLOSE-WAIT: LAST-ACK once the FIN is sent.", "tcp_close_state()",
     "write_seq is ahead of snd_nxt in FIN_WAIT1 or LAST_ACK."},
    {dialect(32), kBenign, "close() after shutdown() reports a change from a state to itself.",
     "The state is simply set again.", "A CLOSE in these states changes nothing.",
     "__tcp_close() -> tcp_set_state()",
     "Old and new state are equal and both directions are shut."},
    {dialect(33), kBenign,
     "shutdown(SHUT_RD) is not visible to the peer; later data is acknowledged and counts as "
     "unread at close().",
     "A tradition of the sockets interface.",
     "TCP has no way to close only the receiving direction.", "inet_shutdown()",
     "The receiving direction is shut without a FIN received."},
    {dialect(34), kBenign, "shutdown(SHUT_WR) in SYN_RECV waits for ESTABLISHED.",
     "Since the repair of CVE-2024-36905.", "3.10.4: queue the CLOSE until ESTABLISHED.",
     "tcp_shutdown()",
     "SYN_RECV -> ESTABLISHED with the sending direction shut, then FIN_WAIT1 in softirq."},
    {dialect(35), kViolates,
     "Closed sockets beyond the orphan or memory limit are reset and dropped.",
     "A limit against exhaustion.",
     "3.10.4: after CLOSE the data is still to be delivered; the source calls it a direct "
     "violation.",
     "tcp_check_oom(), tcp_out_of_resources(); net.ipv4.tcp_max_orphans, net.ipv4.tcp_mem; TcpExt "
     "TCPAbortOnMemory",
     "An orphan ends without an error and an active reset is sent."},
    {dialect(36), kNotable, "Closed sockets retransmit only a few times and then end without RST.",
     "Nobody waits for the result.", "3.8.3: R2 must be at least 100 s.",
     "net.ipv4.tcp_orphan_retries (0 means 8)",
     "An orphan ends with ETIMEDOUT after retransmissions."},
    {dialect(37), kViolates, "A SYN is given up after about 131 s (127 s before linear time-outs).",
     "Users do not wait three minutes.", "MUST-23: R2 for a SYN is at least 3 minutes.",
     "net.ipv4.tcp_syn_retries, net.ipv4.tcp_syn_linear_timeouts",
     "SYN_SENT or SYN_RECV ends with ETIMEDOUT."},
    {dialect(38), kBenign, "An unanswered keepalive sends RST and closes the connection.",
     "It is what the option is for.", "3.8.4 defines no state change for it.",
     "tcp_keepalive_timer(); net.ipv4.tcp_keepalive_*",
     "An active reset comes before the change, everything is acknowledged, SO_KEEPALIVE is set."},
    {dialect(39), kBenign,
     "TCP_USER_TIMEOUT shortens every wait, also for the FIN, keepalive and window probes.",
     "RFC 5482 describes the option.", "3.8.3: R2.", "TCP_USER_TIMEOUT (icsk_user_timeout)",
     "The option is set and the connection ends with ETIMEDOUT."},
    {dialect(40), kViolates,
     "In SYN_SENT and SYN_RECV even a soft ICMP error ends the connection at once.",
     "RFC 5461: users prefer a quick error over a long wait.",
     "MUST-56: a soft error must not abort.", "tcp_v4_err(), tcp_v6_err()",
     "SYN_SENT or SYN_RECV -> CLOSE with an error other than ETIMEDOUT and no reset received."},
    {dialect(41), kBenign, "An ICMP hard error never ends a connection beyond the handshake.",
     "RFC 5461 and RFC 5927: it would let strangers end connections.",
     "SHLD-26: a hard error should abort.", "tcp_v4_err()",
     "sk_err_soft is set and no state change follows."},
    {dialect(42), kBenign,
     "A RST is accepted at RCV.NXT, at the right edge of the highest SACK block, or one below "
     "RCV.NXT after the peer's FIN; any other draws a challenge ACK.",
     "RFC 5961, and stacks that count their FIN wrongly.",
     "3.10.7.4, second check: exactly RCV.NXT.", "tcp_validate_incoming(), tcp_reset_check()",
     "A reset was received; which of the three it was is not visible."},
    {dialect(43), kBenign,
     "SYN+FIN to a listener is dropped, and a FIN on the SYN+ACK is ignored until repeated.",
     "CVE-2012-6638, and simpler code.", "3.10.7.2 and 3.10.7.3: process the FIN afterwards.",
     "tcp_rcv_state_process(), tcp_rcv_synsent_state_process()",
     "No CLOSE_WAIT right after SYN_SENT -> ESTABLISHED."},
    {dialect(44), kBenign,
     "A segment with a wrong ACK in SYN_SENT also brings an immediate retransmission of the SYN.",
     "A stale connection at the peer is replaced faster.", "3.10.7.3, first check: send a RST.",
     "tcp_rcv_synsent_state_process()",
     "A retransmission in SYN_SENT earlier than the retransmission time-out."},
    {dialect(45), kNotable,
     "In repair mode a socket becomes ESTABLISHED, and closes, without a segment.",
     "Checkpoint and restore (CRIU).", "Not covered.",
     "tcp_connect(), tcp_disconnect(); TCP_REPAIR", "The socket's repair flag is set."},
    {dialect(46), kNotable,
     "An administrator can end any connection, with TIME_WAIT (6.1 on) and half-open ones.",
     "Operators need it.", "3.10.5: ABORT is a call of the user, not of a third party.",
     "tcp_abort(): `ss -K`, bpf_sock_destroy()", "CLOSE with ECONNABORTED."},
    {dialect(47), kBenign, "The end of a network namespace removes its minisockets silently.",
     "There is no network left to wait for.", "Not covered.", "inet_twsk_purge()",
     "Many minisocket timers of one namespace are cancelled together."},
    {dialect(48), kBenign,
     "A received reset is reported as ECONNREFUSED in SYN_SENT and as EPIPE in CLOSE_WAIT.",
     "A tradition of the sockets interface.", "3.10.7: \"connection reset\".", "tcp_reset()",
     "sk_err at the state change."},
    {dialect(49), kBenign,
     "Subflows of MPTCP are closed by a worker, without the usual shutdown marks; the MPTCP socket "
     "has its own states.",
     "RFC 8684.", "Not covered.", "net/mptcp/",
     "is_mptcp is set: judged with relaxed guards; sockets of protocol 262 are left out and "
     "counted."},
    {dialect(50), kNotable,
     "A minisocket in FIN_WAIT2 answers data or a newer SYN with RST and ends.",
     "It has no buffer for data.", "3.10.7.4, fourth and seventh step.",
     "tcp_timewait_state_process()",
     "A reset is sent for the minisocket and its timer is cancelled."},
    {dialect(51), kBenign, "A bare ACK within the window restarts the TIME_WAIT timer.",
     "It is treated like a repeated FIN.", "3.10.7.4: only a repeated FIN restarts it.",
     "tcp_timewait_state_process()", "The minisocket's timer is started again; often not visible."},
    {dialect(52), kBenign,
     "close() with unread data sends no RST if the FIN had already ended the socket.",
     "The socket is CLOSE by then, a minisocket waits.", "3.6.1, SHLD-3: a RST should be sent.",
     "__tcp_close()", "tcp_destroy_sock with unread data and no state change."},
    {dialect(53), kBenign, "Aborting a listener reports CLOSE -> CLOSE.",
     "Two steps of the code each set the state.", "Not covered.", "tcp_abort()",
     "CLOSE -> CLOSE with ECONNABORTED right after LISTEN -> CLOSE."},
    {dialect(54), kBenign,
     "With TCP_LINGER2 above 60 s a closed socket keeps its full FIN_WAIT2 socket for the surplus; "
     "some end with RST by the keepalive timer.",
     "A minisocket can only wait for 60 s.", "Not covered.", "tcp_keepalive_timer()",
     "FIN_WAIT2 of an orphan, later a hand-over or an active reset before the change."},
    {dialect(55), kNotable,
     "Sockmap, kTLS and offload engines keep data or states outside the usual fields.", "Speed.",
     "Not covered.", "psock and ULP queues; TOE drivers such as chtls",
     "Unread bytes or state changes that nothing else explains."},
    {dialect(56), kBenign, "The memory of a closed socket is given to the next connection at once.",
     "Sockets come from a type-stable cache that is safe under RCU.", "Not covered.",
     "SLAB_TYPESAFE_BY_RCU",
     "The same address with another cookie; tcptwin identifies by cookie and generation."},
}};

consteval bool entries_are_complete_and_in_order() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i) {
    const DialectEntry& deviation = kCatalogue[i];
    if (number(deviation.id) != i + 1) return false;
    if (deviation.title.empty() || deviation.why.empty() || deviation.rfc.empty()) return false;
    if (deviation.where.empty() || deviation.recognised.empty()) return false;
  }
  return true;
}
static_assert(entries_are_complete_and_in_order());

struct Label {
  std::array<char, 3> text;
  constexpr std::string_view view() const { return {text.data(), text.size()}; }
};

constexpr std::array<Label, kDialectCount> kLabels = [] {
  std::array<Label, kDialectCount> labels{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i].text = {'L', static_cast<char>('0' + (i + 1) / 10),
                      static_cast<char>('0' + (i + 1) % 10)};
  }
  return labels;
}();

}  // namespace

std::string_view label(Severity severity) {
  switch (severity) {
    case Severity::Benign:
      return "benign";
    case Severity::Notable:
      return "notable";
    case Severity::Violates:
      return "violates";
  }
  return "";
}

const std::array<DialectEntry, kDialectCount>& dialect_catalogue() {
  return kCatalogue;
}

const DialectEntry& entry(DialectId id) {
  return kCatalogue[number(id) - std::size_t{1}];
}

std::string_view label(DialectId id) {
  if (id == DialectId::None || number(id) > kDialectCount) return "";
  return kLabels[number(id) - std::size_t{1}].view();
}

std::optional<DialectId> parse_dialect(std::string_view text) {
  if (text.size() < 2 || text.size() > 3 || (text[0] != 'L' && text[0] != 'l')) return std::nullopt;
  unsigned parsed = 0;
  for (const char digit : text.substr(1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    parsed = parsed * 10 + static_cast<unsigned>(digit - '0');
  }
  if (parsed == 0 || parsed > kDialectCount) return std::nullopt;
  return dialect(static_cast<std::uint8_t>(parsed));
}

}  // namespace tcptwin::model
