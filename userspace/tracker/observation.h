// SPDX-License-Identifier: MIT
// The tracker's input port: one decoded, typed fact about the kernel. Made by sources/decode from
// wire records; no layer below knows the wire.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/endpoint.h"
#include "base/time.h"
#include "model/evidence.h"
#include "model/state.h"
#include "tracker/segment.h"

namespace tcptwin::tracker {

// Correlates records of one kernel object; addresses are reused and never an identity.
struct SocketReference {
  std::uint64_t cookie = 0;   // 0 where the object carries none
  std::uint64_t address = 0;  // of the kernel object
};

// A process name of at most 15 bytes, as the kernel keeps it.
class Comm {
 public:
  constexpr Comm() = default;
  constexpr explicit Comm(std::string_view text) {
    for (std::size_t i = 0; i < text.size() && i + 1 < bytes_.size(); ++i) bytes_[i] = text[i];
  }
  constexpr std::string_view view() const { return std::string_view{bytes_.data()}; }
  friend constexpr bool operator==(const Comm&, const Comm&) = default;

 private:
  std::array<char, 16> bytes_{};
};

// The task that was current. It acted only if the context is Process.
struct Actor {
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;
  std::uint32_t uid = 0;
  Comm comm;
};

struct StateChanged {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  model::State from;
  model::State to;
  model::Snapshot snapshot;
  model::Context context = model::Context::Unknown;
  Actor actor;
  std::uint64_t cgroup = 0;     // id of the socket's cgroup; 0 if unknown
  std::uint32_t call_path = 0;  // id of a CallPathNamed; 0 if none was taken
  bool recovered = false;       // recorded by the side program
};

struct ResetReceived {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
};

struct ResetSentObserved {
  KernelTime time;
  SocketReference socket;  // may be a minisocket or listener; all zero if there was none
  Tuple tuple;
  model::Holder holder = model::Holder::Socket;
  bool answers_segment = false;
  bool answers_syn = false;  // the segment answered was a SYN (known where its header is readable)
  std::uint32_t reason = 0;  // enum sk_rst_reason of the running kernel
};

struct ErrorReported {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  std::uint16_t error = 0;  // errno
};

struct SocketDestroyed {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
};

struct SegmentRetransmitted {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  bool syn_ack = false;
};

enum class TimerOperation : std::uint8_t { Start, Cancel, Expire };

// The 2MSL (or FIN_WAIT2) timer of a minisocket.
struct MinisocketTimer {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  TimerOperation operation = TimerOperation::Start;
  model::State substate = model::State::TimeWait;  // FinWait2 or TimeWait
  // From a hook on the function that did it (T2). Then a timer that expires or starts again shows
  // no cancellation: an expiry is the end unless a start follows.
  bool exact = false;
};

// A segment that a minisocket consumed (skb:kfree_skb with rx_sk, 6.11 on; or T2).
struct MinisocketSegment {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  model::State substate = model::State::TimeWait;  // after the segment: FinWait2 or TimeWait
  bool fin = false;
  bool syn = false;
  bool rst = false;
  bool exact = false;
};

// The SYN+ACK timer of a request socket.
struct RequestTimer {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  TimerOperation operation = TimerOperation::Start;
  std::uint8_t timeouts = 0;   // SYN+ACK time-outs so far
  std::uint64_t listener = 0;  // address of the listening socket
  bool exact = false;          // as of MinisocketTimer
};

// accept() handed a connection to a process (T2).
struct SocketAccepted {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  Actor actor;
};

// A segment passed a network device (--segments). A segment meets every device on its way: the
// tracker tells which of them is the first.
struct SegmentSeen {
  KernelTime time;
  SocketReference socket;  // that sent it; all zero if none is known
  Tuple tuple;             // as of this end, whether it sent the segment or received it
  std::optional<model::Holder> holder;       // of that socket
  std::optional<model::State> socket_state;  // of a full socket: its own, when it sent this
  bool socket_was_locked = false;            // so the socket sent it at this very moment
  Segment segment;
};

inline constexpr std::size_t kCallPathFrames = 12;

struct CallPathNamed {
  KernelTime time;
  std::uint32_t id = 0;
  std::array<std::uint64_t, kCallPathFrames> addresses{};
  std::array<std::array<char, 40>, kCallPathFrames> names{};  // "" when not named in the kernel
  std::uint32_t frames = 0;
};

// State of the stream: everything emitted before `time` has been delivered or is counted here. What
// was lost up to `counted_at`, later than that, may be among the counts already.
struct StreamStatus {
  KernelTime time;
  KernelTime counted_at;
  std::uint64_t emitted = 0;
  std::uint64_t received = 0;
  std::uint64_t lost_in_ring = 0;        // reserve failed
  std::uint64_t lost_state_changes = 0;  // of those, state changes
  std::uint64_t recursion_misses = 0;    // program runs the kernel refused
  std::uint64_t side_recovered = 0;
  std::uint64_t malformed = 0;
  std::uint64_t unrecorded = 0;  // missing from a recording
  std::uint64_t filtered_out = 0;
  std::uint64_t mptcp_skipped = 0;
};

// The kernel's timers of a socket, as `ss -o` tells them apart.
enum class PendingTimer : std::uint8_t { None, Retransmit, Keepalive, TimeWait, Probe };

// One socket as the kernel's own table shows it (iter/tcp), read at `time`.
struct ExistingSocket {
  KernelTime time;
  SocketReference socket;
  Tuple tuple;
  model::MirrorState state;
  std::optional<model::Snapshot> snapshot;  // of full sockets
  std::uint64_t cgroup = 0;
  std::uint64_t listener = 0;              // request socket: address of its listener
  std::optional<KernelTime> last_segment;  // the latest segment, sent or received
  std::optional<KernelTime> began;         // request socket: its first SYN+ACK
  std::uint64_t inode = 0;                 // of the socket's file; 0: no process can hold it
  std::uint32_t uid = 0;
  PendingTimer timer = PendingTimer::None;
  std::optional<Duration> timer_left;  // negative: overdue
  std::uint8_t timeouts = 0;           // request socket: SYN+ACK time-outs so far
  std::uint32_t receive_queue = 0;     // bytes; LISTEN: connections that wait for accept()
  std::uint32_t send_queue = 0;        // bytes; LISTEN: limit of the accept queue
  std::uint32_t half_open = 0;         // LISTEN: request sockets now
  std::uint32_t young = 0;             // LISTEN: of these, those never retransmitted to
  std::uint32_t drops = 0;             // LISTEN: connections the listener had to drop
};

// A process that held the socket open (iter/task_file).
struct SocketHolder {
  KernelTime time;
  SocketReference socket;
  Actor actor;  // tid is 0
  std::uint32_t descriptor = 0;
};

enum class CensusPhase : std::uint8_t {
  Began,
  NamespaceListed,
  NamespaceRefused,
  HoldersListed,
  Ended
};

// Frames one walk over the kernel's socket tables: whatever happened before `time` of Began has
// been observed before it.
struct CensusMark {
  KernelTime time;
  CensusPhase phase = CensusPhase::Began;
  std::uint32_t number = 0;
  std::uint32_t netns = 0;   // NamespaceListed, NamespaceRefused
  std::uint32_t error = 0;   // NamespaceRefused: errno
  bool is_filtered = false;  // not every socket is listed: nothing follows from one's absence
};

using Observation =
    std::variant<StateChanged, ResetReceived, ResetSentObserved, ErrorReported, SocketDestroyed,
                 SegmentRetransmitted, MinisocketTimer, MinisocketSegment, RequestTimer,
                 SocketAccepted, SegmentSeen, CallPathNamed, StreamStatus, ExistingSocket,
                 SocketHolder, CensusMark>;

}  // namespace tcptwin::tracker
