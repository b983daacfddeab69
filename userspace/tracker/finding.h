// SPDX-License-Identifier: MIT
// The tracker's output port: what it found. Sinks turn findings into text, JSON or metrics.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/connection_id.h"
#include "base/endpoint.h"
#include "base/time.h"
#include "model/cause.h"
#include "model/ending.h"
#include "model/evidence.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/verdict.h"
#include "tracker/observation.h"
#include "tracker/segment.h"

namespace tcptwin::tracker {

enum class Role : std::uint8_t { Unknown, Active, Passive, Listener };
std::string_view label(Role role);  // "unknown", "active", "passive", "listener"

// How the owner of a step is known. Never the bystander that happened to run in softirq.
enum class OwnerConfidence : std::uint8_t {
  None,      // nobody known
  Acted,     // this process made this very change
  LastUser,  // the last process that was seen acting on this socket
  Listener,  // the process that opened the listening socket this connection came from
  Holder,    // this process held the socket's file open when a census looked
};
// "none", "acted", "last_user", "listener", "holder"
std::string_view label(OwnerConfidence confidence);

struct Owner {
  Actor actor;
  OwnerConfidence confidence = OwnerConfidence::None;

  bool is_known() const { return confidence != OwnerConfidence::None; }
};

// The three parts processes play in a connection. One may be known and another not: fork() and a
// socket that is passed on show nowhere, accept() only at T2; a census and the next call do.
struct Owners {
  Owner creator;    // connect() or listen(); of an accepted connection, who opened the listener
  Owner last_user;  // who acted on it, or was found holding it, most recently
  Owner closer;     // close(), shutdown() or abort; None: the kernel or the peer ended it

