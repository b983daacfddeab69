// SPDX-License-Identifier: MIT
// A table that differs from the reference in one row breaks a property: each row removed, sent to
// every other state, its guard dropped or exchanged; each row that keeps a state made to leave it.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "lab/moves.h"
#include "lab/verification.h"
#include "model/transition_proofs.h"
#include "unit/lab/proved_worlds.h"

namespace tcptwin::lab {
namespace {

using Kills = std::map<std::string_view, int>;

std::optional<Property> claimed_and_violated(const Bounds& bounds, PropertySet violated) {
  for (std::size_t i = 0; i < kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    if ((violated & bounds.claims).contains(property)) return property;
  }
  return std::nullopt;
}

bool is_other(const Answer& one, const Answer& other) {
  return one.known != other.known || (one.known && one.to != other.to);
}

// With the reference's own behaviour up to the world in which the changed question is first asked,
// a mutant's walk begins there; only what survives the first step is walked through as a whole.
std::optional<Property> killer(const Rules& mutant) {
  std::vector<const Bounds*> asking;
  for (const ProvedWorld& proved : proved_worlds()) {
    const OwnTable own = proved.bounds->heeds_rst_in_time_wait
                             ? copy_of_reference()
                             : reference_that_ignores_rst_in_time_wait();
    const Rules base{own.table()};
    bool is_asked = false;
    for (const auto& [number, world] : proved.exploration.first_asked) {
      const Question question = question_of(number);
      if (!is_other(base.answer(question), mutant.answer(question))) continue;
      // RFC 1337's world differs from the reference in a row of its own.
      if (question.from == State::TimeWait && question.stimulus == Stimulus::Rst &&
          !proved.bounds->heeds_rst_in_time_wait) {
        continue;
      }
      is_asked = true;
      Moves moves{mutant, *proved.bounds};
      for (const Successor& successor : moves.from(world)) {
        const auto property = claimed_and_violated(*proved.bounds, successor.step.violated);
        if (property) return property;
      }
    }
    if (is_asked) asking.push_back(proved.bounds);
  }
  for (const Bounds* bounds : asking) {
    const Exploration found = explore(mutant, *bounds);
    if (found.counterexample) return found.counterexample->property;
  }
  return std::nullopt;
}

void expect_killed(const Rules& mutant, const std::string& what, Kills& kills) {
  const auto property = killer(mutant);
  EXPECT_TRUE(property) << what << " survives";
  if (property) ++kills[text_of(*property).label];
}

std::string words(const model::TransitionRow& row) {
  return std::string{rfc_name(row.from)} + " + " + std::string{model::name(row.stimulus)} + " -> " +
         std::string{rfc_name(row.to)};
}

void report(const Kills& kills) {
  for (const auto& [property, count] : kills) {
    ::testing::Test::RecordProperty(std::string{property}, count);
  }
}

TEST(Mutants, an_arrow_that_is_missing_is_missed) {
  Kills kills;
  for (std::size_t i = 0; i < model::kArrows.size(); ++i) {
    OwnTable own = copy_of_reference();
    own.arrows.erase(own.arrows.begin() + static_cast<std::ptrdiff_t>(i));
    expect_killed(Rules{own.table()}, words(model::kArrows[i]) + " removed", kills);
  }
  report(kills);
}

TEST(Mutants, an_arrow_that_leads_elsewhere_breaks_a_property) {
  Kills kills;
  for (std::size_t i = 0; i < model::kArrows.size(); ++i) {
    for (const State to : model::kAllStates) {
      if (to == model::kArrows[i].to) continue;
      OwnTable own = copy_of_reference();
      own.arrows[i].to = to;
      expect_killed(Rules{own.table()},
                    words(model::kArrows[i]) + " redirected to " + std::string{rfc_name(to)},
                    kills);
    }
  }
  report(kills);
}

// The compiler's proof kills a guard that lets two rows apply; the lab kills one that lets the
// wrong row apply.
TEST(Mutants, a_guard_that_is_dropped_or_exchanged_breaks_a_property) {
  Kills kills;
  for (std::size_t i = 0; i < model::kArrows.size(); ++i) {
    const Origin origin = model::kArrows[i].origin;
    if (origin == Origin::Any) continue;
    for (const Origin other : {Origin::Any, Origin::Passive, Origin::Active}) {
      if (other == origin) continue;
      OwnTable own = copy_of_reference();
      own.arrows[i].origin = other;
      const Rules mutant{own.table()};
      bool differs = false;
      bool is_ambiguous = false;
      for (std::size_t q = 0; q < kQuestionCount; ++q) {
        const Question question = question_of(q);
        differs |= is_other(Rules{model::kReference}.answer(question), mutant.answer(question));
        int rows = 0;
        for (const auto& row : own.arrows) {
          rows += model::applies(row, question.from, question.stimulus, question.origin) ? 1 : 0;
        }
        for (const auto& row : own.stays) {
          rows += model::applies(row, question.from, question.stimulus, question.origin) ? 1 : 0;
        }
        is_ambiguous |= rows != 1;
      }
      EXPECT_TRUE(is_ambiguous) << words(model::kArrows[i]);
      if (differs) expect_killed(mutant, words(model::kArrows[i]) + " with another guard", kills);
    }
  }
  report(kills);
}

TEST(Mutants, a_row_that_keeps_a_state_keeps_it_for_a_reason) {
  Kills kills;
  const Questions asked = all_asked();
  const Rules reference{model::kReference};
  for (const model::StayRow& row : model::kStays) {
    for (const State from : model::kAllStates) {
      if (!row.from.contains(from)) continue;
      std::vector<Question> questions;
      bool is_asked = false;
      for (const Origin origin : {Origin::Passive, Origin::Active}) {
        if (!model::matches(row.origin, origin)) continue;
        questions.push_back({from, row.stimulus, origin});
        is_asked |= asked[index(questions.back())];
      }
      const std::string what =
          std::string{rfc_name(from)} + " + " + std::string{model::name(row.stimulus)};
      if (!is_asked) {
        EXPECT_FALSE(why_never_asked(questions[0]).empty()) << what << " is never asked";
        continue;
      }
      for (const State to : model::kAllStates) {
        Rules mutant = reference;
        for (const Question& question : questions) mutant.change(question, {to != from, to});
        expect_killed(mutant, what + " to " + std::string{rfc_name(to)}, kills);
      }
    }
  }
  report(kills);
}

}  // namespace
}  // namespace tcptwin::lab
