// SPDX-License-Identifier: MIT
// Segments: each one once, with its connection and the state it found, in the kernel's order; and
// what no socket may send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "simulated_host.h"
#include "tracker/segment_memory.h"

namespace tcptwin::tracker::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kIss = 1000;
constexpr std::uint32_t kIrs = 5000;
constexpr std::uint32_t kPort = 2;    // index of a bridge's port
constexpr std::uint32_t kBridge = 3;  // and of the bridge

std::string letters(const Segment& segment) {
  std::string text;
  if (segment.syn) text += 'S';
  if (segment.fin) text += 'F';
  if (segment.rst) text += 'R';
  if (segment.ack) text += 'A';
  return text;
}

Segment segment(const std::string& letters, std::uint32_t sequence, std::uint32_t ack = 0) {
  Segment result;
  for (const char letter : letters) {
    if (letter == 'S') result.syn = true;
    if (letter == 'F') result.fin = true;
    if (letter == 'R') result.rst = true;
    if (letter == 'A') result.ack = true;
  }
  result.sequence = SequenceNumber{sequence};
  result.acknowledgement = SequenceNumber{ack};
  result.header_length = 20;
  for (std::size_t i = 0; i < 4; ++i) {
    result.header[4 + i] = static_cast<std::uint8_t>(sequence >> (24 - 8 * i));
    result.header[8 + i] = static_cast<std::uint8_t>(ack >> (24 - 8 * i));
  }
  result.header[13] =
      static_cast<std::uint8_t>(result.fin | result.syn << 1 | result.rst << 2 | result.ack << 4);
  result.interface = kPort;
  return result;
}

// A host whose sockets also show their segments.
struct Wire {
  explicit Wire(TrackerOptions options = {}) : host(options) {}

  void sends(const SimulatedSocket& socket, Segment sent) {
    sent.direction = Direction::Sent;
    SegmentSeen seen = seen_of(socket.tuple, sent);
    seen.socket = socket.reference;
    seen.holder = model::Holder::Socket;
    seen.socket_state = socket.state;
    seen.socket_was_locked = true;
    host.see(seen);
  }
  void sends_without_socket(const Tuple& tuple, Segment sent) {
    sent.direction = Direction::Sent;
    host.see(seen_of(tuple, sent));
  }
  void gets(const Tuple& tuple, Segment received) {
    received.direction = Direction::Received;
    host.see(seen_of(tuple, received));
  }
  SegmentSeen seen_of(const Tuple& tuple, const Segment& it) const {
    SegmentSeen seen;
    seen.time = host.now;
    seen.tuple = tuple;
    seen.segment = it;
    return seen;
  }

  // "> SA 0/1 NEW_SYN_RECV", "< R 1 -": direction, flags, relative numbers, state.
  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const SegmentFound& found : host.findings.segments) {
      std::string line{found.segment.direction == Direction::Sent ? ">" : "<"};
      line += ' ' + letters(found.segment) + ' ';
      line += found.relative_sequence ? std::to_string(*found.relative_sequence) : "?";
      if (found.segment.ack) {
        line += '/';
        line +=
            found.relative_acknowledgement ? std::to_string(*found.relative_acknowledgement) : "?";
      }
      line += ' ';
      line += found.state ? std::string{name(*found.state)} : "-";
      result.push_back(line);
    }
    return result;
  }
  std::vector<model::DivergenceKind> divergences() const {
    std::vector<model::DivergenceKind> kinds;
    for (const Divergence& divergence : host.findings.divergences) kinds.push_back(divergence.kind);
    return kinds;
  }

  Host host;
};

SegmentFound only(const Wire& wire) {
  EXPECT_EQ(wire.host.findings.segments.size(), 1u);
  return wire.host.findings.segments.at(0);
}

// An active open with its three segments.
struct Client {
  explicit Client(Wire& on) : wire(on), socket(on.host) {
    socket.connects();
    wire.sends(socket, segment("S", kIss));
    wire.gets(socket.tuple, segment("SA", kIrs, kIss + 1));
    socket.gets_syn_ack();
    wire.sends(socket, segment("A", kIss + 1, kIrs + 1));
  }
  Wire& wire;
  SimulatedSocket socket;
};

TEST(Segments, a_handshake_is_counted_from_its_syns_and_stands_between_its_steps) {
  Wire wire;
  Client client{wire};
  EXPECT_THAT(wire.lines(),
              ElementsAre("> S 0 SYN_SENT", "< SA 0/1 SYN_SENT", "> A 1/1 ESTABLISHED"));
  for (const SegmentFound& found : wire.host.findings.segments) {
    ASSERT_TRUE(found.connection);
    EXPECT_EQ(found.connection->id, client.socket.id());
    EXPECT_EQ(found.owner.actor.pid, kClient.pid);
  }
}

