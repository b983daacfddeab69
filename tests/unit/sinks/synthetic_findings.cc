// SPDX-License-Identifier: MIT
#include "unit/sinks/synthetic_findings.h"

#include <cerrno>
#include <chrono>

#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {
namespace {

using model::Cause;
using model::Holder;
using model::MirrorState;
using model::State;
using model::Verdict;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using tracker::OwnerConfidence;
using tracker::Step;

model::Evidence plain_evidence() {
  model::Evidence evidence;
  evidence.context = model::Context::Softirq;
  evidence.snapshot.snd_una = SequenceNumber{1001};
  evidence.snapshot.snd_nxt = SequenceNumber{1001};
  evidence.snapshot.write_seq = SequenceNumber{1001};
  evidence.snapshot.rcv_nxt = SequenceNumber{5001};
  evidence.snapshot.copied_seq = SequenceNumber{5001};
  evidence.snapshot.segs_in = 1;
  evidence.snapshot.segs_out = 1;
  evidence.snapshot.srtt_us = 210;
  evidence.snapshot.mss = 1460;
  return evidence;
}

Step step(KernelTime time, State from, State to, Cause cause, Verdict verdict) {
  Step result{};
  result.time = time;
  result.connection = client_connection();
  result.from = {from, Holder::Socket};
  result.to = {to, Holder::Socket};
  result.cause = cause;
  result.verdict = verdict;
  result.context = model::Context::Softirq;
  return result;
}

}  // namespace

sinks::ClockMapping test_clock() {
  return {std::chrono::sys_days{std::chrono::year{2026} / 1 / 2}.time_since_epoch() +
              std::chrono::hours{3} + std::chrono::minutes{4} + std::chrono::seconds{5},
          std::chrono::hours{1}, at(milliseconds{1000})};
}

tracker::ConnectionIdentity client_connection() {
  tracker::ConnectionIdentity connection;
  connection.id = {0x1a2b, 1};
  connection.tuple = {4026531840u, endpoint("10.0.0.1", 33012), endpoint("10.0.0.2", 443)};
  connection.role = tracker::Role::Active;
  connection.cgroup = 4711;
  return connection;
}

Step synack_step() {
  Step result = step(at(milliseconds{1250}), State::SynSent, State::Established,
                     Cause::SynackAccepted, Verdict::Conformant);
  result.dwell = microseconds{312};
  result.rule = "RFC 9293 3.10.7.3";
  result.owner = owner(812, "curl", OwnerConfidence::Acted);
  result.evidence = plain_evidence();
  result.call_path = 7;
  return result;
}

Step child_step() {
  Step result = step(at(milliseconds{1251}), State::SynReceived, State::SynReceived,
                     Cause::ChildFromRequest, Verdict::Deviation);
  result.from.holder = Holder::RequestSocket;
  result.connection.role = tracker::Role::Passive;
  result.connection.tuple = {4026531840u, endpoint("10.0.0.2", 443), endpoint("10.0.0.1", 33012)};
  result.dwell = microseconds{208};
  result.dialect = model::dialect(12);
  result.rule = "L12";
  result.reason = "the third ACK turns the request socket into a socket of its own";
  result.confidence = model::Confidence::B;
  result.owner = owner(99, "nginx", OwnerConfidence::Listener);
  return result;
}

Step time_wait_step() {
  Step result = step(at(milliseconds{1400}), State::FinWait2, State::TimeWait,
                     Cause::TimeWaitEntered, Verdict::Conformant);
  result.to.holder = Holder::Minisocket;
  result.dwell = microseconds{45};
  result.rule = "RFC 9293 3.10.7.4";
  result.observed_by = tracker::ObservedBy::Evidence;
  result.owner = owner(812, "curl", OwnerConfidence::LastUser);
  return result;
}

Step refused_step() {
  Step result = step(at(milliseconds{1500}), State::SynSent, State::Closed, Cause::RstReceived,
                     Verdict::Conformant);
  result.dwell = milliseconds{1};
  result.rule = "RFC 9293 3.10.7.3";
  result.confidence = model::Confidence::B;
  result.owner = owner(813, "curl", OwnerConfidence::Acted);
  result.evidence = plain_evidence();
  result.evidence->snapshot.error = ECONNREFUSED;
  result.evidence->snapshot.write_seq = SequenceNumber{1002};
  result.evidence->reset_received = true;
  result.evidence->snapshot.total_retrans = 2;
  return result;
}

Step adopted_step() {
  Step result = step(at(milliseconds{1600}), State::Established, State::CloseWait,
                     Cause::FinReceived, Verdict::Unverified);
  result.connection.adopted = true;
  result.dwell_at_least = milliseconds{600};
  result.rule = "RFC 9293 3.10.7.4";
  result.reason = "older than the trace";
  result.confidence = model::Confidence::C;
  result.owner = owner(1, "systemd", OwnerConfidence::LastUser);
  return result;
}

Step gap_step() {
  Step result = step(at(milliseconds{1700}), State::FinWait1, State::FinWait2,
                     Cause::Resynchronised, Verdict::Gap);
  result.reason = "last seen in ESTABLISHED";
  result.context = model::Context::Unknown;
  result.connection.cgroup = 0;
  result.connection.role = tracker::Role::Unknown;
  result.connection.mptcp = true;
  return result;
}

