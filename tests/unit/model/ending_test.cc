// SPDX-License-Identifier: MIT
// Who, how, why; and which states two ends can be in together.
#include <gtest/gtest.h>

#include "model/composed_pairs.h"
#include "model/ending.h"

namespace tcptwin::model {
namespace {

constexpr MirrorState in(State state) {
  return {state, Holder::Socket};
}

TEST(Ending, of_an_orderly_close_goes_to_whoever_sent_the_first_fin) {
  EXPECT_EQ(ending_of(in(State::FinWait2), Cause::TimeWaitEntered, {Cause::LocalShutdown, false}),
            (Ending{EndedBy::Local, EndedHow::Fin, Cause::LocalShutdown}));
  EXPECT_EQ(ending_of(in(State::LastAck), Cause::LastAckReceived, {Cause::FinReceived, false}),
            (Ending{EndedBy::Remote, EndedHow::Fin, Cause::FinReceived}));
  EXPECT_EQ(ending_of(in(State::Closing), Cause::TimeWaitEntered, {Cause::LocalClose, true}),
            (Ending{EndedBy::Both, EndedHow::Fin, Cause::FinReceivedBeforeAck}));
}

TEST(Ending, without_a_history_is_told_by_the_state) {
  EXPECT_EQ(ending_of(in(State::LastAck), Cause::LastAckReceived, {}).by, EndedBy::Remote);
  EXPECT_EQ(ending_of(in(State::FinWait2), Cause::TimeWaitEntered, {}).by, EndedBy::Local);
}

TEST(Ending, of_a_rst_depends_on_the_state_it_hits) {
  EXPECT_EQ(ending_of(in(State::SynSent), Cause::RstReceived, {}).how, EndedHow::Refused);
  EXPECT_EQ(ending_of(in(State::Established), Cause::RstReceived, {}).how, EndedHow::ResetReceived);
}

TEST(Ending, an_abort_sends_a_rst_only_where_the_peer_has_a_connection) {
  EXPECT_EQ(ending_of(in(State::Established), Cause::Linger0Abort, {}).how, EndedHow::ResetSent);
  EXPECT_EQ(ending_of(in(State::SynSent), Cause::Linger0Abort, {}).how, EndedHow::Silent);
  EXPECT_EQ(ending_of(in(State::LastAck), Cause::Disconnect, {}, false).how, EndedHow::Silent);
  EXPECT_EQ(ending_of(in(State::LastAck), Cause::Disconnect, {}, true).how, EndedHow::ResetSent);
  EXPECT_EQ(ending_of(in(State::LastAck), Cause::AdminAbort, {}),
            (Ending{EndedBy::Administrator, EndedHow::Silent, Cause::AdminAbort}));
}

TEST(Ending, every_cause_that_closes_has_an_ending_and_every_ending_a_phrase) {
  // Causes that never end a connection's data, or whose doer the evidence cannot tell.
  const auto is_unknown = [](Cause cause) {
    return ending_of(in(State::Established), cause, {}).by == EndedBy::Unknown;
  };
  EXPECT_TRUE(is_unknown(Cause::Resynchronised));
  EXPECT_TRUE(is_unknown(Cause::RequestDropped));
  EXPECT_FALSE(is_unknown(Cause::KeepaliveTimeout));
  for (const CauseRow& row : cause_table()) {
    const Ending ending = ending_of(in(State::Established), row.cause, {});
    EXPECT_FALSE(phrase(ending).empty()) << row.label;
    EXPECT_LE(phrase(ending).size(), 25u) << phrase(ending);
  }
}

TEST(Ending, labels_are_read_back) {
  for (std::size_t i = 0; i < kEndedByCount; ++i) {
    EXPECT_EQ(parse_ended_by(label(static_cast<EndedBy>(i))), static_cast<EndedBy>(i));
  }
  for (std::size_t i = 0; i < kEndedHowCount; ++i) {
    EXPECT_EQ(parse_ended_how(label(static_cast<EndedHow>(i))), static_cast<EndedHow>(i));
  }
  EXPECT_FALSE(parse_ended_by("nobody"));
}

TEST(ComposedPairs, are_those_of_two_reference_machines) {
  EXPECT_TRUE(can_occur_together(State::Established, State::Established));
  EXPECT_TRUE(can_occur_together(State::FinWait2, State::CloseWait));
  EXPECT_TRUE(can_occur_together(State::TimeWait, State::LastAck));  // the last ACK was lost
  EXPECT_TRUE(can_occur_together(State::Closing, State::FinWait1));
  EXPECT_TRUE(can_occur_together(State::TimeWait, State::TimeWait));
  EXPECT_TRUE(can_occur_together(State::Established, State::Closed));
  EXPECT_TRUE(can_occur_together(State::FinWait1, State::SynReceived));
}

TEST(ComposedPairs, exclude_what_no_exchange_of_segments_leads_to) {
  // FIN_WAIT2: our FIN was acknowledged, so the other end has received it.
  EXPECT_FALSE(can_occur_together(State::FinWait2, State::Established));
  EXPECT_FALSE(can_occur_together(State::FinWait2, State::FinWait2));
  // CLOSE_WAIT: the other end has sent its FIN.
  EXPECT_FALSE(can_occur_together(State::CloseWait, State::Established));
  EXPECT_FALSE(can_occur_together(State::CloseWait, State::CloseWait));
  EXPECT_FALSE(can_occur_together(State::TimeWait, State::Established));
  EXPECT_FALSE(can_occur_together(State::TimeWait, State::FinWait2));
  EXPECT_FALSE(can_occur_together(State::LastAck, State::CloseWait));
  // The FIN that leads to LAST_ACK acknowledges the other end's.
  EXPECT_FALSE(can_occur_together(State::LastAck, State::Closing));
  EXPECT_FALSE(can_occur_together(State::LastAck, State::LastAck));
}

TEST(ComposedPairs, know_no_left_and_right) {
  for (const State one : kAllStates) {
    for (const State other : kAllStates) {
      EXPECT_EQ(can_occur_together(one, other), can_occur_together(other, one));
    }
  }
}

}  // namespace
}  // namespace tcptwin::model
