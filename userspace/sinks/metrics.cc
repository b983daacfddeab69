// SPDX-License-Identifier: MIT
#include "sinks/metrics.h"

#include <algorithm>
#include <span>
#include <utility>

namespace tcptwin::sinks {
namespace {

using model::Holder;
using model::State;

constexpr std::size_t kMostOtherTransitions = 256;
constexpr std::size_t kMostOtherEndings = 64;

// In a burst the clock is read once for so many, which are judged in some ten microseconds.
constexpr unsigned kStepsPerClock = 32;

constexpr std::size_t index(HandshakeRole role) {
  return static_cast<std::size_t>(role);
}

// The side that this step's first SYN belongs to, if it is one.
std::optional<HandshakeRole> opens(const tracker::Step& step) {
  if (step.from.state == State::Closed && step.to.state == State::SynSent) {
    return HandshakeRole::Active;
  }
  const bool is_passive = step.from.state == State::Listen && step.to.state == State::SynReceived;
  return is_passive ? std::optional{HandshakeRole::Passive} : std::nullopt;
}

// The side whose handshake lasted as long as the state that this step leaves.
std::optional<HandshakeRole> completes_handshake(const tracker::Step& step) {
  if (step.from.state == State::SynSent && step.to.state == State::Established) {
    return HandshakeRole::Active;
  }
  const bool becomes_child = step.from.holder == Holder::RequestSocket &&
                             step.to == model::MirrorState{State::SynReceived, Holder::Socket};
  return becomes_child ? std::optional{HandshakeRole::Passive} : std::nullopt;
}

bool was_established(const tracker::Life& life) {
  const std::span path{life.path.data(), life.path_length};
  return std::ranges::any_of(path, [](const tracker::PathEntry& entry) {
    return entry.state.state != State::SynSent && entry.state.state != State::SynReceived &&
           entry.state.state != State::Listen && entry.state.state != State::Closed;
  });
}

std::optional<HandshakeRole> role_of(const tracker::Life& life) {
  if (life.connection.role == tracker::Role::Active) return HandshakeRole::Active;
  if (life.connection.role == tracker::Role::Passive) return HandshakeRole::Passive;
  return std::nullopt;
}

}  // namespace

Metrics::Metrics(std::function<KernelTime()> clock, CgroupDirectory* cgroups, std::size_t owners)
    : clock_(std::move(clock)),
      transitions_(kTransitionKeys, possible_transitions(), kMostOtherTransitions),
      closed_(kEndingKeys, possible_endings(), kMostOtherEndings),
      owners_(cgroups, owners) {}

void Metrics::on_step(const tracker::Step& step) {
  const std::size_t from = model::labelled_index(step.from);
  transitions_.count(packed(TransitionKey{from, model::labelled_index(step.to), step.cause}));
  if (step.dwell) now_.state_durations[from].observe(kStateBounds, *step.dwell);
  if (const auto role = opens(step)) {
    ++now_.opened[index(*role)];
    owners_.on_open(step, index(*role));
  }
  owners_.on_step(step);
  if (const auto role = completes_handshake(step); role && step.dwell) {
    now_.handshakes[index(*role)].observe(kHandshakeBounds, *step.dwell);
  }
  if (clock_) observe_delay(step);
}

void Metrics::observe_delay(const tracker::Step& step) {
  if (steps_to_clock_ == 0) {
    read_ = clock_();
    steps_to_clock_ = kStepsPerClock;
  }
  --steps_to_clock_;
  now_.verdict_delays.observe(kDelayBounds, std::max(read_ - step.time, Duration::zero()));
}

void Metrics::on_loss(const tracker::Loss& loss) {
  now_.lost[static_cast<std::size_t>(loss.where)] += loss.lost;
}

void Metrics::on_life(const tracker::Life& life) {
  closed_.count(packed(life.ending));
  owners_.on_life(life);
  const auto role = role_of(life);
  if (role && !was_established(life)) {
    ++now_.failures[index(*role)][static_cast<std::size_t>(life.ending.how)];
  }
}

void Metrics::on_reconciliation(const tracker::Reconciliation& found) {
  now_.reconciliation = found;
  now_.adopted += found.adopted;
}

MetricNumbers Metrics::numbers(const tracker::TrackerCounts& counts,
                               const tracker::HalfOpenByPort& half_open,
                               const tracker::StreamStatus& stream,
                               Duration realtime_minus_monotonic) const {
  MetricNumbers numbers = now_;
  numbers.transitions = transitions_.now();
  numbers.closed = closed_.now();
  numbers.units = owners_.units();
  numbers.ports = owners_.ports();
  numbers.half_open = half_open;
  numbers.counts = counts;
  numbers.stream = stream;
  if (counts.censuses > 0) {
    const Duration since_1970 =
        numbers.reconciliation.time.time_since_epoch() + realtime_minus_monotonic;
    numbers.reconciled_at = std::chrono::duration<double>(since_1970).count();
  }
  return numbers;
}

}  // namespace tcptwin::sinks
