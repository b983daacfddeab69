// SPDX-License-Identifier: MIT
#include "lab/verification.h"

#include <algorithm>
#include <array>

namespace tcptwin::lab {
namespace {

using S = Stimulus;
using enum State;
using model::StateSet;

constexpr StateSet kAfterPeersFin{CloseWait, Closing, LastAck, TimeWait};

// Questions that the classification of a segment never comes to ask.
struct Exception {
  StateSet states;
  S stimulus;
  std::string_view why;
};
constexpr std::array kExceptions = {
    Exception{StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2,
                       CloseWait, Closing, LastAck},
              S::SynOfNewIncarnation, "outside TIME-WAIT the same segment is just a SYN"},
    Exception{StateSet{Closed, Listen, SynSent, SynReceived, Established, CloseWait}, S::AckOfFin,
              "no FIN of this end is outstanding there"},
    Exception{StateSet{SynReceived}, S::Text,
              "the segment's ACK is taken first, so its text finds ESTABLISHED"},
    Exception{kAfterPeersFin, S::Text,
              "only text of an old incarnation could come after the peer's FIN"},
    Exception{kAfterPeersFin, S::TextAfterClose,
              "only text of an old incarnation could come after the peer's FIN"},
    Exception{StateSet{Closed, Listen, SynSent, SynReceived, Established}, S::TextAfterClose,
              "the user has not closed"},
    Exception{
        StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait2, CloseWait, TimeWait},
        S::FinBeforeAckOfFin, "no FIN of this end is outstanding there"},
    Exception{StateSet{Closed, Listen, SynSent, SynReceived, Established, FinWait1, FinWait2,
                       CloseWait, Closing, LastAck},
              S::TimeWaitTimeout, "the timer runs in TIME-WAIT only"},
    Exception{StateSet{Closing, LastAck}, S::Fin,
              "the FIN of this end is outstanding: FIN before the ACK of our FIN"},
    Exception{StateSet{SynSent}, S::InexactRst, "without a synchronized number none is exact"},
    Exception{StateSet{Closed, Listen}, S::UnacceptableSegment, "there is no window"},
    Exception{StateSet{Closed, Listen}, S::UnacceptableAck, "every ACK is, so none is told apart"},
    Exception{StateSet{Closed, Listen}, S::InexactRst, "there is no RCV.NXT"},
    Exception{StateSet{Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait},
              S::UnacceptableAck, "no end of the lab acknowledges what was never sent"},
    Exception{
        StateSet{Listen}, S::SynAck,
        "who is called again in these worlds does not listen, so no old one finds a listener"},
    Exception{StateSet{FinWait2, TimeWait}, S::Ack,
              "the FIN is acknowledged there, and the ACK is named after it"},
    Exception{StateSet{Closed, Listen, TimeWait}, S::UserTimeout, "nothing is outstanding there"},
    Exception{StateSet{Closed, Listen, FinWait2, TimeWait}, S::RetransmissionTimeout,
              "nothing is outstanding there"},
};

bool applies(const model::TransitionRow& row, const Question& question) {
  return model::applies(row, question.from, question.stimulus, question.origin);
}
bool applies(const model::StayRow& row, const Question& question) {
  return model::applies(row, question.from, question.stimulus, question.origin);
}

template <typename Row>
bool is_exercised(const Row& row, const Questions& asked) {
  for (std::size_t i = 0; i < kQuestionCount; ++i) {
    if (asked[i] && applies(row, question_of(i))) return true;
  }
  return false;
}

template <typename Row>
std::string_view why_idle(const Row& row) {
  for (std::size_t i = 0; i < kQuestionCount; ++i) {
    if (!applies(row, question_of(i))) continue;
    const std::string_view why = why_never_asked(question_of(i));
    if (!why.empty()) return why;
  }
  return {};
}

}  // namespace

std::string_view why_never_asked(const Question& question) {
  for (const Exception& exception : kExceptions) {
    if (exception.stimulus == question.stimulus && exception.states.contains(question.from)) {
      return exception.why;
    }
  }
  return {};
}

Exploration explore_reference(const Bounds& bounds, PropertySet wanted) {
  if (bounds.heeds_rst_in_time_wait) return explore(Rules{model::kReference}, bounds, wanted);
  const OwnTable own = reference_that_ignores_rst_in_time_wait();
  return explore(Rules{own.table()}, bounds, wanted);
}

Exploration explore_reference(const Bounds& bounds) {
  return explore_reference(bounds, bounds.claims);
}

RowCounts count_rows(const Questions& asked) {
  RowCounts counts{model::kArrows.size(), model::kStays.size(), 0};
  counts.exercised = counts.arrows + counts.stays - idle_rows(asked).size();
  return counts;
}

std::vector<IdleRow> idle_rows(const Questions& asked) {
  std::vector<IdleRow> idle;
  for (const model::TransitionRow& row : model::kArrows) {
    if (is_exercised(row, asked)) continue;
    idle.push_back({StateSet{row.from}, row.stimulus, row.reason, why_idle(row)});
  }
  for (const model::StayRow& row : model::kStays) {
    if (is_exercised(row, asked)) continue;
    idle.push_back({row.from, row.stimulus, row.reason, why_idle(row)});
  }
  return idle;
}

}  // namespace tcptwin::lab
