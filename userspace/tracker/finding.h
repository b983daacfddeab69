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
#include "model/evidence.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/verdict.h"
#include "tracker/observation.h"

namespace tcptwin::tracker {

enum class Role : std::uint8_t { Unknown, Active, Passive, Listener };
std::string_view label(Role role);  // "unknown", "active", "passive", "listener"

// How the owner of a step is known. Never the bystander that happened to run in softirq.
enum class OwnerConfidence : std::uint8_t {
  None,      // nobody known
  Acted,     // this process made this very change
  LastUser,  // the last process that was seen acting on this socket
  Listener,  // the process that opened the listening socket this connection came from
};
std::string_view label(OwnerConfidence confidence);  // "none", "acted", "last_user", "listener"

struct Owner {
  Actor actor;
  OwnerConfidence confidence = OwnerConfidence::None;
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

// One earlier step, as divergence reports quote it.
struct HistoryEntry {
  KernelTime time;
  model::MirrorState to;
  model::Cause cause;
};
inline constexpr std::size_t kHistoryLength = 8;

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
};

enum class LossPlace : std::uint8_t {
  RingBuffer,  // reserve failed
  Recursion,   // the recursion guard refused a program run
  Malformed,   // a record could not be decoded
  Table,       // a twin was evicted: the table was full
  Unseen,      // an event must have happened and no counter tells why it was not seen (a gap)
};
inline constexpr std::size_t kLossPlaceCount = 5;
std::string_view label(
    LossPlace place);  // "ring_buffer", "recursion", "malformed", "table", "unseen"

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

class FindingHandler {
 public:
  virtual ~FindingHandler() = default;
  virtual void on_step(const Step& step) = 0;
  virtual void on_divergence(const Divergence& divergence) = 0;
  virtual void on_loss(const Loss& loss) = 0;
  virtual void on_call_path(const CallPath& call_path) = 0;
};

}  // namespace tcptwin::tracker
