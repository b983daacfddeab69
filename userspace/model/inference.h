// SPDX-License-Identifier: MIT
// From evidence to stimulus: an ordered list of rules per state, first match wins. The lists are
// linux-tcp-fsm sections 6.2 and 6.3, rewritten so that they do not see the kernel's new state.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/cause.h"
#include "model/evidence.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/stimulus.h"
#include "model/verdict.h"

namespace tcptwin::model {

struct Inference {
  Stimulus stimulus = Stimulus::Nothing;
  Cause cause = Cause::Unexplained;
  Confidence confidence = Confidence::C;
  DialectId dialect = DialectId::None;  // None: the reference must explain it
  bool relies_on_absence = false;       // the proof includes that something was not seen
  // Where the evidence cannot separate two stimuli: the other one, with the lower confidence.
  const Inference* alternative = nullptr;
};

struct InferenceRule {
  StateSet from;
  bool (*holds)(const Evidence&);
  Inference gives;
};

// All rules in the order they are tried.
std::span<const InferenceRule> inference_rules();

// The stimulus that the evidence shows in this state; Cause::Unexplained if none does.
Inference infer(State from, const Evidence& evidence);

// True while evidence that may still arrive (a RST sent, an error report, a retired request
// socket) could change what infer() says. Knows the old state and the evidence only.
bool must_settle(State from, const Evidence& evidence);

}  // namespace tcptwin::model
