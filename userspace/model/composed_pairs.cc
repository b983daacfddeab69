// SPDX-License-Identifier: MIT
#include "model/composed_pairs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "model/reference_fsm.h"

namespace tcptwin::model {
namespace {

// One end, and what it knows of the other. Only FINs and their ACKs change a state after the
// handshake; a segment that was sent once may arrive at any later time, or never.
struct End {
  State state = State::Established;
  bool fin_sent = false;
  bool fin_received = false;  // the other end's

  friend bool operator==(const End&, const End&) = default;
};

struct Pair {
  End one;
  End other;

  friend bool operator==(const Pair&, const Pair&) = default;
};

using PairTable = std::array<std::array<bool, kStateCount>, kStateCount>;

// What may happen to `end` next, given what the other one has done.
std::vector<End> successors(const End& end, const End& other) {
  std::vector<End> next;
  const auto add = [&](Stimulus stimulus, bool brings_fin) {
    const auto prediction = predict(end.state, stimulus, Origin::Any);
    if (!prediction || prediction->to == State::Closed) return;
    End successor = end;
    successor.state = prediction->to;
    successor.fin_sent |= stimulus == Stimulus::Close;
    successor.fin_received |= brings_fin;
    if (successor != end) next.push_back(successor);
  };
  if (!end.fin_sent) add(Stimulus::Close, false);
  if (end.fin_sent && other.fin_received) add(Stimulus::AckOfFin, false);
  if (other.fin_sent && !end.fin_received) {
    const bool may_acknowledge = end.state != State::FinWait1 || other.fin_received;
    if (may_acknowledge) add(Stimulus::Fin, true);
    if (end.state == State::FinWait1) add(Stimulus::FinBeforeAckOfFin, true);
  }
  return next;
}

PairTable explore() {
  PairTable reached{};
  std::vector<Pair> known{{}};
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Pair pair = known[i];
    reached[index(pair.one.state)][index(pair.other.state)] = true;
    const auto visit = [&](const Pair& next) {
      if (std::ranges::find(known, next) == known.end()) known.push_back(next);
    };
    for (const End& end : successors(pair.one, pair.other)) visit({end, pair.other});
    for (const End& end : successors(pair.other, pair.one)) visit({pair.one, end});
  }
  return reached;
}

// A segment's delivery may still be on its way through the handshake's last state.
State as_synchronized(State state) {
  return state == State::SynReceived ? State::Established : state;
}

}  // namespace

bool can_occur_together(State one, State other) {
  static const PairTable kReached = explore();
  const State a = as_synchronized(one);
  const State b = as_synchronized(other);
  if (a == State::Closed || b == State::Closed) return true;
  return kReached[index(a)][index(b)];
}

}  // namespace tcptwin::model
