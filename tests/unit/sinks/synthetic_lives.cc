// SPDX-License-Identifier: MIT
// The whole connections and sockets of synthetic_findings.h.
#include <chrono>
#include <initializer_list>

#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {
namespace {

using model::Cause;
using model::EndedBy;
using model::EndedHow;
using model::Holder;
using model::State;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tracker::OwnerConfidence;

void set_path(tracker::Life& life, std::initializer_list<tracker::PathEntry> entries) {
  for (const tracker::PathEntry& entry : entries) life.path[life.path_length++] = entry;
}

tracker::PathEntry in(State state, microseconds span, Holder holder = Holder::Socket) {
  return {{state, holder}, span, std::nullopt};
}

tracker::PathEntry last_in(State state, Holder holder = Holder::Socket) {
  return {{state, holder}, std::nullopt, std::nullopt};
}

model::Snapshot snapshot() {
  model::Snapshot result;
  result.total_retrans = 2;
  result.srtt_us = 210;
  result.mss = 1460;
  result.timestamps = true;
  result.sack = true;
  result.window_scale = true;
  result.send_wscale = 7;
  result.receive_wscale = 9;
  result.bytes_received = 1500;
  result.bytes_acked = 734;
  return result;
}

tracker::ConnectionIdentity server_connection() {
  tracker::ConnectionIdentity connection;
  connection.id = {0x3c4d, 2};
  connection.tuple = {4026531840u, endpoint("10.0.0.2", 443), endpoint("10.0.0.1", 33012)};
  connection.role = tracker::Role::Passive;
  connection.cgroup = 4711;
  return connection;
}

tracker::OtherEnd other_end(const tracker::ConnectionIdentity& connection, State state,
                            const tracker::Owner& owner) {
  return {connection.id, connection.tuple, {state, Holder::Socket}, owner, false};
}

}  // namespace

