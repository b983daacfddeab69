// SPDX-License-Identifier: MIT
// What a socket showed at the moment of a state change, and what happened beside it.
// Deliberately without the state the kernel chose: inference must not be able to look it up.
#pragma once

#include <cstdint>

#include "base/sequence_number.h"

namespace tcptwin::model {

// Where the change was made (RFC: a user call, or a segment or time-out).
enum class Context : std::uint8_t { Unknown, Process, Softirq };

// A RST sent near the state change (tracepoint tcp_send_reset).
enum class ResetSent : std::uint8_t {
  None,
  Active,           // on our own account: close, abort
  AnsweringSegment  // in reply to a segment
};

// The TIME_WAIT minisocket that was started for this connection since its last state change.
enum class MinisocketStarted : std::uint8_t { None, FinWait2, TimeWait };

// Fields of struct tcp_sock under its lock; names are the kernel's. `error` values are errnos.
struct Snapshot {
  SequenceNumber snd_una;
  SequenceNumber snd_nxt;
  SequenceNumber write_seq;
  SequenceNumber rcv_nxt;
  SequenceNumber copied_seq;
  std::uint32_t segs_in = 0;
  std::uint32_t segs_out = 0;
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;
  std::uint32_t total_retrans = 0;
  std::uint32_t srtt_us = 0;
  std::uint16_t error = 0;       // sk_err
  std::uint16_t error_soft = 0;  // sk_err_soft
  std::uint16_t mss = 0;
  std::uint8_t retransmits = 0;  // icsk_retransmits
  std::uint8_t probes_out = 0;   // icsk_probes_out
  std::uint8_t send_wscale = 0;
  std::uint8_t receive_wscale = 0;
  bool receive_shutdown = false;  // sk_shutdown & RCV_SHUTDOWN
  bool send_shutdown = false;     // sk_shutdown & SEND_SHUTDOWN
  bool dead = false;              // SOCK_DEAD: no process owns it any more
  bool done = false;              // SOCK_DONE: a FIN was received
  bool keepopen = false;          // SO_KEEPALIVE
  bool linger_zero = false;       // SO_LINGER with time 0
  bool linger2_negative = false;  // TCP_LINGER2 < 0
  bool has_socket = true;         // sk_socket != NULL
  bool repair = false;
  bool fastopen_connect = false;
  bool fastopen_request = false;  // fastopen_rsk != NULL: fast-open child, handshake not finished
  bool fastopen_child = false;
  bool syn_data = false;
  bool syn_data_acked = false;
  bool syn_fastopen = false;
  bool mptcp = false;
  bool timestamps = false;
  bool sack = false;
  bool window_scale = false;
  bool user_timeout = false;  // TCP_USER_TIMEOUT set

  bool operator==(const Snapshot&) const = default;
};

// The snapshot with its neighbourhood. "Before" and "after" are relative to the state change and
// bounded by the socket's previous and next state change.
struct Evidence {
  Snapshot snapshot;
  Context context = Context::Unknown;

  bool first_sight = false;         // this socket was never seen before, or was destroyed since
  bool history_known = true;        // everything since the previous state change was observed
  bool remote_known = false;        // a remote port is set
  bool receive_next_moved = false;  // rcv_nxt differs from the previous state change
  bool error_is_fresh = false;      // sk_err was not already set at the previous state change
  bool just_listened = false;       // the previous change was CLOSE -> LISTEN, less than 5 ms ago
  bool just_stopped_listening = false;  // the previous change was LISTEN -> CLOSE, and stands alone

  bool reset_received =
      false;  // tcp_receive_reset: proves nothing alone (data after close fires it)
  ResetSent reset_sent_before = ResetSent::None;
  ResetSent reset_sent_after = ResetSent::None;
  bool error_reported_after = false;       // inet_sk_error_report after the change
  std::uint16_t error_reported_value = 0;  // its sk_err; 0 is common and means nothing went wrong
  bool destroyed_after = false;            // tcp_destroy_sock
  bool listener_abort_follows = false;     // CLOSE -> CLOSE with ECONNABORTED came next
  MinisocketStarted minisocket = MinisocketStarted::None;
  bool request_completed = false;  // LISTEN: a request socket of this tuple was retired beside it
  bool child_lingers = false;      // LISTEN: the child stayed in SYN_RECV for the whole window
  bool settled = true;             // the window for evidence after the change is over

  // A FIN consumes one sequence number that is never copied to the user.
  constexpr std::int64_t unread_bytes() const {
    const std::int64_t ahead = snapshot.rcv_nxt.distance_from(snapshot.copied_seq);
    return ahead - (snapshot.done ? 1 : 0);
  }
  constexpr bool all_acknowledged() const { return snapshot.snd_una == snapshot.write_seq; }
  constexpr bool both_shut_down() const {
    return snapshot.receive_shutdown && snapshot.send_shutdown;
  }
};

}  // namespace tcptwin::model
