// SPDX-License-Identifier: MIT
// --segments on the running kernel, against a peer that says exactly what a scenario tells it: each
// conversation's whole list of segments, in order, with the state that each found.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "kernel/lead_to_state.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

using tracker::Direction;
using tracker::SegmentFound;

// "> SYN 0 SYN_SENT", "< FIN ACK 1/1 ESTABLISHED": direction, flags, numbers, state.
std::string to_text(const SegmentFound& found) {
  const tracker::Segment& segment = found.segment;
  std::string text = segment.direction == Direction::Sent ? ">" : "<";
  const auto add = [&](bool is_set, const char* word) {
    if (is_set) text += std::string{" "} + word;
  };
  add(segment.syn, "SYN");
  add(segment.fin, "FIN");
  add(segment.rst, "RST");
  add(segment.ack, "ACK");
  const auto number = [](const std::optional<std::uint32_t>& relative) {
    return relative ? std::to_string(*relative) : std::string{"?"};
  };
  text += ' ' + number(found.relative_sequence);
  if (segment.ack) text += '/' + number(found.relative_acknowledgement);
  if (segment.payload > 0) text += " (" + std::to_string(segment.payload) + " bytes)";
  text += ' ';
  text += found.state ? testing::to_text(*found.state) : std::string{"-"};
  return text;
}

using Segments = std::vector<std::string>;

Segments operator+(Segments first, const Segments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Segments kOpened = {"> SYN 0 SYN_SENT", "< SYN ACK 0/1 SYN_SENT", "> ACK 1/1 ESTABLISHED"};
const Segments kReceived = {"< SYN 0 LISTEN", "> SYN ACK 0/1 NEW_SYN_RECV",
                            "< ACK 1/1 NEW_SYN_RECV"};

Segments shown(const Findings& findings, std::uint16_t peer_port) {
  Segments lines;
  for (const SegmentFound& found : findings.segments) {
    if (found.tuple.remote.port == peer_port) lines.push_back(to_text(found));
  }
  return lines;
}

// Until everything expected is there, and nothing else within the time that judging takes.
void expect_segments(Stage& stage, std::uint16_t peer_port, const Segments& expected) {
  stage.trace().await(
      [&](const Findings& found) { return shown(found, peer_port).size() >= expected.size(); },
      kPatience);
  stage.trace().settle();
  const Segments seen = shown(stage.trace().findings(), peer_port);
  if (seen == expected) return;
  std::string text = "the segments differ\n  expected:\n";
  for (const std::string& line : expected) text += "    " + line + "\n";
  text += "  seen:\n";
  for (const std::string& line : seen) text += "    " + line + "\n";
  throw ConversationBroken(text);
}

class SegmentScenario : public ::testing::Test {
 protected:
  // Without counters and paths: other tests compare those.
  template <typename Conversation>
  void play(Conversation conversation, Stage::Segments recorded = Stage::Segments::OfStates) {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    Stage stage{recorded};
    try {
      conversation(stage);
    } catch (const std::exception& broken) {
      std::string said;
      for (const std::string& line : stage.peer.transcript()) said += "    " + line + "\n";
      FAIL() << broken.what() << "\n  The conversation:\n" << said;
    }
    EXPECT_TRUE(stage.trace().findings().divergences.empty());
  }
};

TEST_F(SegmentScenario, handshake_data_and_half_close) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.send("hello");
    peer.expects_text("hello");
    peer.sends(PshAck, {.text = "world!"});
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(FinAck);
    peer.expects(Ack);
    expect_segments(stage, 5001,
                    kOpened + Segments{"> FIN ACK 6/7 FIN_WAIT1", "< ACK 7/7 FIN_WAIT1",
                                       "< FIN ACK 7/7 FIN_WAIT2", "> ACK 7/8 FIN_WAIT2"});
  });
}

TEST_F(SegmentScenario, a_syns_options_are_those_on_the_wire) {
  play([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    Conversation peer = stage.peer_at(5001);
    const Segment syn = peer.expects(Syn);
    expect_segments(stage, 5001, {"> SYN 0 SYN_SENT"});
    const auto& found = stage.trace().findings().segments.at(0).segment;
    EXPECT_EQ(found.sequence, syn.sequence);
    EXPECT_EQ(found.window, syn.window);
    EXPECT_EQ(found.options.mss, syn.mss);
    EXPECT_EQ(found.options.window_scale, syn.window_scale);
    ASSERT_TRUE(found.options.timestamps && syn.timestamps);
    EXPECT_EQ(found.options.timestamps->value, syn.timestamps->value);
    EXPECT_TRUE(found.options.sack_permitted);
  });
}

TEST_F(SegmentScenario, a_server_whose_peer_closes_first) {
  play([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto talk = stage.accepted(server, 5001);
    peer_closes(talk);
    talk.socket.close();
    talk.peer.acknowledges_fin();
    expect_segments(stage, 5001,
                    kReceived + Segments{"< FIN ACK 1/1 ESTABLISHED", "> ACK 1/2 CLOSE_WAIT",
                                         "> FIN ACK 1/2 LAST_ACK", "< ACK 2/2 LAST_ACK"});
  });
}

TEST_F(SegmentScenario, fins_cross) {
  play([](Stage& stage) {
    auto talk = stage.connected(5001);
    fins_cross(talk);
    talk.peer.sends(Ack);
    expect_segments(stage, 5001,
                    kOpened + Segments{"> FIN ACK 1/1 FIN_WAIT1", "< FIN ACK 1/1 FIN_WAIT1",
                                       "> ACK 2/2 FIN_WAIT1", "< ACK 2/2 CLOSING"});
  });
}

