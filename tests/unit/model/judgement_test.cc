// SPDX-License-Identifier: MIT
// The comparison: what is a divergence, and of which kind.
#include <gtest/gtest.h>

#include "model/reference_fsm.h"

namespace tcptwin::model {
namespace {

constexpr MirrorState socket(State state) {
  return {state, Holder::Socket};
}

Evidence established() {
  Evidence e;
  e.snapshot.segs_in = 5;
  e.snapshot.snd_una = e.snapshot.snd_nxt = e.snapshot.write_seq = SequenceNumber{100};
  e.snapshot.rcv_nxt = e.snapshot.copied_seq = SequenceNumber{200};
  e.remote_known = true;
  e.context = Context::Softirq;
  return e;
}

TEST(Judgement, accuses_an_edge_no_stimulus_leads_to) {
  const auto judgement =
      judge(socket(State::Established), established(), Origin::Active, socket(State::SynSent));
  EXPECT_EQ(judgement.verdict, Verdict::Divergence);
  EXPECT_EQ(judgement.divergence, DivergenceKind::IllegalEdge);
}

TEST(Judgement, accuses_a_legal_pair_whose_stimulus_did_not_happen) {
  // CLOSE_WAIT without a FIN.
  const auto judgement =
      judge(socket(State::Established), established(), Origin::Active, socket(State::CloseWait));
  EXPECT_EQ(judgement.verdict, Verdict::Divergence);
  EXPECT_EQ(judgement.divergence, DivergenceKind::UnjustifiedEdge);
  EXPECT_FALSE(judgement.expected);
}

TEST(Judgement, accuses_establishment_without_a_synack_and_says_what_was_expected) {
  Evidence e = established();
  e.snapshot.segs_in = 0;
  e.snapshot.segs_out = 1;
  e.snapshot.write_seq = e.snapshot.snd_nxt = SequenceNumber{101};
  const auto judgement =
      judge(socket(State::SynSent), e, Origin::Active, socket(State::Established));
  EXPECT_EQ(judgement.divergence, DivergenceKind::UnjustifiedEdge);
  EXPECT_EQ(judgement.expected, State::Closed);
}

TEST(Judgement, accuses_time_wait_left_out_by_a_stay) {
  Evidence e = established();
  e.snapshot.done = e.snapshot.receive_shutdown = true;
  const auto judgement =
      judge(socket(State::Established), e, Origin::Active, socket(State::Closed));
  EXPECT_EQ(judgement.cause, Cause::FinReceived);
  EXPECT_EQ(judgement.divergence, DivergenceKind::UnjustifiedEdge);
  EXPECT_EQ(judgement.expected, State::CloseWait);
}

TEST(Judgement, never_calls_an_mptcp_subflow_divergent) {
  Evidence e = established();
  e.snapshot.mptcp = true;
  for (const State to : kAllStates) {
    const auto judgement = judge(socket(State::Established), e, Origin::Active, socket(to));
    EXPECT_NE(judgement.verdict, Verdict::Divergence) << name(to);
  }
}

TEST(Judgement, lets_a_half_open_connection_end_where_the_rfc_says_listen) {
  const MirrorState half_open{State::SynReceived, Holder::RequestSocket};
  const Inference rst{Stimulus::Rst, Cause::RequestDropped, Confidence::C};
  const auto judgement = judge(half_open, rst, Origin::Passive, socket(State::Closed));
  EXPECT_EQ(judgement.verdict, Verdict::Conformant);
  EXPECT_EQ(judgement.rule, "RFC 9293 3.10.7.4");
}

TEST(Judgement,
     of_unexplained_evidence_is_a_divergence_in_every_state_that_has_a_segment_to_wait_for) {
  // No evidence at all must explain nothing, wherever the kernel claims to go.
  Evidence nothing = established();
  for (const State from : {State::Established, State::CloseWait}) {
    nothing.snapshot.done = from == State::CloseWait;
    for (const State to : kAllStates) {
      if (to == from) continue;
      EXPECT_EQ(judge(socket(from), nothing, Origin::Active, socket(to)).verdict,
                Verdict::Divergence)
          << name(from) << " -> " << name(to);
    }
  }
}

}  // namespace
}  // namespace tcptwin::model
