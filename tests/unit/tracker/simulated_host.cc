// SPDX-License-Identifier: MIT
#include "simulated_host.h"

namespace tcptwin::tracker::testing {

using model::Context;
using model::State;

namespace {

constexpr std::uint16_t kEpipe = 32;
constexpr std::uint16_t kEconnreset = 104;
constexpr std::uint16_t kEconnrefused = 111;

void advance(SequenceNumber& number, std::uint32_t by = 1) {
  number = SequenceNumber{number.value() + by};
}

}  // namespace

std::string line(const Step& step) {
  std::string text;
  text += name(step.from);
  text += " -> ";
  text += name(step.to);
  text += ' ';
  text += label(step.cause);
  text += ' ';
  text += label(step.verdict);
  if (step.verdict == model::Verdict::Deviation) {
    text += ' ';
    text += label(step.dialect);
  }
  return text;
}

std::string line(const Life& life) {
  std::string text{label(life.ending.by)};
  text += ' ';
  text += label(life.ending.how);
  text += ' ';
  text += label(life.ending.why);
  text += ':';
  for (std::size_t i = 0; i < life.path_length; ++i) {
    text += ' ';
    text += name(life.path[i].state);
  }
  return text;
}

std::vector<std::string> Findings::lines() const {
  std::vector<std::string> lines;
  for (const Step& step : steps) lines.push_back(line(step));
  return lines;
}

std::vector<std::string> Findings::lines_of(ConnectionId id) const {
  std::vector<std::string> lines;
  for (const Step& step : steps) {
    if (step.connection.id == id) lines.push_back(line(step));
  }
  return lines;
}

std::size_t Findings::count(model::Verdict verdict) const {
  std::size_t count = 0;
  for (const Step& step : steps) count += step.verdict == verdict ? 1 : 0;
  return count;
}

void Host::see(const Observation& observation) {
  now += 10us;  // two things never happen at once
  if (recording) {
    recorded.push_back(observation);
  } else {
    tracker.observe(observation, findings);
  }
}

void Host::status(std::uint64_t lost) {
  now += 1us;
  status_.time = now;
  status_.lost_in_ring += lost;
  see(status_);
}

void Host::settle() {
  wait(1s);
  status();
}

void Host::census(const std::vector<ExistingSocket>& sockets,
                  const std::vector<SocketHolder>& holders, bool is_filtered) {
  status();
  const auto mark = [&](CensusPhase phase) {
    see(CensusMark{now, phase, censuses, kNamespace, 0, is_filtered});
  };
  ++censuses;
  mark(CensusPhase::Began);
  for (ExistingSocket socket : sockets) {
    socket.time = now;
    see(socket);
  }
  mark(CensusPhase::NamespaceListed);
  for (const SocketHolder& holder : holders) see(holder);
  mark(CensusPhase::HoldersListed);
  mark(CensusPhase::Ended);
}

SimulatedSocket::SimulatedSocket(Host& on, std::uint16_t local_port, std::uint16_t remote_port,
                                 Actor by)
    : host(on), actor(by) {
  reference = {host.next_cookie++, host.next_address};
  host.next_address += 0x1000;
  tuple.netns = kNamespace;
  tuple.local = {Address{Family::Inet, {10, 0, 0, 1}}, local_port};
  tuple.remote = {Address{Family::Inet, {10, 0, 0, 2}}, remote_port};
  snapshot.snd_una = snapshot.snd_nxt = snapshot.write_seq = SequenceNumber{1000};
}

void SimulatedSocket::changes_to(State to, Context context) {
  StateChanged event{};
  event.time = host.now;
  event.socket = reference;
  event.tuple = tuple;
  event.from = state;
  event.to = to;
  event.snapshot = snapshot;
  event.context = context;
  event.actor = actor;
  host.see(event);
  state = to;
}

void SimulatedSocket::connects() {
  ++generation;
  snapshot.segs_in = snapshot.segs_out = 0;
  changes_to(State::SynSent, Context::Process);
  snapshot.error = 0;  // tcp_connect_init
  snapshot.segs_out = 1;
  advance(snapshot.write_seq);
  snapshot.snd_nxt = snapshot.write_seq;
}

void SimulatedSocket::gets_syn_ack() {
  snapshot.segs_in = 1;
  snapshot.snd_una = snapshot.write_seq;
  snapshot.bytes_acked = 1;  // the SYN
  snapshot.rcv_nxt = snapshot.copied_seq = SequenceNumber{5001};
  changes_to(State::Established);
}

void SimulatedSocket::gets_syn() {
  snapshot.segs_in = 1;
  changes_to(State::SynReceived);
  snapshot.rcv_nxt = snapshot.copied_seq = SequenceNumber{5001};
}

void SimulatedSocket::listens() {
  ++generation;
  tuple.remote = {};
  changes_to(State::Listen, Context::Process);
}

void SimulatedSocket::is_born_of(SimulatedSocket& listener) {
  state = State::Listen;
  tuple.local = listener.tuple.local;
  snapshot.has_socket = false;
  snapshot.segs_in = snapshot.segs_out = 0;
  generation = 1;
  changes_to(State::SynReceived);
  snapshot.segs_in = 2;
  snapshot.rcv_nxt = snapshot.copied_seq = SequenceNumber{peer_iss.value() + 1};
}

void SimulatedSocket::gets_handshake_ack() {
  snapshot.segs_in = 2;
  snapshot.snd_una = snapshot.write_seq;
  changes_to(State::Established);
  snapshot.has_socket = accepts;
}

void SimulatedSocket::is_established() {
  connects();
  gets_syn_ack();
}

void SimulatedSocket::shuts_down() {
  snapshot.send_shutdown = true;
  changes_to(state == State::CloseWait ? State::LastAck : State::FinWait1, Context::Process);
  advance(snapshot.write_seq);
  snapshot.snd_nxt = snapshot.write_seq;
}

void SimulatedSocket::closes() {
  snapshot.receive_shutdown = true;
  shuts_down();
  snapshot.dead = true;
  snapshot.has_socket = false;
}

void SimulatedSocket::closes_again() {
  snapshot.receive_shutdown = true;
  changes_to(state, Context::Process);
  snapshot.dead = true;
  snapshot.has_socket = false;
}

void SimulatedSocket::gets_fin() {
  snapshot.done = snapshot.receive_shutdown = true;
  advance(snapshot.rcv_nxt);
  ++snapshot.bytes_received;
  changes_to(state == State::FinWait1 ? State::Closing : State::CloseWait);
}

void SimulatedSocket::gets_ack_of_fin() {
  snapshot.snd_una = snapshot.write_seq;
  ++snapshot.bytes_acked;
  changes_to(State::FinWait2);
}

void SimulatedSocket::gets_ack_of_last_fin() {
  snapshot.snd_una = snapshot.write_seq;
  ++snapshot.bytes_acked;
  changes_to(State::Closed);
}

void SimulatedSocket::enters_time_wait() {
  if (state == State::FinWait2) {
    snapshot.done = snapshot.receive_shutdown = true;
    advance(snapshot.rcv_nxt);
    ++snapshot.bytes_received;
  } else {
    snapshot.snd_una = snapshot.write_seq;
  }
  starts_minisocket(State::TimeWait);
  changes_to(State::Closed);
}

void SimulatedSocket::is_handed_over() {
  starts_minisocket(State::FinWait2);
  changes_to(State::Closed);
}

void SimulatedSocket::gets_rst() {
  receives_reset_event();
  snapshot.error = state == State::SynSent     ? kEconnrefused
                   : state == State::CloseWait ? kEpipe
                                               : kEconnreset;
  changes_to(State::Closed);
  if (!snapshot.dead) reports_error(snapshot.error);
}

void SimulatedSocket::closes_with_unread_data() {
  advance(snapshot.rcv_nxt, 5);
  snapshot.send_shutdown = snapshot.receive_shutdown = true;
  changes_to(State::Closed, Context::Process);
  sends_reset(false);
}

void SimulatedSocket::receives(std::uint32_t bytes) {
  advance(snapshot.rcv_nxt, bytes);
  snapshot.copied_seq = snapshot.rcv_nxt;
  snapshot.bytes_received += bytes;
}

void SimulatedSocket::has_sent(std::uint32_t bytes) {
  advance(snapshot.write_seq, bytes);
  snapshot.snd_nxt = snapshot.snd_una = snapshot.write_seq;
  snapshot.bytes_acked += bytes;
}

ExistingSocket SimulatedSocket::as_it_exists() const {
  ExistingSocket socket{};
  socket.socket = reference;
  socket.tuple = tuple;
  socket.state = {state, model::Holder::Socket};
  socket.snapshot = snapshot;
  socket.last_segment = host.now;
  socket.inode = snapshot.has_socket ? 1000 + reference.cookie : 0;
  return socket;
}

ExistingSocket SimulatedSocket::minisocket_as_it_exists(Duration left) const {
  ExistingSocket socket{};
  socket.socket = {reference.cookie, minisocket_address};
  socket.tuple = tuple;
  socket.state = {substate, model::Holder::Minisocket};
  socket.timer = PendingTimer::TimeWait;
  socket.timer_left = left;
  return socket;
}

void SimulatedSocket::mirrors(const SimulatedSocket& peer) {
  tuple.local = peer.tuple.remote;
  tuple.remote = peer.tuple.local;
  snapshot.snd_una = snapshot.snd_nxt = snapshot.write_seq = SequenceNumber{5001};
  peer_iss = SequenceNumber{1000};
}

void SimulatedSocket::is_destroyed() {
  host.see(SocketDestroyed{host.now, reference, tuple});
}

void SimulatedSocket::reports_error(std::uint16_t error) {
  host.see(ErrorReported{host.now, reference, tuple, error});
}

void SimulatedSocket::sends_reset(bool answers_segment) {
  ResetSentObserved event{};
  event.time = host.now;
  event.socket = reference;
  event.tuple = tuple;
  event.answers_segment = answers_segment;
  host.see(event);
}

void SimulatedSocket::receives_reset_event() {
  host.see(ResetReceived{host.now, reference, tuple});
}

void SimulatedSocket::is_accepted_by(const Actor& process) {
  host.see(SocketAccepted{host.now, reference, tuple, process});
}

void SimulatedSocket::starts_minisocket(State in) {
  minisocket_address = host.next_address;
  host.next_address += 0x1000;
  substate = in;
  minisocket_timer(TimerOperation::Start);
}

void SimulatedSocket::minisocket_timer(TimerOperation operation) {
  host.see(MinisocketTimer{
      host.now, {reference.cookie, minisocket_address}, tuple, operation, substate, host.exact});
}

void SimulatedSocket::minisocket_gets_fin() {
  substate = State::TimeWait;
  host.see(MinisocketSegment{
      host.now, {reference.cookie, minisocket_address}, tuple, substate, true, false, false});
}

void SimulatedSocket::minisocket_gets_rst() {
  minisocket_timer(TimerOperation::Cancel);
  host.see(MinisocketSegment{
      host.now, {reference.cookie, minisocket_address}, tuple, substate, false, false, true});
}

// T0 shows a cancellation before each expiry and each restart.
void SimulatedSocket::minisocket_ends() {
  if (!host.exact) minisocket_timer(TimerOperation::Cancel);
  minisocket_timer(TimerOperation::Expire);
}

void SimulatedSocket::minisocket_restarts() {
  if (!host.exact) minisocket_timer(TimerOperation::Cancel);
  minisocket_timer(TimerOperation::Start);
}

SimulatedRequest::SimulatedRequest(SimulatedSocket& from, std::uint16_t remote_port)
    : host(from.host), listener(from), tuple(from.tuple) {
  reference = {0, host.next_address};
  host.next_address += 0x1000;
  tuple.remote = {Address{Family::Inet, {10, 0, 0, 2}}, remote_port};
}

void SimulatedRequest::timer(TimerOperation operation, std::uint8_t timeouts) {
  host.see(RequestTimer{host.now, reference, tuple, operation, timeouts, listener.reference.address,
                        host.exact});
}

void SimulatedRequest::becomes(SimulatedSocket& child) {
  child.tuple = tuple;
  child.is_born_of(listener);
  timer(TimerOperation::Cancel);
  child.gets_handshake_ack();
}

void SimulatedRequest::times_out() {
  if (!host.exact) timer(TimerOperation::Cancel);
  timer(TimerOperation::Expire);
}

void SimulatedRequest::times_out_and_is_sent_again(std::uint8_t timeouts) {
  times_out();
  timer(TimerOperation::Start, timeouts);
}

void SimulatedRequest::gets_reset_by_listener(bool answers_syn) {
  ResetSentObserved event{};
  event.time = host.now;
  event.socket = listener.reference;
  event.tuple = tuple;
  event.answers_segment = true;
  event.answers_syn = answers_syn;
  host.see(event);
  timer(TimerOperation::Cancel);
}

}  // namespace tcptwin::tracker::testing
