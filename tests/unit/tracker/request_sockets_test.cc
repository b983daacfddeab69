// SPDX-License-Identifier: MIT
// Half-open connections: how they begin, become sockets, and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_host.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class Listener : public ::testing::Test {
 protected:
  Listener() { listener.listens(); }
  std::string last_line() {
    host.settle();
    return line(host.findings.steps.back());
  }
  Host host;
  SimulatedSocket listener{host, 80, 0, kServer};
};

TEST_F(Listener, shows_each_half_open_connection_once) {
  std::vector<SimulatedRequest> requests;
  for (std::uint16_t port = 1; port <= 50; ++port) {
    requests.emplace_back(listener, port);
    requests.back().arrives();
  }
  for (auto& request : requests) request.times_out_and_is_sent_again(1);
  host.settle();
  EXPECT_EQ(host.findings.steps.size(), 51u);
  EXPECT_EQ(host.tracker.counts().half_open, 50u);
}

TEST_F(Listener, gives_up_a_request_whose_synack_is_never_answered) {
  SimulatedRequest request(listener, 40000);
  request.arrives();
  host.wait(1s);
  request.times_out_and_is_sent_again(1);
  host.wait(2s);
  request.times_out();
  EXPECT_EQ(last_line(), "NEW_SYN_RECV -> CLOSE request_timeout conformant");
  EXPECT_EQ(host.tracker.counts().half_open, 0u);
}

TEST_F(Listener, counts_half_open_connections_at_its_port_until_they_end_or_are_established) {
  SimulatedSocket elsewhere(host, 81, 0, kServer);
  elsewhere.listens();
  SimulatedRequest first(listener, 40000);
  SimulatedRequest second(listener, 40001);
  SimulatedRequest third(elsewhere, 40002);
  first.arrives();
  second.arrives();
  third.arrives();
  host.settle();
  EXPECT_THAT(host.tracker.half_open_by_port(), UnorderedElementsAre(Pair(80, 2u), Pair(81, 1u)));
  SimulatedSocket child(host, 80, 40000, kServer);
  child.is_born_of(listener);
  first.timer(TimerOperation::Cancel);
  EXPECT_THAT(host.tracker.half_open_by_port(), Contains(Pair(80, 2u))) << "a child, in SYN_RECV";
  child.gets_handshake_ack();
  third.timer(TimerOperation::Cancel);
  host.settle();
  EXPECT_THAT(host.tracker.half_open_by_port(), UnorderedElementsAre(Pair(80, 1u)));
  second.timer(TimerOperation::Cancel);
  host.settle();
  EXPECT_TRUE(host.tracker.half_open_by_port().empty());
}

TEST_F(Listener, drops_a_request_on_rst) {
  SimulatedRequest request(listener, 40000);
  request.arrives();
  request.timer(TimerOperation::Cancel);
  EXPECT_EQ(last_line(), "NEW_SYN_RECV -> CLOSE request_dropped conformant");
  EXPECT_EQ(host.findings.steps.back().confidence, model::Confidence::C);
}

TEST_F(Listener, resets_a_request_on_another_syn) {
  SimulatedRequest request(listener, 40000);
  request.arrives();
  request.gets_reset_by_listener(true);
  EXPECT_EQ(last_line(), "NEW_SYN_RECV -> CLOSE request_reset_bad_syn deviation L20");
}

TEST_F(Listener, resets_a_request_when_its_accept_queue_overflows) {
  SimulatedRequest request(listener, 40000);
  request.arrives();
  request.gets_reset_by_listener(false);
  EXPECT_EQ(last_line(), "NEW_SYN_RECV -> CLOSE accept_overflow_reset deviation L23");
}

TEST_F(Listener, makes_a_child_of_a_syn_cookie_without_any_request) {
  SimulatedSocket child(host, 80, 40000, kServer);
  child.is_born_of(listener);
  child.gets_handshake_ack();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> LISTEN passive_open conformant",
                          "LISTEN -> SYN_RECV child_from_syncookie deviation L13",
                          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"));
}

TEST_F(Listener, makes_a_child_of_a_fast_open_before_the_handshake_ends) {
  SimulatedSocket child(host, 80, 40000, kServer);
  child.is_born_of(listener);
  child.snapshot.fastopen_child = true;
  host.wait(1ms);
  child.gets_handshake_ack();
  host.settle();
  EXPECT_THAT(host.findings.lines(), Contains("LISTEN -> SYN_RECV child_from_tfo deviation L14"));
}