Step ipv6_step() {
  Step result = step(at(milliseconds{61'800}), State::Established, State::Closed,
                     Cause::CloseUnreadAbort, Verdict::Conformant);
  result.connection.tuple = {4026532177u, endpoint("2001:db8:1234:5678:9abc:def0:1234:5678", 65535),
                             endpoint("::1", 22)};
  result.dwell = std::chrono::hours{25};
  result.rule = "RFC 9293 3.10.5";
  result.context = model::Context::Process;
  result.owner = owner(4'194'304, "a\x1b[31m,\"b\xff\\", OwnerConfidence::Acted);
  result.evidence = plain_evidence();
  result.evidence->snapshot.send_shutdown = true;
  result.evidence->snapshot.receive_shutdown = true;
  result.evidence->snapshot.rcv_nxt = SequenceNumber{5121};
  result.evidence->reset_sent_after = model::ResetSent::Active;
  return result;
}

tracker::Divergence unjustified() {
  tracker::Divergence result{};
  result.time = at(milliseconds{2000});
  result.kind = model::DivergenceKind::UnjustifiedEdge;
  result.connection = client_connection();
  result.owner = owner(812, "curl", OwnerConfidence::Acted);
  result.from = {State::SynSent, Holder::Socket};
  result.observed = {State::Established, Holder::Socket};
  result.expected = State::SynSent;
  result.cause = Cause::Unexplained;
  result.evidence = plain_evidence();
  result.evidence->snapshot.segs_in = 0;
  result.history[0] = {at(milliseconds{1990}), {State::SynSent, Holder::Socket}, Cause::ActiveOpen};
  result.history[1] = {
      at(milliseconds{2000}), {State::Established, Holder::Socket}, Cause::Unexplained};
  result.history_length = 2;
  result.call_path = 7;
  return result;
}

tracker::Divergence timer_violation() {
  tracker::Divergence result{};
  result.time = at(milliseconds{3000});
  result.kind = model::DivergenceKind::TimerViolation;
  result.connection = client_connection();
  result.from = {State::TimeWait, Holder::Minisocket};
  result.observed = {State::Closed, Holder::Socket};
  result.expected = State::Closed;
  result.cause = Cause::TimeWaitExpired;
  result.measured = milliseconds{5000};
  result.lower_bound = milliseconds{59'900};
  result.upper_bound = milliseconds{66'000};
  return result;
}

tracker::Divergence bare_divergence() {
  tracker::Divergence result{};
  result.time = at(milliseconds{3500});
  result.kind = model::DivergenceKind::Ghost;
  result.connection = client_connection();
  result.connection.mptcp = true;
  result.connection.adopted = true;
  result.from = {State::Established, Holder::Socket};
  result.observed = {State::Established, Holder::Socket};
  result.cause = Cause::Unexplained;
  return result;
}

tracker::Loss ring_loss() {
  return {at(milliseconds{4000}), tracker::LossPlace::RingBuffer, 12};
}

tracker::CallPath call_path() {
  tracker::CallPath result;
  result.id = 7;
  result.frames = 3;
  result.addresses = {0xffffffff81a00010, 0xffffffff81a00020, 0xffffffff81a00030};
  const auto set_name = [&](std::size_t frame, std::string_view name) {
    std::copy(name.begin(), name.end(), result.names[frame].begin());
  };
  set_name(0, "tcp_finish_connect");
  set_name(1, "tcp_rcv_state_process");
  return result;
}

sinks::Summary busy_summary() {
  sinks::Summary summary;
  summary.end = at(milliseconds{11'000});
  summary.duration = std::chrono::seconds{10};
  summary.seen = 7;
  summary.shown = 7;
  summary.filter = "--localport 443";
  summary.counts.connections = 4;
  summary.counts.verdicts = {4, 1, 1, 1, 1};
  summary.counts.deviations[12] = 1;
  summary.counts.deviations[3] = 5;
  summary.counts.divergences = {0, 1, 1, 0, 1, 0};
  summary.counts.gaps = 1;
  summary.counts.healed = 1;
  summary.counts.adopted = 1;
  summary.counts.time_wait = 2;
  summary.counts.half_open = 50;
  summary.stream.emitted = 112;
  summary.stream.received = 100;
  summary.stream.lost_in_ring = 12;
  summary.stream.side_recovered = 3;
  summary.stream.filtered_out = 40;
  summary.stream.mptcp_skipped = 6;
  summary.lost = {12, 0, 0, 0, 1};
  return summary;
}

void play(sinks::Sink& sink) {
  sink.on_start();
  sink.on_call_path(call_path());
  sink.on_step(synack_step());
  sink.on_step(child_step());
  sink.on_step(time_wait_step());
  sink.on_step(refused_step());
  sink.on_step(adopted_step());
  sink.on_step(gap_step());
  sink.on_step(ipv6_step());
  sink.on_divergence(unjustified());
  sink.on_divergence(timer_violation());
  sink.on_divergence(bare_divergence());
  sink.on_loss(ring_loss());
  sink.on_end(busy_summary());
}

}  // namespace tcptwin::test
