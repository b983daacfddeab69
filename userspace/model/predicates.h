// SPDX-License-Identifier: MIT
// Named predicates on evidence, which the inference rules are made of. Kernel function names say
// where the evidence comes from; they hold for Linux 5.10 to 7.2 (linux-tcp-fsm section 2.3).
#pragma once

#include "model/evidence.h"

namespace tcptwin::model::predicates {

// errno values of every Linux architecture tcptwin runs on (asm-generic).
inline constexpr std::uint16_t kConnectionAborted = 103;  // ECONNABORTED
inline constexpr std::uint16_t kConnectionReset = 104;    // ECONNRESET
inline constexpr std::uint16_t kTimedOut = 110;           // ETIMEDOUT

constexpr bool fin_in_hand(const Evidence& e) {
  // tcp_fin() sets both just before it changes the state.
  return e.snapshot.done && e.snapshot.receive_shutdown;
}
constexpr bool unread(const Evidence& e) {
  return e.unread_bytes() > 0;
}
constexpr bool unsent(const Evidence& e) {
  return e.snapshot.snd_nxt != e.snapshot.write_seq;
}
constexpr bool owned(const Evidence& e) {
  return !e.snapshot.dead;
}
constexpr bool active_reset_after(const Evidence& e) {
  return e.reset_sent_after == ResetSent::Active;
}
constexpr bool reset_answers_segment(const Evidence& e) {
  return e.reset_sent_after == ResetSent::AnsweringSegment;
}
constexpr bool no_reset_after(const Evidence& e) {
  return e.reset_sent_after == ResetSent::None;
}

// sk_err may be left from an earlier life or from IP_RECVERR; it counts only if it is new here, if
// it was reported right after, or if a SYN went out since (tcp_connect_init clears it).
constexpr bool fresh_error(const Evidence& e) {
  if (e.snapshot.error == 0) return false;
  return e.error_is_fresh || (e.error_reported_after && e.error_reported_value == e.snapshot.error);
}
constexpr bool fresh_handshake_error(const Evidence& e) {
  return e.snapshot.error != 0 && (fresh_error(e) || e.snapshot.segs_out > 0);
}
constexpr bool timed_out(const Evidence& e) {
  // tcp_write_err() reports a soft error that an ICMP left, if there is one, else ETIMEDOUT.
  return e.snapshot.error == kTimedOut ||
         (e.snapshot.error == e.snapshot.error_soft && e.snapshot.retransmits > 0);
}
constexpr bool aborted_by_admin(const Evidence& e) {
  return e.snapshot.error == kConnectionAborted && fresh_error(e);  // tcp_abort()
}

// tcp_disconnect() reports ECONNRESET itself. Reports of 0 come from the error queue (ICMP,
// zero-copy, timestamps) at any time and prove nothing.
constexpr bool disconnect_reported(const Evidence& e) {
  return e.error_reported_after && e.error_reported_value == kConnectionReset &&
         e.context != Context::Softirq;
}
// On a socket that lives on. close() with linger 0 goes through tcp_disconnect() as well, but
// destroys the socket in the same call.
constexpr bool disconnected(const Evidence& e) {
  return owned(e) && e.snapshot.has_socket && disconnect_reported(e) && !e.destroyed_after;
}

// tcp_rcv_state_process(): data for a reader that is gone. It ends in tcp_reset(), so that
// tcp_receive_reset fires although no RST came; the RST sent in answer tells.
constexpr bool data_after_close(const Evidence& e) {
  return e.reset_received && e.snapshot.receive_shutdown && reset_answers_segment(e);
}

constexpr bool probes_unanswered(const Evidence& e) {
  return e.snapshot.probes_out > 0 && e.snapshot.snd_nxt == e.snapshot.snd_una &&
         !e.all_acknowledged();
}
// tcp_keepalive_timer() sends its RST before it closes.
constexpr bool keepalive_gave_up(const Evidence& e) {
  return fresh_error(e) && e.snapshot.keepopen && e.all_acknowledged();
}

constexpr bool abandoned_child(const Evidence& e) {
  // inet_csk_listen_stop() disconnects children nobody has accepted.
  return !e.snapshot.has_socket && owned(e) && !e.snapshot.send_shutdown;
}

}  // namespace tcptwin::model::predicates