TEST(Segments, a_connects_port_is_known_from_its_syn_on) {
  Wire wire;
  SimulatedSocket socket{wire.host};
  const Tuple whole = socket.tuple;
  socket.tuple.local.port = 0;
  socket.connects();
  socket.tuple = whole;
  wire.sends(socket, segment("S", kIss));
  wire.gets(whole, segment("RA", 0, kIss + 1));
  EXPECT_THAT(wire.lines(), ElementsAre("> S 0 SYN_SENT", "< RA ?/1 SYN_SENT"));
}

TEST(Segments, a_syn_waits_for_the_half_open_connection_it_opens) {
  Wire wire;
  SimulatedSocket listener{wire.host, 80, 0, kServer};
  listener.listens();
  SimulatedRequest request{listener, 40000};
  wire.gets(request.tuple, segment("S", kIrs));
  EXPECT_THAT(wire.lines(), IsEmpty());
  request.arrives();
  wire.sends_without_socket(request.tuple, segment("SA", kIss, kIrs + 1));
  wire.gets(request.tuple, segment("A", kIrs + 1, kIss + 1));
  EXPECT_THAT(wire.lines(),
              ElementsAre("< S 0 LISTEN", "> SA 0/1 NEW_SYN_RECV", "< A 1/1 NEW_SYN_RECV"));
  const auto& found = wire.host.findings.segments;
  ASSERT_TRUE(found[0].connection);
  EXPECT_EQ(found[0].connection->id, found[2].connection->id);
}

TEST(Segments, a_closed_port_answers_in_nobodys_name) {
  Wire wire;
  Tuple tuple;
  tuple.netns = kNamespace;
  tuple.local.port = 7999;
  tuple.remote.port = 40000;
  wire.gets(tuple, segment("S", kIrs));
  wire.sends_without_socket(tuple, segment("RA", 0, kIrs + 1));
  EXPECT_THAT(wire.lines(), ElementsAre("< S 0 -", "> RA ?/1 -"));
  EXPECT_FALSE(wire.host.findings.segments[0].connection);
}

TEST(Segments, a_listener_that_keeps_silent_is_named) {
  Wire wire;
  SimulatedSocket listener{wire.host, 80, 0, kServer};
  listener.listens();
  Tuple tuple = listener.tuple;
  tuple.remote.port = 40000;
  wire.gets(tuple, segment("S", kIrs));
  wire.host.settle();
  EXPECT_THAT(wire.lines(), ElementsAre("< S 0 LISTEN"));
  EXPECT_EQ(only(wire).owner.actor.pid, kServer.pid);
}

TEST(Segments, what_passes_through_is_counted_and_not_shown) {
  Wire wire;
  Tuple tuple;
  tuple.netns = kNamespace;
  tuple.local.port = 443;
  tuple.remote.port = 40000;
  wire.gets(tuple, segment("S", kIrs));
  wire.host.settle();
  EXPECT_THAT(wire.lines(), IsEmpty());
  EXPECT_EQ(wire.host.tracker.counts().segments_passing, 1u);
}

TEST(Segments, one_that_waits_holds_back_the_steps_behind_it) {
  Wire wire;
  Tuple stranger;
  stranger.netns = kNamespace;
  stranger.local.port = 443;
  wire.gets(stranger, segment("S", kIrs));
  SimulatedSocket socket{wire.host};
  socket.connects();
  EXPECT_THAT(wire.host.findings.lines(), IsEmpty());
  wire.host.settle();
  EXPECT_EQ(wire.host.findings.lines().size(), 1u);
}

TEST(Segments, a_segment_at_a_second_device_is_the_same) {
  Wire wire;
  Client client{wire};
  const std::size_t before = wire.host.findings.segments.size();
  Segment fin = segment("FA", kIrs + 1, kIss + 1);
  wire.gets(client.socket.tuple, fin);
  fin.interface = kBridge;
  fin.header[16] = 0xab;  // the device has filled the checksum in
  wire.gets(client.socket.tuple, fin);
  EXPECT_EQ(wire.host.findings.segments.size(), before + 1);
  EXPECT_EQ(wire.host.tracker.counts().segments_crossing, 1u);
}

