// SPDX-License-Identifier: MIT
// What the reference predicts, and the comparison with what the kernel did. `predict` sees a state
// and a stimulus, never the kernel's new state; only `judge` sees both sides.
#pragma once

#include <optional>
#include <string_view>

#include "model/evidence.h"
#include "model/inference.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/transition_table.h"
#include "model/verdict.h"

namespace tcptwin::model {

// RFC 9293's answer; nullopt for a stimulus the RFC does not know. A state that stays is an answer.
std::optional<Prediction> predict(State from, Stimulus stimulus, Origin origin);

// True if some row of the reference or of the dialect leads from `from` to `to`: the pair is legal,
// though not necessarily justified.
bool is_legal_pair(MirrorState from, MirrorState to);

// RFC 9293 3.10: a SYN is sent from SYN-SENT and SYN-RECEIVED alone, a FIN only after CLOSE. Says
// nothing of states in which Linux may have either left from before.
constexpr bool forbids_segment(State state, bool syn, bool fin) {
  using enum State;
  constexpr StateSet kPastSyn{Established, FinWait2, CloseWait, Closing, LastAck};
  constexpr StateSet kBeforeClose{Listen, SynSent, Established, CloseWait};
  return (syn && kPastSyn.contains(state)) || (fin && kBeforeClose.contains(state));
}

struct Judgement {
  Verdict verdict = Verdict::Divergence;
  Cause cause = Cause::Unexplained;
  Confidence confidence = Confidence::C;
  DialectId dialect = DialectId::None;
  std::string_view rule;           // "RFC 9293 3.10.4" or "L12"; "" when nothing explains the step
  std::string_view reason;         // of the row, or why the step is not verified
  bool relies_on_absence = false;  // something unseen is part of the proof
  std::optional<DivergenceKind> divergence;  // set with Verdict::Divergence
  std::optional<State> expected;             // what was predicted, if a stimulus was found
};

// Infers the stimulus from the evidence, asks reference and dialect what must follow, and compares
// with `observed`: the state the kernel chose, TIME_WAIT and half-open minisockets included.
Judgement judge(MirrorState from, const Evidence& evidence, Origin origin, MirrorState observed);

// The same for a stimulus that is known without inference (timers of minisockets and requests).
Judgement judge(MirrorState from, const Inference& inference, Origin origin, MirrorState observed);

}  // namespace tcptwin::model