TEST_F(SegmentScenario, a_fin_with_data_is_one_segment) {
  play([](Stage& stage) {
    Socket& server = stage.listener(80);
    auto [child, peer] = stage.accepted(server, 5001);
    peer.sends(FinAck, {.text = "bye"});
    peer.expects(Ack);
    expect_segments(
        stage, 5001,
        kReceived + Segments{"< FIN ACK 1/1 (3 bytes) ESTABLISHED", "> ACK 1/5 CLOSE_WAIT"});
  });
}

TEST_F(SegmentScenario, a_refused_connect) {
  play([](Stage& stage) {
    stage.socket().connect(kPeerAddress, 5001);
    Conversation peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(RstAck);
    expect_segments(stage, 5001, {"> SYN 0 SYN_SENT", "< RST ACK ?/1 SYN_SENT"});
  });
}

TEST_F(SegmentScenario, a_closed_port_answers_with_a_reset_that_no_socket_sent) {
  play([](Stage& stage) {
    Conversation peer = stage.peer_at(5001, 81);
    peer.sends(Syn);
    peer.expects(Rst);
    expect_segments(stage, 5001, {"< SYN 0 -", "> RST ACK ?/1 -"});
    EXPECT_FALSE(stage.trace().findings().segments.at(1).connection);
  });
}

TEST_F(SegmentScenario, a_reset_in_the_middle) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(Rst);
    expect_segments(stage, 5001, kOpened + Segments{"< RST 1 ESTABLISHED"});
  });
}

TEST_F(SegmentScenario, an_aborted_connection_sends_its_reset_in_its_own_name) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    expect_segments(stage, 5001, kOpened + Segments{"> RST ACK 1/1 CLOSE"});
    EXPECT_TRUE(stage.trace().findings().segments.back().connection);
  });
}

TEST_F(SegmentScenario, a_syn_into_a_black_hole_is_shown_each_time) {
  play([](Stage& stage) {
    stage.socket().connect(kPeerAddress, 5001);
    Conversation peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.expects(Syn);  // the kernel repeats it after a second
    expect_segments(stage, 5001, {"> SYN 0 SYN_SENT", "> SYN 0 SYN_SENT"});
    const auto& found = stage.trace().findings().segments;
    EXPECT_EQ(found.at(0).segment.sequence, found.at(1).segment.sequence);
  });
}

TEST_F(SegmentScenario, a_lost_fin_is_sent_again) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.expects(Fin);
    stage.trace().settle();
    const Segments seen = shown(stage.trace().findings(), 5001);
    ASSERT_GE(seen.size(), 5u);
    for (std::size_t i = 3; i < seen.size(); ++i) EXPECT_EQ(seen[i], "> FIN ACK 1/1 FIN_WAIT1");
  });
}

TEST_F(SegmentScenario, an_old_syn_in_time_wait_is_answered_with_an_ack) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    peer.sends(Syn, {.seq_offset = -500});
    peer.expects(Ack);
    expect_segments(stage, 5001,
                    kOpened + Segments{"> FIN ACK 1/1 FIN_WAIT1", "< ACK 1/2 FIN_WAIT1",
                                       "< FIN ACK 1/2 FIN_WAIT2", "> ACK 2/2 FIN_WAIT2",
                                       "< SYN 4294966798 TIME_WAIT", "> ACK 2/2 TIME_WAIT"});
  });
}

TEST_F(SegmentScenario, a_syn_in_the_middle_gets_its_challenge_ack) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(Syn);
    peer.expects(Ack);
    expect_segments(stage, 5001,
                    kOpened + Segments{"< SYN 1 ESTABLISHED", "> ACK 1/1 ESTABLISHED"});
    EXPECT_EQ(stage.trace().findings().segments.back().segment.reason,
              tracker::SegmentReason::Follows);
  });
}

TEST_F(SegmentScenario, data_and_pure_acks_are_there_if_every_segment_is_asked_for) {
  const auto conversation = [](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.send("hello");
    peer.expects_text("hello");
    peer.sends(Ack);
    peer.sends(PshAck, {.text = "world!"});
    peer.expects(Ack);
    peer.sends(Rst);
    expect_segments(stage, 5001,
                    kOpened + Segments{"> ACK 1/1 (5 bytes) ESTABLISHED", "< ACK 1/6 ESTABLISHED",
                                       "< ACK 1/6 (6 bytes) ESTABLISHED", "> ACK 6/7 ESTABLISHED",
                                       "< RST 7 ESTABLISHED"});
    using Reason = tracker::SegmentReason;
    const auto& all = stage.trace().findings().segments;
    const std::vector<Reason> expected = {Reason::Data, Reason::PureAck, Reason::Data,
                                          Reason::PureAck};
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(all[kOpened.size() + i].segment.reason, expected[i]) << i;
    }
  };
  play(conversation, Stage::Segments::Every);
}

TEST_F(SegmentScenario, data_is_no_segment_of_this_list) {
  play([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    for (int i = 0; i < 20; ++i) {
      client.send("ping");
      peer.expects_text("ping");
      peer.sends(PshAck, {.text = "pong"});
    }
    peer.sends(Rst);
    expect_segments(stage, 5001, kOpened + Segments{"< RST 81 ESTABLISHED"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
