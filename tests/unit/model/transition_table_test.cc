// SPDX-License-Identifier: MIT
// All states x all stimuli. The table proves itself complete at compile time; here it is compared
// with RFC 9293 section 3.10, written down a second time as a matrix.
#include "model/transition_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "model/reference_fsm.h"

namespace tcptwin::model {
namespace {

// One column per state in the order of kAllStates; a letter per successor, '.' for "stays".
// C CLOSED, L LISTEN, S SYN-SENT, R SYN-RECEIVED, E ESTABLISHED, 1 FIN-WAIT-1, 2 FIN-WAIT-2,
// W CLOSE-WAIT, G CLOSING, A LAST-ACK, T TIME-WAIT.
struct MatrixRow {
  Stimulus stimulus;
  std::string_view passive;
  std::string_view active;
};
constexpr std::string_view kLetters = "CLSRE12WGAT";

const std::vector<MatrixRow> kMatrix = {
    //                                   CLSRE12WGAT    CLSRE12WGAT
    {Stimulus::PassiveOpen, "L..........", "L.........."},
    {Stimulus::ActiveOpen, "SS.........", "SS........."},
    {Stimulus::Send, ".S.........", ".S........."},
    {Stimulus::Receive, "...........", "..........."},
    {Stimulus::Close, ".CC11..A...", ".CC11..A..."},
    {Stimulus::Abort, ".CCCCCCCCCC", ".CCCCCCCCCC"},
    {Stimulus::Status, "...........", "..........."},
    {Stimulus::UnacceptableSegment, "...........", "..........."},
    {Stimulus::UnacceptableAck, "...........", "..........."},
    {Stimulus::InexactRst, "...........", "..........."},
    {Stimulus::Rst, "..CLCCCCCCC", "..CCCCCCCCC"},
    {Stimulus::SecurityMismatch, "....CCCCCCC", "....CCCCCCC"},
    {Stimulus::Syn, ".RRL.......", ".RR........"},
    {Stimulus::SynOfNewIncarnation, "..........R", "..........R"},
    {Stimulus::SynAck, "..EE.......", "..EE......."},
    {Stimulus::Ack, "...E.......", "...E......."},
    {Stimulus::AckOfFin, ".....2..TC.", ".....2..TC."},
    {Stimulus::Text, "...........", "..........."},
    {Stimulus::TextAfterClose, ".....CC....", ".....CC...."},
    {Stimulus::Fin, "...WWTT....", "...WWTT...."},
    {Stimulus::FinBeforeAckOfFin, ".....G.....", ".....G....."},
    {Stimulus::IcmpSoftError, "...........", "..........."},
    {Stimulus::IcmpHardError, "..CCCCCCCC.", "..CCCCCCCC."},
    {Stimulus::UserTimeout, "..CCCCCCCC.", "..CCCCCCCC."},
    {Stimulus::RetransmissionTimeout, "...........", "..........."},
    {Stimulus::TimeWaitTimeout, "..........C", "..........C"},
};

char letter_of(State from, std::optional<Prediction> prediction) {
  if (!prediction) return '?';
  return prediction->to == from ? '.' : kLetters[index(prediction->to)];
}

std::string predicted(Stimulus stimulus, Origin origin) {
  std::string text;
  for (const State from : kAllStates) text += letter_of(from, predict(from, stimulus, origin));
  return text;
}

TEST(TransitionTable, equals_the_rfcs_event_processing_for_all_states_and_stimuli) {
  ASSERT_EQ(kMatrix.size(), kRfcStimulusCount);
  for (const MatrixRow& row : kMatrix) {
    EXPECT_EQ(predicted(row.stimulus, Origin::Passive), row.passive)
        << name(row.stimulus) << ", passive open";
    EXPECT_EQ(predicted(row.stimulus, Origin::Active), row.active)
        << name(row.stimulus) << ", active open";
  }
}

TEST(TransitionTable, knows_nothing_of_stimuli_that_only_linux_has) {
  for (std::size_t i = kRfcStimulusCount; i < kStimulusCount; ++i) {
    for (const State from : kAllStates) {
      EXPECT_FALSE(predict(from, static_cast<Stimulus>(i), Origin::Active))
          << name(from) << " " << name(static_cast<Stimulus>(i));
    }
  }
}

TEST(TransitionTable, draws_every_arrow_of_figure_5_once) {
  // The figure's arrows, its note 2 (FIN-WAIT-1 -> TIME-WAIT) and LISTEN -> SYN-SENT included.
  const std::vector<std::pair<State, State>> figure = {
      {State::Closed, State::Listen},           {State::Closed, State::SynSent},
      {State::Listen, State::Closed},           {State::Listen, State::SynSent},
      {State::Listen, State::SynReceived},      {State::SynSent, State::Closed},
      {State::SynSent, State::SynReceived},     {State::SynSent, State::Established},
      {State::SynReceived, State::Established}, {State::SynReceived, State::FinWait1},
      {State::SynReceived, State::Listen},      {State::Established, State::FinWait1},
      {State::Established, State::CloseWait},   {State::FinWait1, State::FinWait2},
      {State::FinWait1, State::Closing},        {State::FinWait1, State::TimeWait},
      {State::FinWait2, State::TimeWait},       {State::Closing, State::TimeWait},
      {State::CloseWait, State::LastAck},       {State::LastAck, State::Closed},
      {State::TimeWait, State::Closed}};
  for (const auto& [from, to] : figure) {
    EXPECT_TRUE(is_legal_pair({from, Holder::Socket}, {to, Holder::Socket}))
        << rfc_name(from) << " -> " << rfc_name(to);
  }
  std::map<std::string, int> seen;
  for (const TransitionRow& row : kArrows) {
    const std::string key = std::string(name(row.from)) + "/" + std::string(name(row.stimulus)) +
                            "/" + std::to_string(static_cast<int>(row.origin));
    EXPECT_EQ(++seen[key], 1) << key;
  }
}

}  // namespace
}  // namespace tcptwin::model