TEST_F(Listener, does_not_take_a_lost_request_for_a_syn_cookie) {
  // The request's first timer was not seen, its cancellation is: it was no cookie.
  SimulatedRequest request(listener, 40000);
  SimulatedSocket child(host, 80, 40000, kServer);
  request.becomes(child);
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              Contains("LISTEN -> SYN_RECV child_from_request deviation L12"));
}

TEST_F(Listener, finds_the_request_of_a_child_whose_tuple_is_not_set_at_birth) {
  // Before 6.18 the clone still carries the listener's tuple, and its cookie is set anew.
  SimulatedRequest request(listener, 40000);
  request.arrives();
  host.wait(5ms);
  SimulatedSocket child(host, 80, 40000, kServer);
  child.tuple.remote = {};
  child.is_born_of(listener);
  request.timer(TimerOperation::Cancel);
  child.tuple = request.tuple;
  child.reference.cookie = host.next_cookie++;
  child.gets_handshake_ack();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> LISTEN passive_open conformant",
                          "LISTEN -> NEW_SYN_RECV syn_received conformant",
                          "NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12",
                          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"));
  EXPECT_EQ(host.findings.steps[2].connection.tuple, request.tuple);
}

TEST_F(Listener, follows_a_slow_fast_open_child_whose_cookie_is_set_after_its_birth) {
  SimulatedSocket child(host, 80, 40000, kServer);
  const Tuple whole = child.tuple;
  child.tuple.remote = {};
  child.reference.cookie = 0;  // not final at birth before 6.18
  child.is_born_of(listener);
  host.wait(150ms);  // longer than the window for its birth
  host.status();
  child.tuple.remote = whole.remote;
  child.reference.cookie = host.next_cookie++;
  child.gets_handshake_ack();
  host.settle();
  EXPECT_THAT(host.findings.lines(),
              ElementsAre("CLOSE -> LISTEN passive_open conformant",
                          "LISTEN -> SYN_RECV child_from_tfo deviation L14",
                          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"));
  EXPECT_EQ(host.findings.steps[2].connection.id, host.findings.steps[1].connection.id);
  EXPECT_FALSE(host.findings.steps[2].connection.adopted);
}

// A child without its peer is all that the kernel's filter lets pass of it.
class PeerFilter : public ::testing::Test {
 protected:
  PeerFilter() {
    listener.listens();
    child.tuple.remote = {};
    child.reference.cookie = 0;
    child.is_born_of(listener);
  }
  static TrackerOptions options() {
    TrackerOptions result;
    result.filters_by_peer = true;
    return result;
  }

  Host host{options()};
  SimulatedSocket listener{host, 80, 0, kServer};
  SimulatedSocket child{host, 80, 40000, kServer};
};

TEST_F(PeerFilter, forgets_children_whose_peer_never_shows) {
  host.settle();
  EXPECT_EQ(host.findings.steps.size(), 1u);
  EXPECT_EQ(host.tracker.counts().connections, 0u);
  EXPECT_EQ(host.tracker.counts().twins, 1u);
}

// Where no socket has a cookie, the next one may lie at the same address before that is known.
TEST_F(PeerFilter, forgets_such_a_child_when_its_address_serves_another) {
  SimulatedSocket next(host, 81, 0, kServer);
  next.reference = child.reference;
  next.listens();
  host.settle();
  EXPECT_THAT(host.findings.lines(), ElementsAre("CLOSE -> LISTEN passive_open conformant",
                                                 "CLOSE -> LISTEN passive_open conformant"));
  EXPECT_EQ(host.tracker.counts().gaps, 0u);
}

TEST_F(Listener, takes_its_waiting_children_along) {
  SimulatedRequest request(listener, 40000);
  request.arrives();
  SimulatedSocket child(host, 80, 40000, kServer);
  request.becomes(child);
  child.snapshot.has_socket = false;  // nobody accepted it
  listener.snapshot.send_shutdown = listener.snapshot.receive_shutdown = true;
  listener.changes_to(model::State::Closed, model::Context::Process);
  child.changes_to(model::State::Closed, model::Context::Process);
  child.sends_reset(false);
  child.reports_error(104);
  child.is_destroyed();
  EXPECT_EQ(last_line(), "ESTABLISHED -> CLOSE listener_closed_child deviation L25");
}

}  // namespace
}  // namespace tcptwin::tracker::testing
