// SPDX-License-Identifier: MIT
#include "model/state.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace tcptwin::model {
namespace {

TEST(State, every_spelling_users_know_is_understood) {
  for (const State state : kAllStates) {
    EXPECT_EQ(parse_state(name(state)), (MirrorState{state, Holder::Socket})) << name(state);
    EXPECT_EQ(parse_state(rfc_name(state)), (MirrorState{state, Holder::Socket}))
        << rfc_name(state);
    EXPECT_EQ(parse_state(label(state)), (MirrorState{state, Holder::Socket})) << label(state);
  }
  EXPECT_EQ(parse_state("ESTAB"), (MirrorState{State::Established, Holder::Socket}));
  EXPECT_EQ(parse_state("syn-recv"), (MirrorState{State::SynReceived, Holder::Socket}));
  EXPECT_EQ(parse_state("NEW_SYN_RECV"), (MirrorState{State::SynReceived, Holder::RequestSocket}));
  EXPECT_FALSE(parse_state("ESTABLISH"));
  EXPECT_FALSE(parse_state(""));
}

TEST(State, names_are_the_kernels) {
  EXPECT_EQ(name(State::SynReceived), "SYN_RECV");
  EXPECT_EQ(name(State::Closed), "CLOSE");
  EXPECT_EQ(name(MirrorState{State::SynReceived, Holder::RequestSocket}), "NEW_SYN_RECV");
  EXPECT_EQ(label(MirrorState{State::FinWait2, Holder::Minisocket}), "fin_wait2");
}

template <typename T>
concept Ordered = requires(T a, T b) {
  a < b;
};

TEST(State, has_no_order) {
  // Linux and the RFC number the states differently; comparing numbers must not compile.
  static_assert(!Ordered<State>);
}

}  // namespace
}  // namespace tcptwin::model
