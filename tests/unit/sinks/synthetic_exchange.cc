// SPDX-License-Identifier: MIT
#include "unit/sinks/synthetic_exchange.h"

#include <chrono>

#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {

using model::Cause;
using model::Holder;
using model::State;
using std::chrono::milliseconds;
using tracker::Direction;
using tracker::OwnerConfidence;

namespace {

constexpr std::uint32_t kClientIss = 4'294'967'000u;  // wraps soon
constexpr std::uint32_t kServerIss = 7000;

At other(At end) {
  return end == At::Client ? At::Server : At::Client;
}

}  // namespace

Carried data(std::uint32_t sequence, std::uint32_t payload, std::uint32_t acknowledgement) {
  return {"A", sequence, acknowledgement, payload, true};
}

Carried pure_ack(std::uint32_t sequence, std::uint32_t acknowledgement) {
  return {"A", sequence, acknowledgement, 0, true};
}

tracker::ConnectionIdentity PlayedConnection::identity(At end) const {
  tracker::ConnectionIdentity connection;
  const Endpoint client = endpoint("10.0.0.1", 33012);
  const Endpoint server = endpoint("10.0.0.2", 443);
  if (end == At::Client) {
    connection.id = {0x1a, generation};
    connection.tuple = {4026531840u, client, server};
    connection.role = tracker::Role::Active;
  } else {
    connection.id = {0x1b, generation};
    connection.tuple = {server_netns, server, client};
    connection.role = tracker::Role::Passive;
  }
  return connection;
}

void PlayedConnection::step(At end, int ms, State from, State to, Cause cause,
                            model::Verdict verdict) {
  tracker::Step step{};
  step.time = at(milliseconds{ms});
  step.connection = identity(end);
  step.from = {from, Holder::Socket};
  step.to = {to, Holder::Socket};
  step.cause = cause;
  step.verdict = verdict;
  step.rule = verdict == model::Verdict::Deviation ? "L12" : "RFC 9293 3.10.7";
  step.owner = end == At::Client ? owner(812, "curl", OwnerConfidence::Acted)
                                 : owner(99, "nginx", OwnerConfidence::Listener);
  handler_.on_step(step);
}

tracker::SegmentFound PlayedConnection::found(At end, int ms, const Carried& carried,
                                              Direction direction) const {
  tracker::SegmentFound found;
  found.time = at(milliseconds{ms});
  const tracker::ConnectionIdentity connection = identity(end);
  found.tuple = connection.tuple;
  if (end == At::Client || !server_is_nobody) found.connection = connection;
  const bool by_client = (end == At::Client) == (direction == Direction::Sent);
  tracker::Segment& segment = found.segment;
  segment.direction = direction;
  const auto has = [&](char flag) { return carried.flags.find(flag) != std::string_view::npos; };
  segment.syn = has('S');
  segment.fin = has('F');
  segment.rst = has('R');
  segment.ack = has('A');
  segment.sequence = SequenceNumber{carried.sequence + (by_client ? kClientIss : kServerIss)};
  if (segment.ack) {
    segment.acknowledgement =
        SequenceNumber{carried.acknowledgement + (by_client ? kServerIss : kClientIss)};
    found.relative_acknowledgement = carried.acknowledgement;
  }
  found.relative_sequence = carried.sequence;
  segment.payload = carried.payload;
  segment.window = carried.window;
  if (carried.is_traffic) {
    segment.reason =
        carried.payload > 0 ? tracker::SegmentReason::Data : tracker::SegmentReason::PureAck;
  }
  if (segment.syn) {
    segment.options.mss = 1460;
    segment.options.window_scale = 7;
    segment.options.sack_permitted = true;
  }
  return found;
}

void PlayedConnection::sent(At end, int ms, const Carried& carried) {
  handler_.on_segment(found(end, ms, carried, Direction::Sent));
}

void PlayedConnection::received(At end, int ms, const Carried& carried) {
  handler_.on_segment(found(end, ms, carried, Direction::Received));
}

void PlayedConnection::passes(At from, int ms, const Carried& carried) {
  sent(from, ms, carried);
  received(other(from), ms, carried);
}

void PlayedConnection::life(At end, int ms) {
  tracker::Life life;
  life.ended = at(milliseconds{ms});
  life.connection = identity(end);
  life.ending.by = end == At::Client ? model::EndedBy::Local : model::EndedBy::Remote;
  life.ending.how = model::EndedHow::Fin;
  life.ending.why = end == At::Client ? Cause::LocalClose : Cause::FinReceived;
  if (names_the_other_end) {
    life.other_end = tracker::OtherEnd{identity(other(end)).id,
                                       identity(other(end)).tuple,
                                       model::MirrorState{State::TimeWait},
                                       {},
                                       false};
  }
  handler_.on_life(life);
}

void PlayedConnection::handshake(int ms) {
  step(At::Client, ms, State::Closed, State::SynSent, Cause::ActiveOpen);
  passes(At::Client, ms, {"S"});
  step(At::Server, ms, State::Listen, State::SynReceived, Cause::SynReceived);
  passes(At::Server, ms, {"SA", 0, 1});
  step(At::Client, ms, State::SynSent, State::Established, Cause::SynackAccepted);
  passes(At::Client, ms, {"A", 1, 1});
  step(At::Server, ms, State::SynReceived, State::Established, Cause::HandshakeAckAccepted);
}

void PlayedConnection::close(int ms, std::uint32_t client_sent, std::uint32_t server_sent) {
  const std::uint32_t client_end = client_sent + 1;
  const std::uint32_t server_end = server_sent + 1;
  step(At::Client, ms, State::Established, State::FinWait1, Cause::LocalClose);
  passes(At::Client, ms, {"FA", client_end, server_end});
  step(At::Server, ms, State::Established, State::CloseWait, Cause::FinReceived);
  passes(At::Server, ms, {"A", server_end, client_end + 1});
  step(At::Client, ms, State::FinWait1, State::FinWait2, Cause::FinAcked);
  step(At::Server, ms + 1, State::CloseWait, State::LastAck, Cause::LocalCloseAfterFin);
  passes(At::Server, ms + 1, {"FA", server_end, client_end + 1});
  step(At::Client, ms + 1, State::FinWait2, State::TimeWait, Cause::TimeWaitEntered);
  life(At::Client, ms + 1);
  passes(At::Client, ms + 1, {"A", client_end + 1, server_end + 1});
  step(At::Server, ms + 1, State::LastAck, State::Closed, Cause::LastAckReceived);
  life(At::Server, ms + 1);
}

}  // namespace tcptwin::test