tracker::Life served_life() {
  tracker::Life life;
  life.ended = at(milliseconds{1400});
  life.connection = server_connection();
  life.owners = {owner(99, "nginx", OwnerConfidence::Listener),
                 owner(101, "nginx", OwnerConfidence::LastUser),
                 owner(101, "nginx", OwnerConfidence::Acted)};
  set_path(life, {in(State::SynReceived, microseconds{208}, Holder::RequestSocket),
                  in(State::Established, microseconds{140'000}),
                  in(State::CloseWait, microseconds{3'250}), in(State::LastAck, microseconds{52}),
                  last_in(State::Closed)});
  life.ending = {EndedBy::Remote, EndedHow::Fin, Cause::FinReceived};
  life.duration = microseconds{143'510};
  life.handshake = microseconds{208};
  life.accept_wait_at_least = microseconds{15};
  life.accept_wait_at_most = microseconds{4'000};
  life.half_closed = tracker::HalfClosed{false, microseconds{3'250}, 512};
  life.bytes_in = 734;
  life.bytes_out = 1500;
  life.iss = 4'000'000'000u;
  life.irs = 17;
  life.synack_retransmits = 1;
  life.last = snapshot();
  life.other_end =
      other_end(client_connection(), State::TimeWait, owner(812, "curl", OwnerConfidence::Acted));
  return life;
}

tracker::Life client_life() {
  tracker::Life life;
  life.ended = at(milliseconds{1399});
  life.connection = client_connection();
  life.owners = {owner(812, "curl", OwnerConfidence::Acted),
                 owner(812, "curl", OwnerConfidence::LastUser),
                 owner(812, "curl", OwnerConfidence::Acted)};
  set_path(life,
           {in(State::SynSent, microseconds{312}), in(State::Established, microseconds{140'100}),
            in(State::FinWait1, microseconds{45}), in(State::FinWait2, microseconds{3'260}),
            last_in(State::TimeWait, Holder::Minisocket)});
  life.ending = {EndedBy::Local, EndedHow::Fin, Cause::LocalClose};
  life.duration = microseconds{143'717};
  life.handshake = microseconds{312};
  life.half_closed = tracker::HalfClosed{true, microseconds{3'260}, 512};
  life.bytes_in = 1500;
  life.bytes_out = 734;
  life.iss = 17;
  life.irs = 4'000'000'000u;
  life.last = snapshot();
  life.other_end =
      other_end(server_connection(), State::LastAck, owner(101, "nginx", OwnerConfidence::Acted));
  return life;
}

tracker::Life refused_life() {
  tracker::Life life;
  life.ended = at(milliseconds{1500});
  life.connection = client_connection();
  life.connection.id = {0x5000, 1};
  life.connection.tuple.remote = endpoint("192.168.100.200", 8443);
  life.owners.creator = owner(813, "curl", OwnerConfidence::Acted);
  set_path(life, {in(State::SynSent, microseconds{1'000}), last_in(State::Closed)});
  life.ending = {EndedBy::Remote, EndedHow::Refused, Cause::RstReceived};
  life.duration = microseconds{1'000};
  life.last = model::Snapshot{};
  return life;
}

tracker::Life adopted_life() {
  tracker::Life life;
  life.ended = at(milliseconds{61'800});
  life.connection = client_connection();
  life.connection.id = {0x6000, 1};
  life.connection.adopted = true;
  life.connection.mptcp = true;
  life.connection.role = tracker::Role::Unknown;
  life.connection.cgroup = 12;
  life.connection.tuple = {4026532177u, endpoint("2001:db8:1234:5678:9abc:def0:1234:5678", 65535),
                           endpoint("::1", 22)};
  life.owners.last_user = owner(4'194'304, "a\x1b[31m,\"b\xff\\", OwnerConfidence::Holder);
  life.path[0] = {{State::Established, Holder::Socket}, std::nullopt, std::chrono::hours{25}};
  life.path[1] = last_in(State::Closed);
  life.path_length = 2;
  life.ending = {EndedBy::Kernel, EndedHow::Timeout, Cause::KeepaliveTimeout};
  life.duration_at_least = std::chrono::hours{25};
  life.bytes_in = 123'456'789'012u;
  life.last = snapshot();
  life.verdict = model::Verdict::Unverified;
  return life;
}

tracker::Life half_open_life() {
  tracker::Life life;
  life.ended = at(milliseconds{62'000});
  life.connection = server_connection();
  life.connection.id = {0x7000, 1};
  life.connection.tuple.remote = endpoint("203.0.113.7", 40'000);
  life.owners.creator = owner(99, "nginx", OwnerConfidence::Listener);
  set_path(life,
           {in(State::SynReceived, seconds{63}, Holder::RequestSocket), last_in(State::Closed)});
  life.ending = {EndedBy::Kernel, EndedHow::Timeout, Cause::RequestTimeout};
  life.duration = seconds{63};
  life.never_accepted = true;
  life.synack_retransmits = 5;
  life.verdict = model::Verdict::Divergence;
  return life;
}

tracker::Life lingering_life() {
  tracker::Life life = served_life();
  life.connection.id = {0x8000, 1};
  life.ended = at(milliseconds{63'000});
  life.other_end = other_end(client_connection(), State::FinWait2,
                             owner(123, "curl", OwnerConfidence::LastUser));
  return life;
}

std::vector<sinks::LifeRecord> life_records() {
  return {{client_life(), served_life()},
          {refused_life()},
          {adopted_life()},
          {half_open_life()},
          {lingering_life()}};
}

tracker::Stuck close_wait_stuck() {
  tracker::Stuck stuck;
  stuck.time = at(milliseconds{70'000});
  stuck.kind = tracker::StuckKind::CloseWait;
  stuck.connection = server_connection();
  stuck.state = {State::CloseWait, Holder::Socket};
  stuck.owners.creator = owner(99, "nginx", OwnerConfidence::Listener);
  stuck.owners.last_user = owner(101, "nginx", OwnerConfidence::Holder);
  stuck.age = seconds{60};
  stuck.threshold = seconds{60};
  return stuck;
}

tracker::Stuck half_open_stuck() {
  tracker::Stuck stuck;
  stuck.time = at(milliseconds{71'000});
  stuck.kind = tracker::StuckKind::HalfOpen;
  stuck.connection = server_connection();
  stuck.connection.role = tracker::Role::Listener;
  stuck.connection.tuple.remote = endpoint("0.0.0.0", 0);
  stuck.state = {State::SynReceived, Holder::RequestSocket};
  stuck.owners.creator = owner(99, "nginx", OwnerConfidence::Acted);
  stuck.age = seconds{11};
  stuck.threshold = seconds{10};
  stuck.connections = 120;
  return stuck;
}

tracker::Stuck last_ack_stuck() {
  tracker::Stuck stuck;
  stuck.time = at(milliseconds{72'000});
  stuck.kind = tracker::StuckKind::LastAck;
  stuck.connection = server_connection();
  stuck.connection.adopted = true;
  stuck.connection.mptcp = true;
  stuck.connection.cgroup = 0;
  stuck.state = {State::LastAck, Holder::Socket};
  stuck.age_at_least = seconds{125};
  stuck.threshold = seconds{30};
  stuck.unacknowledged = 17;
  stuck.is_repeated = true;
  return stuck;
}

tracker::Adopted adopted() {
  tracker::Adopted result;
  result.time = at(milliseconds{1001});
  result.connection = adopted_life().connection;
  result.connection.cgroup = 4711;
  result.state = {State::Established, Holder::Socket};
  result.owners = adopted_life().owners;
  result.age_at_least = std::chrono::hours{25};
  return result;
}

tracker::Reconciliation first_census() {
  tracker::Reconciliation result;
  result.time = at(milliseconds{1002});
  result.number = 1;
  result.sockets = 57;
  result.namespaces = 3;
  result.refused = 1;
  result.adopted = 57;
  return result;
}

tracker::Reconciliation quiet_census() {
  tracker::Reconciliation result = first_census();
  result.time = at(milliseconds{61'002});
  result.number = 2;
  result.adopted = 0;
  return result;
}

tracker::Reconciliation healing_census() {
  tracker::Reconciliation result = quiet_census();
  result.time = at(milliseconds{62'002});
  result.number = 3;
  result.missing = 2;
  result.ghosts = 1;
  result.mismatches = 4;
  result.is_complete = true;
  return result;
}

std::vector<sinks::SocketRow> socket_rows() {
  sinks::SocketRow listener;
  listener.time = at(milliseconds{80'000});
  listener.connection = half_open_stuck().connection;
  listener.state = {State::Listen, Holder::Socket};
  listener.age_at_least = seconds{80};
  listener.owners.creator = owner(99, "nginx", OwnerConfidence::Holder);
  listener.holders = {{{99, 99, 0, tracker::Comm{"nginx"}}, 6},
                      {{101, 101, 33, tracker::Comm{"nginx"}}, 6}};
  listener.kernel = tracker::KernelView{listener.time, 4321, 33,  tracker::PendingTimer::None,
                                        std::nullopt,  129,  128, 7};
  listener.listener = tracker::ListenerView{12, at(milliseconds{77'500}), 90, 80, 1, 4, 5, 2};

  sinks::SocketRow established;
  established.time = listener.time;
  established.connection = client_connection();
  established.state = {State::Established, Holder::Socket};
  established.age = milliseconds{1250};
  established.owners = client_life().owners;
  for (std::uint32_t pid = 900; pid < 910; ++pid) {
    established.holders.push_back({{pid, pid, 0, tracker::Comm{"w\"\x1b[2Jx"}}, pid - 890});
  }
  established.last = snapshot();
  established.kernel = tracker::KernelView{
      listener.time, 4322, 1000, tracker::PendingTimer::Retransmit, milliseconds{180}, 11, 1460, 0};
  established.last->retransmits = 2;
  established.other_end = other_end(server_connection(), State::CloseWait,
                                    owner(101, "nginx", OwnerConfidence::LastUser));

  sinks::SocketRow time_wait = established;
  time_wait.state = {State::TimeWait, Holder::Minisocket};
  time_wait.holders.clear();
  time_wait.last.reset();
  time_wait.other_end.reset();
  time_wait.is_orphan = true;
  time_wait.kernel = tracker::KernelView{
      listener.time, 0, 0, tracker::PendingTimer::TimeWait, milliseconds{42'100}, 0, 0, 0};

  sinks::SocketRow half_open;
  half_open.time = listener.time;
  half_open.connection = half_open_life().connection;
  half_open.state = {State::SynReceived, Holder::RequestSocket};
  half_open.age = milliseconds{2500};
  half_open.owners.creator = owner(99, "nginx", OwnerConfidence::Listener);
  half_open.kernel = tracker::KernelView{listener.time,    0, 33, tracker::PendingTimer::Retransmit,
                                         milliseconds{-3}, 0, 0,  0};
  half_open.synack_retransmits = 1;

  sinks::SocketRow orphan;
  orphan.time = listener.time;
  orphan.connection = adopted_life().connection;
  orphan.state = {State::FinWait2, Holder::Minisocket};
  orphan.age_at_least = std::chrono::hours{2};
  orphan.is_orphan = true;

  sinks::SocketRow bare;
  bare.time = listener.time;
  bare.connection = client_connection();
  bare.connection.cgroup = 0;
  bare.connection.id = {0x9000, 1};
  bare.connection.tuple.local.port = 5;
  bare.state = {State::CloseWait, Holder::Socket};
  return {listener, established, time_wait, half_open, orphan, bare};
}

sinks::SnapshotFigures snapshot_figures() {
  sinks::SnapshotFigures figures;
  figures.time = at(milliseconds{80'000});
  figures.sockets = 8;
  figures.shown = 6;
  figures.filter = "--localport 443";
  figures.states = {{"listen", 1},       {"established", 1}, {"time_wait", 1},
                    {"new_syn_recv", 1}, {"fin_wait2", 1},   {"close_wait", 1}};
  figures.orphans = 2;
  figures.namespaces = 2;
  figures.refused = 1;
  figures.which_refused = {{4026532999u, 1}};
  return figures;
}

const sinks::CgroupName* SyntheticCgroups::find(std::uint64_t id) {
  if (id != 4711) return nullptr;
  name_ = {"/system.slice/docker-0123456789abcdef.scope", "docker-0123456789abcdef.scope",
           "system.slice", "0123456789abcdef", "docker"};
  return &name_;
}

void play_lives(sinks::Sink& sink, sinks::LifeReceiver& lives) {
  sinks::LifeStatistics statistics{lives};
  sink.on_start();
  sink.on_reconciliation(first_census());
  for (const sinks::LifeRecord& record : life_records()) statistics.on_life_record(record);
  sink.on_reconciliation(quiet_census());
  sink.on_reconciliation(healing_census());
  sink.on_divergence(timer_violation());
  sink.on_loss(ring_loss());
  sinks::Summary summary = busy_summary();
  summary.subject = sinks::Subject::Lives;
  summary.counts.censuses = 3;
  summary.counts.missing = 2;
  summary.lives = statistics.figures();
  summary.lives->open = 3;
  summary.lives->not_kept = 2;
  sink.on_end(summary);
}

}  // namespace tcptwin::test
