// SPDX-License-Identifier: MIT
#include "model/reference_fsm.h"

#include <array>
#include <cstddef>

#include "model/transition_proofs.h"  // the proofs are checked wherever the model is built

namespace tcptwin::model {
namespace {

// MPTCP drives its subflows from the outside; their guards do not hold (L49).
constexpr DialectId kMptcp = dialect(49);

// RFC 9293 lets a half-open connection return to LISTEN. In Linux the listener never left LISTEN:
// the request socket simply ends.
State as_the_holder_shows_it(MirrorState from, State predicted) {
  const bool request_ends = from.holder == Holder::RequestSocket && predicted == State::Listen;
  return request_ends ? State::Closed : predicted;
}

Judgement explained(const Inference& inference) {
  Judgement judgement;
  judgement.cause = inference.cause;
  judgement.confidence = inference.confidence;
  judgement.relies_on_absence = inference.relies_on_absence;
  return judgement;
}

Judgement by_dialect(MirrorState from, const Inference& inference, MirrorState observed,
                     const DialectRow& row) {
  Judgement judgement = explained(inference);
  judgement.dialect = row.id;
  judgement.rule = label(row.id);
  judgement.reason = row.reason;
  judgement.expected = row.to.state;
  if (row.to == observed) {
    judgement.verdict = Verdict::Deviation;
    return judgement;
  }
  judgement.divergence =
      is_legal_pair(from, observed) ? DivergenceKind::UnjustifiedEdge : DivergenceKind::IllegalEdge;
  return judgement;
}

Judgement by_reference(MirrorState from, const Inference& inference, Origin origin,
                       MirrorState observed) {
  Judgement judgement = explained(inference);
  const auto prediction = predict(from.state, inference.stimulus, origin);
  if (prediction) {
    const State expected = as_the_holder_shows_it(from, prediction->to);
    judgement.expected = expected;
    judgement.rule = prediction->section;
    judgement.reason = prediction->reason;
    if (expected == observed.state) {
      judgement.verdict = Verdict::Conformant;
      return judgement;
    }
  }
  judgement.divergence =
      is_legal_pair(from, observed) ? DivergenceKind::UnjustifiedEdge : DivergenceKind::IllegalEdge;
  return judgement;
}

// The table's answers by state, stimulus and origin: found once, at compile time.
constexpr std::size_t kOrigins = 3;
constexpr auto kPredictions = [] {
  std::array<std::array<std::array<std::optional<Prediction>, kOrigins>, kStimulusCount>,
             kStateCount>
      all{};
  for (const State from : kAllStates) {
    for (std::size_t stimulus = 0; stimulus < kStimulusCount; ++stimulus) {
      for (std::size_t origin = 0; origin < kOrigins; ++origin) {
        all[index(from)][stimulus][origin] =
            predict(kReference, from, static_cast<Stimulus>(stimulus), static_cast<Origin>(origin));
      }
    }
  }
  return all;
}();

}  // namespace

std::optional<Prediction> predict(State from, Stimulus stimulus, Origin origin) {
  return kPredictions[index(from)][index(stimulus)][static_cast<std::size_t>(origin)];
}

bool is_legal_pair(MirrorState from, MirrorState to) {
  for (const TransitionRow& row : kArrows) {
    if (row.from == from.state && row.to == to.state) return true;
  }
  for (const DialectRow& row : dialect_rows()) {
    if (row.from.contains(from.state) && row.to == to) return true;
  }
  return false;
}

Judgement judge(MirrorState from, const Inference& inference, Origin origin, MirrorState observed) {
  // A rule that names a dialect id has a row (the tests of the model walk through all of them).
  const DialectRow* row = find_dialect_row(from.state, inference.cause, inference.dialect);
  const Judgement judgement = row != nullptr ? by_dialect(from, inference, observed, *row)
                                             : by_reference(from, inference, origin, observed);
  if (judgement.verdict != Verdict::Divergence || inference.alternative == nullptr) {
    return judgement;
  }
  return judge(from, *inference.alternative, origin, observed);
}

Judgement judge(MirrorState from, const Evidence& evidence, Origin origin, MirrorState observed) {
  // A request socket becomes a socket when the listener is cloned: the clone's evidence counts.
  const State asked = from.holder == Holder::RequestSocket ? State::Listen : from.state;
  Judgement judgement = judge(from, infer(asked, evidence), origin, observed);
  if (judgement.verdict == Verdict::Divergence && evidence.snapshot.mptcp) {
    judgement.verdict = Verdict::Unverified;
    judgement.divergence.reset();
    judgement.dialect = kMptcp;
    judgement.rule = label(kMptcp);
    judgement.reason = reason(Doubt::MptcpSubflow);
  }
  return judgement;
}

}  // namespace tcptwin::model
