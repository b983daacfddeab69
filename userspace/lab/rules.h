// SPDX-License-Identifier: MIT
// A transition table as the lab runs it: indexed by state, stimulus and origin, and with a tally of
// what was asked. Built from any model::Table, so that a mutant is a table like the reference.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/state.h"
#include "model/stimulus.h"
#include "model/transition_table.h"

namespace tcptwin::lab {

using model::Origin;
using model::State;
using model::Stimulus;

// One question to the table.
struct Question {
  State from;
  Stimulus stimulus;
  Origin origin;  // Passive or Active
};

inline constexpr std::size_t kQuestionCount = model::kStateCount * model::kRfcStimulusCount * 2;
constexpr std::size_t index(const Question& question) {
  const std::size_t origin = question.origin == Origin::Active ? 1 : 0;
  return (model::index(question.from) * model::kRfcStimulusCount +
          model::index(question.stimulus)) *
             2 +
         origin;
}
constexpr Question question_of(std::size_t index) {
  return {model::kAllStates[index / 2 / model::kRfcStimulusCount],
          static_cast<Stimulus>(index / 2 % model::kRfcStimulusCount),
          index % 2 == 1 ? Origin::Active : Origin::Passive};
}
using Questions = std::bitset<kQuestionCount>;

struct Answer {
  bool known = false;
  State to = State::Closed;
};

class Rules {
 public:
  explicit Rules(const model::Table& table);

  const Answer& answer(const Question& question) const { return answers_[index(question)]; }
  void change(const Question& question, Answer answer) { answers_[index(question)] = answer; }

 private:
  std::array<Answer, kQuestionCount> answers_{};
};

// A table of its own rows: the reference, changed.
struct OwnTable {
  std::vector<model::TransitionRow> arrows;
  std::vector<model::StayRow> stays;

  model::Table table() const { return {arrows, stays}; }
};
OwnTable copy_of_reference();
// RFC 1337's advice, which the row's reason names: a RST does not end TIME-WAIT.
OwnTable reference_that_ignores_rst_in_time_wait();

}  // namespace tcptwin::lab
