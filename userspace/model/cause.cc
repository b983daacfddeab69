// SPDX-License-Identifier: MIT
// The table of causes: one row each, with the words every output and the documentation use.
#include "model/cause.h"

namespace tcptwin::model {
namespace {

constexpr std::array<CauseRow, kCauseCount> kCauses = {{
    {Cause::PassiveOpen, "passive_open", Stimulus::PassiveOpen, "A process called listen().",
     "Normal; the port now accepts connections."},
    {Cause::ActiveOpen, "active_open", Stimulus::ActiveOpen,
     "A process called connect(); the SYN follows.",
     "Normal; the next line shows whether the peer answered."},
    {Cause::RepairOpen, "repair_open", Stimulus::RepairCall,
     "connect() on a socket in repair mode: the state is set by hand and no SYN is sent.",
     "A checkpoint tool (CRIU) restores a connection; anybody else with TCP_REPAIR is worth a "
     "question."},
    {Cause::TfoDeferredOpen, "tfo_deferred_open", Stimulus::DeferredOpen,
     "connect() with TCP_FASTOPEN_CONNECT returned at once; the SYN waits for the first write.",
     "A process that connects and never writes stays here without a SYN on the wire."},
    {Cause::SynReceived, "syn_received", Stimulus::Syn,
     "A SYN reached a listener, which keeps it in a request socket and answers with SYN+ACK.",
     "Many of these without a follow-up are a SYN flood, or clients that cannot hear our answer."},
    {Cause::SynackAccepted, "synack_accepted", Stimulus::SynAck,
     "The peer answered our SYN with SYN+ACK: the connection stands on this side.",
     "Normal; the time in SYN_SENT is one round trip, more means a repeated SYN."},
    {Cause::RepairEstablished, "repair_established", Stimulus::RepairCall,
     "A socket in repair mode became ESTABLISHED without any segment.",
     "A restored connection; if the peer does not know it, it will answer with RST."},
    {Cause::SimultaneousOpen, "simultaneous_open", Stimulus::Syn,
     "Our SYN crossed a SYN of the peer: both ends open at the same time.",
     "Peer-to-peer hole punching, or a program that connects to its own port."},
    {Cause::ChildCreated, "child_created", Stimulus::SocketCloned,
     "A new socket was made for a handshake that a listener accepted.",
     "Normal; how the handshake was kept until now could not be told."},
    {Cause::ChildFromRequest, "child_from_request", Stimulus::SocketCloned,
     "The third ACK turned a half-open connection into a socket.",
     "Normal; the listener itself never leaves LISTEN."},
    {Cause::ChildFromTfo, "child_from_tfo", Stimulus::SocketCloned,
     "A SYN with a valid TCP Fast Open cookie made a socket at once; data may flow before the "
     "handshake ends.",
     "Expected where net.ipv4.tcp_fastopen enables the server side."},
    {Cause::ChildFromSyncookie, "child_from_syncookie", Stimulus::SocketCloned,
     "The third ACK carried a valid SYN cookie: the listener kept no state for this handshake.",
     "The SYN queue is full: look for a SYN flood, a small backlog or a slow accept()."},
    {Cause::HandshakeAckAccepted, "handshake_ack_accepted", Stimulus::Ack,
     "The handshake's last ACK arrived.", "Normal; the connection now waits for accept()."},
    {Cause::LocalClose, "local_close", Stimulus::Close,
     "This side closed first: close(), or shutdown() of both directions.",
     "Normal; this side will hold the TIME_WAIT."},
    {Cause::LocalShutdown, "local_shutdown", Stimulus::Close,
     "This side ended its sending direction with shutdown(SHUT_WR) and can still receive.",
     "Normal for protocols with a half-close; otherwise see who waits for the peer's FIN."},
    {Cause::LocalCloseAfterFin, "local_close_after_fin", Stimulus::Close,
     "The peer had closed before; now this side closed as well.",
     "Normal; a long time in CLOSE_WAIT before it is this program's delay."},
    {Cause::CloseAfterShutdown, "close_after_shutdown", Stimulus::Close,
     "close() after shutdown(): the FIN is already on its way, nothing changes.",
     "Normal; from here on no process owns the socket."},
    {Cause::CloseInSynReceived, "close_in_syn_received", Stimulus::Close,
     "The socket was closed before its handshake had finished.",
     "Seen with TCP Fast Open and simultaneous open; the peer gets a FIN after the handshake."},
    {Cause::CloseInSynSent, "close_in_syn_sent", Stimulus::Close,
     "The process closed the socket while it still waited for the peer's answer.",
     "Usually the program's own connect time-out, or a race between addresses (happy eyeballs)."},
    {Cause::FinReceived, "fin_received", Stimulus::Fin, "The peer closed first: its FIN arrived.",
     "Normal; the connection now waits in CLOSE_WAIT for this side's program to close."},
    {Cause::FinReceivedBeforeAck, "fin_received_before_ack", Stimulus::FinBeforeAckOfFin,
     "The peer's FIN crossed ours: both ends closed at the same time.",
     "Normal, and rare; both sides may end in TIME_WAIT."},
    {Cause::FinInSynReceived, "fin_in_syn_received", Stimulus::Fin,
     "A FIN was accepted before the handshake had finished.",
     "The RFC allows it; no Linux path to it is known, so the call path is worth a look."},
    {Cause::FinAcked, "fin_acked", Stimulus::AckOfFin, "The peer acknowledged our FIN.",
     "Normal; what is missing now is the peer's own FIN."},
    {Cause::LastAckReceived, "last_ack_received", Stimulus::AckOfFin,
     "The peer acknowledged our FIN, the last segment of the connection.",
     "Normal end after the peer closed first."},
    {Cause::ListenerClosed, "listener_closed", Stimulus::Close, "The listening socket was closed.",
     "Normal at the end of a server; connections nobody accepted are reset with it."},
    {Cause::TimeWaitEntered, "time_wait_entered", Stimulus::Fin,
     "Both FINs are acknowledged: the connection waits 60 s in a minisocket for stray segments.",
     "Normal for the side that closed first; tens of thousands can use up the local ports."},
    {Cause::TimeWaitExpired, "time_wait_expired", Stimulus::TimeWaitTimeout,
     "TIME_WAIT ended by its timer.", "Normal."},
    {Cause::TimeWaitSkipped, "time_wait_skipped", Stimulus::Fin,
     "The connection should have waited in TIME_WAIT, but there was no room for it.",
     "net.ipv4.tcp_max_tw_buckets is reached or memory is short: see TcpExt TCPTimeWaitOverflow."},
    {Cause::TimeWaitReopenedBySyn, "time_wait_reopened_by_syn", Stimulus::SynOfNewIncarnation,
     "A new SYN of the same peer and port ended TIME_WAIT early.",
     "Normal for clients that reuse their ports fast."},
    {Cause::TimeWaitReusedByConnect, "time_wait_reused_by_connect", Stimulus::PortReused,
     "connect() on this host took over the addresses and ports of a TIME_WAIT.",
     "net.ipv4.tcp_tw_reuse at work: local ports are scarce towards this destination."},
    {Cause::TimeWaitAssassinated, "time_wait_assassinated", Stimulus::Rst,
     "A RST of the peer ended TIME_WAIT early (RFC 1337).",
     "Harmless as a rule; net.ipv4.tcp_rfc1337=1 makes the kernel ignore such a RST."},
    {Cause::OrphanFinWait2Handover, "orphan_fin_wait2_handover", Stimulus::Handover,
     "The closed socket still waits for the peer's FIN and moved into a minisocket to do so.",
     "Normal; the kernel's own tables call it TIME_WAIT, the protocol is in FIN_WAIT2."},
    {Cause::OrphanFinWait2Dropped, "orphan_fin_wait2_dropped", Stimulus::ResourceLimit,
     "The closed socket should have waited for the peer's FIN, but there was no room for it.",
     "net.ipv4.tcp_max_tw_buckets or memory: see TcpExt TCPTimeWaitOverflow."},
    {Cause::FinWait2Timeout, "fin_wait2_timeout", Stimulus::FinWait2Timeout,
     "The peer never sent its FIN and the kernel stopped waiting, without telling it.",
     "The peer leaks CLOSE_WAIT or is gone; the wait is net.ipv4.tcp_fin_timeout or TCP_LINGER2."},
    {Cause::MinisockResetPeer, "minisock_reset_peer", Stimulus::TextAfterClose,
     "A minisocket got data or a SYN that it cannot take, answered with RST and ended.",
     "The peer still sends although nobody reads: see which side closes too early."},
    {Cause::MinisockKilled, "minisock_killed", Stimulus::AdministrativeAbort,
     "A minisocket ended before its time: `ss -K`, the end of its network namespace, or a RST.",
     "Many at once mean that a container or namespace went away."},
    {Cause::RstReceived, "rst_received", Stimulus::Rst,
     "The peer, or something in its name, sent a RST.",
     "From SYN_SENT: nobody listens on that port. Later: the peer aborted, has restarted, or a "
     "firewall or load balancer forgot the connection."},
    {Cause::DataAfterClose, "data_after_close", Stimulus::TextAfterClose,
     "The peer sent data although this side had closed for reading: answered with RST.",
     "The peer lost the last of what it sent; close only after reading to the end."},
    {Cause::IcmpError, "icmp_error", Stimulus::IcmpSoftError,
     "An ICMP error ended the handshake at once.",
     "The error number tells which: host, network or port unreachable, or prohibited by a "
     "firewall."},
    {Cause::HandshakeTimeout, "handshake_timeout", Stimulus::UserTimeout,
     "No answer came to the SYN or SYN+ACK, however often it was repeated.",
     "Packets are dropped on the way, or the peer is down: look at routes and firewalls; retries "
     "are net.ipv4.tcp_syn_retries."},
    {Cause::RetransmissionTimeout, "retransmission_timeout", Stimulus::UserTimeout,
     "Data or a FIN stayed unacknowledged until the kernel gave up.",
     "The path or the peer died without a word; retries are net.ipv4.tcp_retries2, for closed "
     "sockets net.ipv4.tcp_orphan_retries."},
    {Cause::UserTimeout, "user_timeout", Stimulus::UserTimeout,
     "Data stayed unacknowledged longer than the socket's TCP_USER_TIMEOUT.",
     "The program chose this limit; the path or the peer died without a word."},
    {Cause::ZeroWindowTimeout, "zero_window_timeout", Stimulus::UserTimeout,
     "The peer's receive window stayed closed and its probes unanswered until the kernel gave up.",
     "The peer's program does not read, or the peer is gone; retries are net.ipv4.tcp_retries2."},
    {Cause::KeepaliveTimeout, "keepalive_timeout", Stimulus::KeepaliveTimeout,
     "The peer answered no keepalive probe.",
     "The peer or a NAT entry on the way is gone; times are net.ipv4.tcp_keepalive_* or the "
     "socket's own."},
    {Cause::CloseUnreadAbort, "close_unread_abort", Stimulus::Abort,
     "The process closed the socket, or died, with received data unread: a RST replaced the FIN.",
     "The peer may lose what it had not read yet; read to the end before closing, or see why the "
     "process ended."},
    {Cause::Linger0Abort, "linger0_abort", Stimulus::Abort,
     "close() with SO_LINGER set to 0: the program asked for a RST instead of an orderly end.",
     "A common way to avoid TIME_WAIT; it discards data that the peer has not acknowledged."},
    {Cause::Linger2Abort, "linger2_abort", Stimulus::Abort,
     "TCP_LINGER2 is negative: the closed socket did not wait for the peer's FIN.",
     "The program's choice; what still arrives is answered with RST."},
    {Cause::Disconnect, "disconnect", Stimulus::Disconnect,
     "The process took the connection back: connect(AF_UNSPEC), or shutdown() where nothing is "
     "connected.",
     "Seen in connection pools and in programs that wake their accept() with shutdown()."},
    {Cause::RepairClose, "repair_close", Stimulus::RepairCall,
     "A socket in repair mode was closed: no segment is sent and the peer learns nothing.",
     "A checkpoint tool (CRIU) froze the connection to move it."},
    {Cause::AdminAbort, "admin_abort", Stimulus::AdministrativeAbort,
     "A third party destroyed the connection: `ss -K`, bpf_sock_destroy or a network agent.",
     "Its process gets ECONNABORTED; look for address removal, VPN or container agents."},
    {Cause::ListenerAborted, "listener_aborted", Stimulus::AdministrativeAbort,
     "The last event of a listening socket that a third party destroyed.",
     "See the line before it."},
    {Cause::ListenerClosedChild, "listener_closed_child", Stimulus::ListenerGone,
     "The listening socket was closed before accept() took this connection: it is reset.",
     "A server restart; drain the accept queue or hand the listening socket over."},
    {Cause::ListenFailed, "listen_failed", Stimulus::LocalOpenFailure,
     "listen() failed after the state was set: the port is taken.",
     "Another socket listens there; `ss -ltnp` names it."},
    {Cause::ConnectFailedLocal, "connect_failed_local", Stimulus::LocalOpenFailure,
     "connect() failed on this host before a SYN was sent.",
     "No route, no free local port, or the address pair is in use (EADDRNOTAVAIL)."},
    {Cause::ChildSetupFailed, "child_setup_failed", Stimulus::ResourceLimit,
     "A new socket for an accepted handshake could not be set up.",
     "Memory is short, or another CPU was faster with the same handshake."},
    {Cause::OrphanResourceAbort, "orphan_resource_abort", Stimulus::ResourceLimit,
     "A closed socket with unsent data was given up: too many of them, or TCP memory is short.",
     "net.ipv4.tcp_max_orphans and net.ipv4.tcp_mem: see TcpExt TCPAbortOnMemory."},
    {Cause::RequestTimeout, "request_timeout", Stimulus::UserTimeout,
     "The client never sent the handshake's last ACK.",
     "A SYN flood, or our SYN+ACK does not reach the client; retries are "
     "net.ipv4.tcp_synack_retries."},
    {Cause::RequestDropped, "request_dropped", Stimulus::Rst,
     "A half-open connection was dropped: the client's RST, an administrator, or its listener is "
     "gone.",
     "A port scanner does this to every open port."},
    {Cause::RequestResetBadSyn, "request_reset_bad_syn", Stimulus::Syn,
     "A different SYN arrived inside the handshake: answered with RST, the half-open connection is "
     "gone.",
     "Two clients behind one NAT address with the same port, or a client that restarted."},
    {Cause::AcceptOverflowReset, "accept_overflow_reset", Stimulus::ResourceLimit,
     "The accept queue was full and net.ipv4.tcp_abort_on_overflow is set: the client got a RST.",
     "The server does not accept() fast enough; compare Recv-Q and Send-Q in `ss -ltn`."},
    {Cause::Unexplained, "unexplained", Stimulus::Nothing,
     "No known event explains this state change.",
     "Look at the divergence that was printed with it."},
    {Cause::Resynchronised, "resynchronised", Stimulus::Nothing,
     "The kernel's old state was not the one last seen: an event was missed, the twin was set "
     "right.",
     "A gap is a loss of ours, not an error of the kernel; the summary counts them."},
}};

consteval bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (index(kCauses[i].cause) != i) return false;
  }
  return true;
}

