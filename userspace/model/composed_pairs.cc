// SPDX-License-Identifier: MIT
#include "model/composed_pairs.h"

#include <array>
#include <cstddef>

#include "model/transition_table.h"

namespace tcptwin::model {
namespace {

// One end, and what it knows of the other. Only FINs and their ACKs change a state after the
// handshake; a segment that was sent once may arrive at any later time, or never.
struct End {
  State state = State::Established;
  bool fin_sent = false;
  bool fin_received = false;  // the other end's
  bool closed_first =
      false;  // its FIN was sent before the other's came, and does not acknowledge it

  friend constexpr bool operator==(const End&, const End&) = default;
};

struct Pair {
  End one;
  End other;

  friend constexpr bool operator==(const Pair&, const Pair&) = default;
};

using PairTable = std::array<std::array<bool, kStateCount>, kStateCount>;

// Grows to all pairs that can be reached. They are few: the build fails if they are too many.
struct Known {
  std::array<Pair, 64> pairs{};
  std::size_t count = 1;

  constexpr void add(const Pair& pair) {
    for (std::size_t i = 0; i < count; ++i) {
      if (pairs[i] == pair) return;
    }
    pairs[count++] = pair;
  }
};

// What may happen to `end` next, given what the other one has done.
template <typename Visit>
constexpr void for_each_successor(const End& end, const End& other, Visit visit) {
  const auto take = [&](Stimulus stimulus, bool brings_fin) {
    const auto prediction = predict(kReference, end.state, stimulus, Origin::Any);
    if (!prediction || prediction->to == State::Closed) return;
    End successor = end;
    successor.state = prediction->to;
    successor.fin_received = end.fin_received || brings_fin;
    if (stimulus == Stimulus::Close) {
      successor.fin_sent = true;
      successor.closed_first = !end.fin_received;
    }
    if (successor != end) visit(successor);
  };
  if (!end.fin_sent) take(Stimulus::Close, false);
  if (end.fin_sent && other.fin_received) take(Stimulus::AckOfFin, false);
  if (other.fin_sent && !end.fin_received) {
    const bool may_acknowledge = end.state != State::FinWait1 || other.fin_received;
    if (may_acknowledge) take(Stimulus::Fin, true);
    // A FIN that was sent after ours had come acknowledges it.
    if (end.state == State::FinWait1 && other.closed_first) take(Stimulus::FinBeforeAckOfFin, true);
  }
}

constexpr PairTable explore() {
  PairTable reached{};
  Known known;
  for (std::size_t i = 0; i < known.count; ++i) {
    const Pair pair = known.pairs[i];
    reached[index(pair.one.state)][index(pair.other.state)] = true;
    for_each_successor(pair.one, pair.other, [&](const End& end) { known.add({end, pair.other}); });
    for_each_successor(pair.other, pair.one, [&](const End& end) { known.add({pair.one, end}); });
  }
  return reached;
}

constexpr PairTable kReached = explore();

// A segment's delivery may still be on its way through the handshake's last state.
State as_synchronized(State state) {
  return state == State::SynReceived ? State::Established : state;
}

}  // namespace

bool can_occur_together(State one, State other) {
  const State a = as_synchronized(one);
  const State b = as_synchronized(other);
  if (a == State::Closed || b == State::Closed) return true;
  return kReached[index(a)][index(b)];
}

}  // namespace tcptwin::model
