// SPDX-License-Identifier: MIT
#include "lab/rules.h"

#include <algorithm>

namespace tcptwin::lab {

Rules::Rules(const model::Table& table) {
  for (std::size_t i = 0; i < kQuestionCount; ++i) {
    const Question question = question_of(i);
    const auto prediction =
        model::predict(table, question.from, question.stimulus, question.origin);
    if (prediction) answers_[i] = {true, prediction->to};
  }
}

OwnTable copy_of_reference() {
  return {{model::kArrows.begin(), model::kArrows.end()},
          {model::kStays.begin(), model::kStays.end()}};
}

OwnTable reference_that_ignores_rst_in_time_wait() {
  OwnTable own = copy_of_reference();
  std::erase_if(own.arrows, [](const model::TransitionRow& row) {
    return row.from == State::TimeWait && row.stimulus == Stimulus::Rst;
  });
  own.stays.push_back({model::StateSet{State::TimeWait}, Stimulus::Rst, "RFC 1337 3",
                       "fix F1: a RST is ignored in TIME-WAIT"});
  return own;
}

}  // namespace tcptwin::lab