TEST(Segments, the_same_once_more_at_the_first_device_is_another_one) {
  Wire wire;
  SimulatedSocket socket{wire.host};
  socket.connects();
  for (int copy = 0; copy < 2; ++copy) {
    for (const std::uint32_t device : {kPort, kBridge}) {
      Segment syn = segment("S", kIss);
      syn.interface = device;
      wire.sends(socket, syn);
    }
  }
  EXPECT_THAT(wire.lines(), ElementsAre("> S 0 SYN_SENT", "> S 0 SYN_SENT"));
  EXPECT_EQ(wire.host.tracker.counts().segments_crossing, 2u);
}

TEST(Segments, a_retransmission_by_another_route_is_no_crossing) {
  Wire wire;
  SimulatedSocket socket{wire.host};
  socket.connects();
  wire.sends(socket, segment("S", kIss));
  wire.host.wait(1s);
  Segment again = segment("S", kIss);
  again.interface = kBridge;
  wire.sends(socket, again);
  EXPECT_EQ(wire.lines().size(), 2u);
}

TEST(Segments, both_ends_on_one_device_are_two_segments) {
  Wire wire;
  Tuple itself;
  itself.netns = kNamespace;
  itself.local.port = itself.remote.port = 7;
  wire.gets(itself, segment("S", kIss));
  wire.sends_without_socket(itself, segment("S", kIss));
  EXPECT_EQ(wire.lines().size(), 2u);
}

TEST(Segments, crossings_are_forgotten) {
  Crossings crossings;
  SegmentSeen seen;
  seen.time = kernel_time_from_ns(1'000'000'000);
  for (std::uint32_t i = 0; i < 3 * Crossings::kLimit; ++i) {
    seen.segment = segment("S", i);
    EXPECT_FALSE(crossings.has_seen(seen));
  }
  EXPECT_LE(crossings.size(), Crossings::kLimit);
  seen.time += 1s;
  EXPECT_FALSE(crossings.has_seen(seen));
  EXPECT_LE(crossings.size(), 2u);
}

TEST(Segments, what_comes_after_the_end_still_has_its_connection) {
  Wire wire;
  Client client{wire};
  client.socket.gets_rst();
  client.socket.is_destroyed();
  wire.host.settle();
  wire.gets(client.socket.tuple, segment("FA", kIrs + 1, kIss + 1));
  EXPECT_EQ(wire.lines().back(), "< FA 1/1 CLOSE");
  wire.gets(client.socket.tuple, segment("S", 77));  // begins something else
  wire.host.settle();
  EXPECT_EQ(wire.lines().back(), "< FA 1/1 CLOSE");
}

TEST(Segments, an_old_duplicate_does_not_move_the_count) {
  Wire wire;
  Client client{wire};
  wire.gets(client.socket.tuple, segment("S", kIrs - 500));
  wire.gets(client.socket.tuple, segment("FA", kIrs + 1, kIss + 1));
  EXPECT_EQ(wire.lines().back(), "< FA 1/1 ESTABLISHED");
}

TEST(Segments, of_an_older_connection_the_count_comes_from_its_socket) {
  Wire wire;
  SimulatedSocket socket{wire.host};
  socket.is_established();
  wire.gets(socket.tuple, segment("FA", socket.peer_iss.value() + 1, kIss));
  EXPECT_EQ(wire.host.findings.segments.at(0).relative_sequence, 1u);
}

// The detectors. The socket's own state is in the record, so the tracker's mirror plays no part.
TEST(SegmentOffences, an_orderly_life_has_none) {
  Wire wire;
  Client client{wire};
  client.socket.closes();
  wire.sends(client.socket, segment("FA", kIss + 1, kIrs + 1));
  wire.sends(client.socket, segment("FA", kIss + 1, kIrs + 1));  // retransmitted
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
}

TEST(SegmentOffences, a_syn_out_of_an_established_socket_is_forbidden) {
  Wire wire;
  Client client{wire};
  wire.sends(client.socket, segment("S", kIss));
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), ElementsAre(model::DivergenceKind::ForbiddenSegment));
  ASSERT_TRUE(wire.host.findings.divergences[0].segment);
  EXPECT_TRUE(wire.host.findings.divergences[0].segment->syn);
}

TEST(SegmentOffences, a_fin_before_close_is_forbidden) {
  Wire wire;
  Client client{wire};
  wire.sends(client.socket, segment("FA", kIss + 1, kIrs + 1));
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), ElementsAre(model::DivergenceKind::ForbiddenSegment));
}