consteval bool labels_are_unique() {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    for (std::size_t j = i + 1; j < kCauses.size(); ++j) {
      if (kCauses[i].label == kCauses[j].label) return false;
    }
  }
  return true;
}

consteval bool labels_are_snake_case_and_texts_are_sentences() {
  for (const CauseRow& cause : kCauses) {
    for (const char character : cause.label) {
      const bool letter = character >= 'a' && character <= 'z';
      const bool digit = character >= '0' && character <= '9';
      if (!letter && !digit && character != '_') return false;
    }
    if (cause.label.empty() || cause.summary.empty() || cause.look_at.empty()) return false;
    if (cause.summary.back() != '.' || cause.look_at.back() != '.') return false;
  }
  return true;
}

static_assert(rows_follow_the_enumeration());
static_assert(labels_are_unique());
static_assert(labels_are_snake_case_and_texts_are_sentences());

}  // namespace

const std::array<CauseRow, kCauseCount>& cause_table() {
  return kCauses;
}

const CauseRow& row(Cause cause) {
  return kCauses[index(cause)];
}

std::string_view label(Cause cause) {
  return row(cause).label;
}

Stimulus stimulus_of(Cause cause) {
  return row(cause).stimulus;
}

std::optional<Cause> parse_cause(std::string_view label) {
  for (const CauseRow& cause : kCauses) {
    if (cause.label == label) return cause.cause;
  }
  return std::nullopt;
}

}  // namespace tcptwin::model