  // The one to name when there is room for one.
  const Owner& best() const {
    if (closer.is_known()) return closer;
    return last_user.is_known() ? last_user : creator;
  }
};

// How the step is known.
enum class ObservedBy : std::uint8_t {
  Tracepoint,  // the kernel reported this state change
  Evidence,    // derived from a timer or another record
  Iterator,
  Exact,  // a function hook (tier T2)
};
std::string_view label(ObservedBy observed_by);  // "tracepoint", "evidence", "iterator", "exact"

struct ConnectionIdentity {
  ConnectionId id;
  Tuple tuple;
  Role role = Role::Unknown;
  std::uint64_t cgroup = 0;
  bool mptcp = false;
  bool adopted = false;  // older than the tracer
};

// One state change with its verdict.
struct Step {
  KernelTime time;
  ConnectionIdentity connection;
  model::MirrorState from;
  model::MirrorState to;
  std::optional<Duration> dwell;           // time in `from`; nullopt when its start was not seen
  std::optional<Duration> dwell_at_least;  // set when `dwell` is not and a lower bound is known
  model::Cause cause;
  model::Verdict verdict;
  model::Confidence confidence;
  model::DialectId dialect;  // DialectId::None unless a dialect row applies
  std::string_view rule;     // "RFC 9293 3.10.4" or "L12"; "" when nothing explains it
  std::string_view reason;   // for unverified and gap: why, in a few words; else ""
  ObservedBy observed_by = ObservedBy::Tracepoint;
  model::Context context = model::Context::Unknown;
  Owner owner;
  std::uint32_t call_path = 0;              // id, see CallPath findings; 0 if none
  std::optional<model::Evidence> evidence;  // absent where no socket was there to be read
};

// One earlier step: divergence reports quote it, `explain` tells a connection's story of them.
struct HistoryEntry {
  KernelTime time;
  model::MirrorState to;
  model::Cause cause{};
  model::Verdict verdict = model::Verdict::Unverified;
  model::DialectId dialect = model::DialectId::None;
};
static_assert(sizeof(HistoryEntry) == 16, "ten of them are in every twin");
inline constexpr std::size_t kHistoryLength = 10;  // no life without a loss has more

// A segment (--segments), once however many devices it crossed.
struct SegmentFound {
  KernelTime time;
  Tuple tuple;                                   // as of this end
  std::optional<ConnectionIdentity> connection;  // nullopt: it belongs to none (a closed port, say)
  std::optional<model::MirrorState> state;       // of the connection, or LISTEN, when it passed
  Owner owner;
  Segment segment;
  // Counted from the first SYN of each direction, modulo 2^32; nullopt where that is not known.
  std::optional<std::uint32_t> relative_sequence;
  std::optional<std::uint32_t> relative_acknowledgement;
};

struct Divergence {
  KernelTime time;
  model::DivergenceKind kind;
  ConnectionIdentity connection;
  Owner owner;
  model::MirrorState from;
  model::MirrorState observed;
  std::optional<model::State> expected;  // what the reference predicted, if a stimulus was found
  model::Cause cause;                    // the stimulus that was inferred, or Unexplained
  std::optional<Duration> measured;      // timer_violation: the span
  std::optional<Duration> lower_bound;
  std::optional<Duration> upper_bound;
  std::optional<model::Evidence> evidence;
  std::array<HistoryEntry, kHistoryLength> history{};  // oldest first
  std::size_t history_length = 0;
  std::uint32_t call_path = 0;
  std::optional<Segment> segment;  // the one that should not have been sent
};

enum class LossPlace : std::uint8_t {
  RingBuffer,  // reserve failed
  Recursion,   // the recursion guard refused a program run
  Malformed,   // a record could not be decoded
  Table,       // a twin was evicted: the table was full
  Unseen,      // an event must have happened and no counter tells why it was not seen (a gap)
  Recording,   // a recording lacks it: the disk was full or too slow
};
inline constexpr std::size_t kLossPlaceCount = 6;
// "ring_buffer", "recursion", "malformed", "table", "unseen", "recording"
std::string_view label(LossPlace place);

struct Loss {
  KernelTime time;
  LossPlace where;
  std::uint64_t lost = 0;  // since the previous Loss of this place
};

// A call path became known; later steps and divergences refer to it by id.
struct CallPath {
  std::uint32_t id = 0;
  std::array<std::uint64_t, kCallPathFrames> addresses{};
  std::array<std::array<char, 40>, kCallPathFrames> names{};
  std::uint32_t frames = 0;
};

// One state on a connection's way.
struct PathEntry {
  model::MirrorState state;
  std::optional<Duration> span;           // nullopt: its start was not seen, or it lasts
  std::optional<Duration> span_at_least;  // set when `span` is not and a lower bound is known
};
inline constexpr std::size_t kPathLength = kHistoryLength + 1;

// The time in which one direction was closed and the other still open, and what moved in it.
struct HalfClosed {
  bool by_local = false;  // this host sent the first FIN (FIN_WAIT2), or the peer (CLOSE_WAIT)
  Duration span{};
  std::uint64_t bytes = 0;  // received after our FIN was acknowledged, or acknowledged after theirs
};

// What is known of the connection's other end when that end is on this host as well.
struct OtherEnd {
  ConnectionId id;
  Tuple tuple;
  model::MirrorState state;
  Owner owner;
  bool is_gone = false;  // its twin is no more; `state` is the last one known
};

// A whole connection, when its end is settled: it entered TIME_WAIT or CLOSED.
struct Life {
  KernelTime ended;
  ConnectionIdentity connection;
  Owners owners;
  std::array<PathEntry, kPathLength> path{};  // oldest first; TIME_WAIT, where it ends, included
  std::size_t path_length = 0;
  model::Ending ending;
  std::optional<Duration> duration;           // first SYN to the end; nullopt if older than us
  std::optional<Duration> duration_at_least;  // set when `duration` is not
  // Active: SYN_SENT to ESTABLISHED. Passive: SYN to third ACK; nullopt if no request was seen.
  std::optional<Duration> handshake;
  // From the third ACK to accept(). The tracepoints bound it: a look at the socket tells whether
  // accept() has happened by then. Equal where T2 saw the call.
  std::optional<Duration> accept_wait_at_least;
  std::optional<Duration> accept_wait_at_most;
  bool never_accepted = false;  // no process ever got hold of it
  std::optional<HalfClosed> half_closed;
  std::uint64_t bytes_in = 0;        // user data received, FIN not counted
  std::uint64_t bytes_out = 0;       // user data the peer acknowledged, SYN and FIN not counted
  std::optional<std::uint32_t> iss;  // nullopt where the evidence does not tell (repair, half-open)
  std::optional<std::uint32_t> irs;
  std::uint8_t synack_retransmits = 0;
  std::optional<model::Snapshot> last;  // at the end: retransmits, RTT, MSS, options
  model::Verdict verdict = model::Verdict::Conformant;  // the gravest of its steps
  std::optional<OtherEnd> other_end;
};

// A connection, or a listener's half-open connections, in one state for longer than is healthy.
enum class StuckKind : std::uint8_t {
  SynSent,              // no answer to our SYN
  HalfOpen,             // a listener whose SYN+ACKs stay unanswered; one finding a listener
  CloseWait,            // the peer closed, the process does not
  CloseWaitUnaccepted,  // the peer closed before any process accepted the connection
  FinWait1,             // our FIN, or data before it, is not acknowledged
  FinWait2,             // the peer does not close
  Closing,              // our FIN is not acknowledged; the peer's came
  LastAck,              // our FIN is not acknowledged; the peer closed first
  OtherEndGone,         // the other end was on this host and is gone; this one does not know
};
inline constexpr std::size_t kStuckKindCount = 9;
// "syn_sent", "half_open", "close_wait", "close_wait_unaccepted", "fin_wait1", "fin_wait2",
// "closing", "last_ack", "other_end_gone"
std::string_view label(StuckKind kind);
std::string_view summary(StuckKind kind);  // one sentence: what it means
std::string_view advice(StuckKind kind);   // one sentence: what to do

struct Stuck {
  KernelTime time;
  StuckKind kind = StuckKind::CloseWait;
  ConnectionIdentity connection;  // HalfOpen: of the listener
  model::MirrorState state;
  Owners owners;
  std::optional<Duration> age;           // in this state; HalfOpen: of the oldest
  std::optional<Duration> age_at_least;  // set when `age` is not
  Duration threshold{};
  std::uint64_t connections = 1;     // HalfOpen: how many of the listener's are past the threshold
  std::uint64_t unacknowledged = 0;  // bytes; 0 where not known
  bool is_repeated = false;  // reported before: once at the threshold, then at each doubling
};

// An existing connection was taken into the mirror by a census.
struct Adopted {
  KernelTime time;
  ConnectionIdentity connection;
  model::MirrorState state;
  Owners owners;
  std::optional<Duration> age_at_least;  // in this state
};

// What one census found when it was compared with the mirror.
struct Reconciliation {
  KernelTime time;
  std::uint32_t number = 0;
  std::uint64_t sockets = 0;           // the kernel showed
  std::uint64_t namespaces = 0;        // listed
  std::uint64_t refused = 0;           // namespaces that could not be entered or read
  std::uint64_t adopted = 0;           // older than the tracer, taken in
  std::uint64_t missing = 0;           // the kernel has it, the mirror had not: taken in
  std::uint64_t ghosts = 0;            // the mirror had it, the kernel has not: let go
  std::uint64_t mismatches = 0;        // in another state: set right
  std::uint64_t suspected = 0;         // differ for the first time; the next census decides
  std::uint64_t unseen_in_mirror = 0;  // twins in namespaces that were not listed
  bool is_complete = false;  // nothing was filtered or refused: the mirror equals the kernel now,
                             // but for what is suspected
};

class FindingHandler {
 public:
  virtual ~FindingHandler() = default;
  virtual void on_step(const Step& step) = 0;
  virtual void on_divergence(const Divergence& divergence) = 0;
  virtual void on_loss(const Loss& loss) = 0;
  virtual void on_call_path(const CallPath& call_path) = 0;
  // Not every handler cares for these.
  virtual void on_segment(const SegmentFound&) {}
  virtual void on_life(const Life&) {}
  virtual void on_stuck(const Stuck&) {}
  virtual void on_adopted(const Adopted&) {}
  virtual void on_reconciliation(const Reconciliation&) {}
};

}  // namespace tcptwin::tracker