Segment data(std::uint32_t sequence, std::uint32_t bytes) {
  Segment result = segment("A", sequence, kIrs + 1);
  result.payload = bytes;
  result.reason = SegmentReason::BeyondFin;
  return result;
}

TEST(SegmentOffences, data_behind_the_fin_is_found_and_data_before_it_is_not) {
  Wire wire;
  Client client{wire};
  client.socket.closes();
  wire.sends(client.socket, segment("FA", kIss + 101, kIrs + 1));
  wire.sends(client.socket, data(kIss + 1, 100));  // sent again, up to the FIN
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
  wire.sends(client.socket, data(kIss + 101, 1));  // in the FIN's own place
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), ElementsAre(model::DivergenceKind::DataAfterFin));
}

// Where every segment is recorded, verdicts stay those of the segments that were there before.
TEST(SegmentOffences, what_only_flows_is_not_judged) {
  Wire wire;
  Client client{wire};
  client.socket.closes();
  wire.sends(client.socket, segment("FA", kIss + 101, kIrs + 1));
  Segment behind = data(kIss + 101, 10);
  behind.reason = SegmentReason::Data;
  wire.sends(client.socket, behind);
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
}

TEST(Segments, data_of_others_is_counted_at_once_and_holds_nothing_back) {
  Wire wire;
  Tuple stranger;
  stranger.netns = kNamespace;
  stranger.local.port = 443;
  Segment passing = data(kIrs, 10);
  passing.reason = SegmentReason::Data;
  wire.gets(stranger, passing);
  EXPECT_EQ(wire.host.tracker.counts().segments_passing, 1u);
  SimulatedSocket socket{wire.host};
  socket.connects();
  wire.host.settle();
  EXPECT_EQ(wire.host.findings.lines().size(), 1u);
  EXPECT_THAT(wire.lines(), IsEmpty());
}

// A bridge takes 64 KB at once, its port takes packets.
TEST(Segments, pieces_at_a_lower_device_are_the_same_segment) {
  Wire wire;
  Client client{wire};
  const std::size_t before = wire.host.findings.segments.size();
  const auto send = [&](std::uint32_t device, std::uint32_t offset, std::uint32_t bytes) {
    Segment sent = data(kIss + 1 + offset, bytes);
    sent.reason = SegmentReason::Data;
    sent.interface = device;
    wire.sends(client.socket, sent);
    return wire.host.findings.segments.size() - before;
  };
  EXPECT_EQ(send(kBridge, 0, 3000), 1u);
  for (const std::uint32_t offset : {0u, 1000u, 2000u}) send(kPort, offset, 1000);
  EXPECT_EQ(wire.host.findings.segments.size(), before + 1);
  EXPECT_EQ(wire.host.tracker.counts().segments_crossing, 3u);
  EXPECT_EQ(send(kBridge, 1000, 1000), 2u);  // sent again
  EXPECT_EQ(send(kPort, 3000, 1000), 3u);    // by another way, and behind it
}

TEST(SegmentOffences, the_next_connection_of_the_socket_begins_anew) {
  Wire wire;
  Client client{wire};
  client.socket.shuts_down();
  wire.sends(client.socket, segment("FA", kIss + 1, kIrs + 1));
  client.socket.gets_rst();
  wire.host.settle();
  client.socket.snapshot = {};
  client.socket.connects();
  client.socket.gets_syn_ack();
  wire.sends(client.socket, data(kIss + 500, 10));
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
}

TEST(SegmentOffences, what_another_sends_in_the_sockets_name_is_not_its_doing) {
  Wire wire;
  Client client{wire};
  wire.sends_without_socket(client.socket.tuple, segment("S", kIss));  // a raw socket
  Segment late = segment("S", kIss);
  late.direction = Direction::Sent;
  late.interface = kBridge + 1;
  SegmentSeen held_up = wire.seen_of(client.socket.tuple, late);  // by a queue, the lock is free
  held_up.socket = client.socket.reference;
  held_up.holder = model::Holder::Socket;
  held_up.socket_state = client.socket.state;
  wire.host.wait(1s);
  held_up.time = wire.host.now;
  wire.host.see(held_up);
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
}

TEST(SegmentOffences, after_a_loss_nobody_is_accused) {
  Wire wire;
  Client client{wire};
  wire.sends(client.socket, segment("S", kIss));
  wire.host.status(1);
  wire.host.settle();
  EXPECT_THAT(wire.divergences(), IsEmpty());
  EXPECT_EQ(wire.lines().back(), "> S 0 ESTABLISHED");
}

}  // namespace
}  // namespace tcptwin::tracker::testing
