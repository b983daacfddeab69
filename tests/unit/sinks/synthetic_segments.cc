// SPDX-License-Identifier: MIT
#include "unit/sinks/synthetic_segments.h"

#include <chrono>

#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {

using model::Holder;
using model::State;
using std::chrono::milliseconds;
using tracker::Direction;
using tracker::OwnerConfidence;
using tracker::Segment;
using tracker::SegmentFound;
using tracker::SegmentReason;

namespace {

// The header of `segment` as it is on the wire, without options.
void write_header(Segment& segment, const Tuple& tuple) {
  const bool sent = segment.direction == Direction::Sent;
  const auto half = [&](std::size_t place, std::uint32_t value) {
    segment.header[place] = static_cast<std::uint8_t>(value >> 8);
    segment.header[place + 1] = static_cast<std::uint8_t>(value);
  };
  const auto word = [&](std::size_t place, std::uint32_t value) {
    half(place, value >> 16);
    half(place + 2, value & 0xffff);
  };
  half(0, sent ? tuple.local.port : tuple.remote.port);
  half(2, sent ? tuple.remote.port : tuple.local.port);
  word(4, segment.sequence.value());
  word(8, segment.acknowledgement.value());
  segment.header[12] = 5u << 4;
  segment.header[13] =
      static_cast<std::uint8_t>(segment.fin | segment.syn << 1 | segment.rst << 2 |
                                segment.psh << 3 | segment.ack << 4 | segment.urg << 5);
  half(14, segment.window);
  segment.header_length = 20;
}

}  // namespace

SegmentFound syn_sent() {
  SegmentFound found;
  found.time = at(milliseconds{1249});
  found.connection = client_connection();
  found.tuple = found.connection->tuple;
  found.state = model::MirrorState{State::SynSent, Holder::Socket};
  found.owner = owner(812, "curl", OwnerConfidence::LastUser);
  Segment& segment = found.segment;
  segment.syn = true;
  segment.sequence = SequenceNumber{1000};
  segment.window = 64240;
  segment.options.mss = 1460;
  segment.options.window_scale = 7;
  segment.options.sack_permitted = true;
  segment.options.timestamps = tracker::Timestamps{17, 0};
  segment.interface = 2;
  segment.ip_id = 4711;
  segment.hop_limit = 64;
  segment.dont_fragment = true;
  write_header(segment, found.tuple);
  found.relative_sequence = 0;
  return found;
}

SegmentFound fin_received() {
  SegmentFound found;
  found.time = at(milliseconds{1610});
  found.connection = client_connection();
  found.connection->id = {0x3c4d, 1};
  found.connection->adopted = true;
  found.connection->mptcp = true;
  found.connection->tuple = {4026532177u, endpoint("2001:db8::1", 40000), endpoint("::1", 22)};
  found.tuple = found.connection->tuple;
  found.state = model::MirrorState{State::TimeWait, Holder::Minisocket};
  found.owner = owner(1, "systemd", OwnerConfidence::Holder);
  Segment& segment = found.segment;
  segment.direction = Direction::Received;
  segment.fin = segment.psh = segment.ack = true;
  segment.sequence = SequenceNumber{2882400001};
  segment.acknowledgement = SequenceNumber{4294967295};
  segment.payload = 65160;
  segment.window = 512;
  segment.options.sack_length = 2;
  segment.options.sack[0] = {SequenceNumber{10}, SequenceNumber{20}};
  segment.options.sack[1] = {SequenceNumber{30}, SequenceNumber{40}};
  segment.interface = 1;
  segment.hop_limit = 255;
  segment.traffic_class = 0x10;
  write_header(segment, found.tuple);
  return found;
}

SegmentFound reset_by_nobody() {
  SegmentFound found;
  found.time = at(milliseconds{1499});
  found.tuple = {4026531840u, endpoint("10.0.0.2", 7999), endpoint("10.0.0.1", 48640)};
  Segment& segment = found.segment;
  segment.rst = segment.ack = true;
  segment.acknowledgement = SequenceNumber{540111776};
  segment.interface = 1;
  segment.hop_limit = 64;
  write_header(segment, found.tuple);
  found.relative_acknowledgement = 1;
  return found;
}

SegmentFound strange_segment() {
  SegmentFound found = syn_sent();
  found.time = at(milliseconds{1620});
  Segment& segment = found.segment;
  segment.fin = segment.rst = segment.psh = segment.urg = segment.ack = true;
  segment.options = {};
  segment.options.fast_open = segment.options.mptcp = true;
  segment.options.authenticated = segment.options.malformed = true;
  segment.reason = SegmentReason::BeyondFin;
  return found;
}

std::vector<SegmentFound> segments() {
  return {syn_sent(), reset_by_nobody(), fin_received(), strange_segment()};
}

tracker::Divergence data_after_fin() {
  tracker::Divergence result = bare_divergence();
  result.kind = model::DivergenceKind::DataAfterFin;
  result.from = result.observed = {State::FinWait1, Holder::Socket};
  result.segment = syn_sent().segment;
  result.segment->syn = false;
  result.segment->ack = result.segment->psh = true;
  result.segment->payload = 12;
  result.segment->reason = SegmentReason::BeyondFin;
  return result;
}

}  // namespace tcptwin::test
