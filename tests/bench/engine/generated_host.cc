// SPDX-License-Identifier: MIT
#include "engine/generated_host.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace tcptwin::bench {
namespace {

constexpr std::uint64_t kBegin = 1'000'000'000'000;
constexpr std::uint64_t kRecordTakes = 2'000;               // ns
constexpr std::uint64_t kTimeWait = 60'400'000'000;         // ns
constexpr std::uint64_t kStaying = std::uint64_t{1} << 32;  // numbers of those that stay open
constexpr std::uint64_t kListener = 0xffff'8880'0000'1000;
constexpr std::uint64_t kObjects = 0xffff'8881'0000'0000;
constexpr std::uint64_t kObjectBytes = 0x1000;
constexpr std::uint32_t kNamespace = 4026531840;
constexpr std::uint16_t kServerPort = 80;
constexpr std::uint16_t kFirstPort = 32768;
constexpr std::uint64_t kPorts = 28232;
constexpr std::uint32_t kData = 64;  // bytes each way
constexpr std::uint32_t kNegotiated = TCPTWIN_TIMESTAMPS | TCPTWIN_SACK | TCPTWIN_WINDOW_SCALE;
constexpr std::uint8_t kReceiveShutdown = 1;
constexpr std::uint8_t kBothShutdown = 3;

// The kernel's numbers (include/net/tcp_states.h).
enum KernelState : std::uint8_t {
  Established = 1,
  SynSent,
  SynRecv,
  FinWait1,
  FinWait2,
  TimeWait,
  Close,
  CloseWait,
  LastAck,
  Listen,
  NewSynRecv = 12,
};

enum class End : std::uint8_t { Client, Server };

// The objects of one connection, each in a place of its own.
enum class Object : std::uint8_t { Client, Request, Child, Minisocket };
std::uint64_t address_of(std::uint64_t number, Object object) {
  return kObjects + (number * 4 + static_cast<std::uint64_t>(object)) * kObjectBytes;
}
std::uint64_t cookie_of(std::uint64_t number, End end) {
  return 100 + number * 2 + static_cast<std::uint64_t>(end);
}
std::uint32_t initial_sequence(std::uint64_t number, End end) {
  return static_cast<std::uint32_t>(cookie_of(number, end) * 2654435761U);
}

void place(tcptwin_socket& socket, std::uint64_t number, End end, std::uint8_t state) {
  const auto port = static_cast<std::uint16_t>(kFirstPort + number % kPorts);
  const auto host = static_cast<std::uint32_t>(number / kPorts);  // each client has its ports
  const std::array<std::uint8_t, 4> client = {10, static_cast<std::uint8_t>(host >> 16),
                                              static_cast<std::uint8_t>(host >> 8),
                                              static_cast<std::uint8_t>(host)};
  const std::array<std::uint8_t, 4> server = {192, 168, 0, 1};
  const bool is_client = end == End::Client;
  std::ranges::copy(is_client ? client : server, socket.local_address);
  std::ranges::copy(is_client ? server : client, socket.remote_address);
  socket.local_port = is_client ? port : kServerPort;
  socket.remote_port = is_client ? kServerPort : port;
  socket.netns = kNamespace;
  socket.family = 2;
  socket.state = state;
  socket.cookie = cookie_of(number, end);
  socket.address = address_of(number, is_client ? Object::Client : Object::Child);
}

void act(tcptwin_actor& actor, bool is_client, std::uint8_t context) {
  const std::string_view comm = is_client ? "curl" : "nginx";
  actor.pid = actor.tid = is_client ? 4711 : 80;
  actor.context = context;
  actor.socket_locked_by_user = context == TCPTWIN_CONTEXT_PROCESS;
  std::ranges::copy(comm, actor.comm);
}

void change(tcptwin_state_change& record, std::uint64_t number, End end, std::uint8_t from,
            std::uint8_t to, std::uint8_t context) {
  place(record.socket, number, end, from);
  act(record.actor, end == End::Client, context);
  record.cgroup = end == End::Client ? 1001 : 1002;
  record.old_state = from;
  record.new_state = to;
}

// What was sent and acknowledged, and what was received and read, counted behind the SYN of each.
struct Progress {
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::uint32_t read = 0;
  std::uint32_t segments_in = 0;
  std::uint32_t segments_out = 0;
  std::uint32_t flags = 0;
  std::uint8_t shutdown = 0;
};

void show(tcptwin_evidence& evidence, std::uint64_t number, End end, const Progress& progress) {
  const End other = end == End::Client ? End::Server : End::Client;
  const bool counts_syn = end == End::Client;  // as acknowledged
  evidence.snd_una = evidence.snd_nxt = evidence.write_seq =
      initial_sequence(number, end) + 1 + progress.sent;
  evidence.rcv_nxt = initial_sequence(number, other) + 1 + progress.received;
  evidence.copied_seq = initial_sequence(number, other) + 1 + progress.read;
  evidence.bytes_acked = progress.sent + (counts_syn ? 1 : 0);
  evidence.bytes_received = progress.received;
  evidence.segs_in = progress.segments_in;
  evidence.segs_out = progress.segments_out;
  evidence.srtt_us = 79;
  evidence.flags = kNegotiated | progress.flags;
  evidence.mss = 1460;
  evidence.shutdown = progress.shutdown;
  evidence.send_wscale = evidence.receive_wscale = 10;
}

void be_minisocket(tcptwin_socket& socket, std::uint64_t number, std::uint8_t substate) {
  place(socket, number, End::Client, TimeWait);
  socket.address = address_of(number, Object::Minisocket);
  socket.kind = TCPTWIN_MINISOCKET;
  socket.substate = substate;
}

void be_request(tcptwin_timer_event& timer, std::uint64_t number,
                tcptwin_timer_operation operation) {
  place(timer.socket, number, End::Server, NewSynRecv);
  timer.socket.cookie = 0;
  timer.socket.address = address_of(number, Object::Request);
  timer.socket.kind = TCPTWIN_REQUEST_SOCKET;
  timer.listener = kListener;
  timer.operation = operation;
}

Traffic shape(std::size_t twins, bool stays) {
  Traffic traffic;
  const std::size_t at_once = std::max<std::size_t>(twins / traffic.in_flight, 20);  // batches
  traffic.wait_for = at_once / 10;
  const std::size_t open = (at_once - traffic.wait_for) / 2;
  (stays ? traffic.stay_open : traffic.open_for) = open;
  return traffic;
}

}  // namespace

Traffic comes_and_goes(std::size_t twins) {
  return shape(twins, true);
}

Traffic oldest_closes(std::size_t twins) {
  return shape(twins, false);
}

GeneratedHost::GeneratedHost(const Traffic& traffic) : traffic_(traffic), now_ns_(kBegin) {
  records_.reserve(traffic.in_flight * kRecordsOfConnection);
}

template <typename Record>
Record& GeneratedHost::add(tcptwin_record_kind kind) {
  now_ns_ += kRecordTakes;
  ++emitted_;
  auto& record = records_.emplace_back().emplace<Record>(kind);
  record.header.time_ns = now_ns_;
  return record;
}

template <typename Act>
void GeneratedHost::each(std::uint64_t batch, Act act) {
  const std::uint64_t first = batch * traffic_.in_flight;
  for (std::uint64_t i = 0; i < traffic_.in_flight; ++i) (this->*act)(first + i);
}

const WireRecords& GeneratedHost::next() {
  records_.clear();
  if (!listens_) {
    listen();
  } else if (staying_ < traffic_.stay_open) {
    each(kStaying / traffic_.in_flight + staying_++, &GeneratedHost::open);
  } else {
    // No connection leaves TIME_WAIT before its time.
    now_ns_ = kBegin + (staying_ + 1) * 1'000'000'000 +
              batch_ * (kTimeWait / traffic_.wait_for + 1'000'000);
    each(batch_, &GeneratedHost::open);
    if (batch_ >= traffic_.open_for) {
      const std::uint64_t closing = batch_ - traffic_.open_for;
      each(closing, &GeneratedHost::close_first_end);
      each(closing, &GeneratedHost::acknowledge_fin);
      each(closing, &GeneratedHost::close_second_end);
    }
    if (batch_ >= traffic_.open_for + traffic_.wait_for) {
      each(batch_ - traffic_.open_for - traffic_.wait_for, &GeneratedHost::leave_time_wait);
    }
    ++batch_;
  }
  return records_;
}

std::span<const std::byte> GeneratedHost::status() {
  now_ns_ += kRecordTakes;
  status_.header = {now_ns_, TCPTWIN_STATUS, sizeof(status_), 0, 0, TCPTWIN_WIRE_VERSION};
  status_.counters[TCPTWIN_EMITTED] = status_.counters[TCPTWIN_RECEIVED] = emitted_;
  status_.counters[TCPTWIN_COUNTED_AT] = now_ns_;
  return std::as_bytes(std::span{&status_, 1});
}

void GeneratedHost::listen() {
  auto& record = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(record, 0, End::Server, Close, Listen, TCPTWIN_CONTEXT_PROCESS);
  record.socket.cookie = 1;
  record.socket.address = kListener;
  record.socket.remote_port = 0;
  std::ranges::fill(record.socket.local_address, std::uint8_t{0});
  std::ranges::fill(record.socket.remote_address, std::uint8_t{0});
  listens_ = true;
}

// connect() over loopback: the whole handshake happens within the call.
void GeneratedHost::open(std::uint64_t number) {
  constexpr auto kSoftirq = TCPTWIN_CONTEXT_SOFTIRQ;
  auto& connect = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(connect, number, End::Client, Close, SynSent, TCPTWIN_CONTEXT_PROCESS);
  connect.socket.local_port = 0;  // it is chosen after this
  be_request(add<tcptwin_timer_event>(TCPTWIN_REQUEST_TIMER), number, TCPTWIN_TIMER_START);
  auto& opened = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(opened, number, End::Client, SynSent, Established, kSoftirq);
  show(opened.evidence, number, End::Client, {.segments_in = 1, .segments_out = 1});
  auto& born = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(born, number, End::Server, Listen, SynRecv, kSoftirq);
  born.evidence.flags = TCPTWIN_NO_SK_SOCKET;
  be_request(add<tcptwin_timer_event>(TCPTWIN_REQUEST_TIMER), number, TCPTWIN_TIMER_CANCEL);
  auto& child = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(child, number, End::Server, SynRecv, Established, kSoftirq);
  show(child.evidence, number, End::Server, {.segments_in = 2, .flags = TCPTWIN_NO_SK_SOCKET});
}

// The client closes after a request and its answer.
void GeneratedHost::close_first_end(std::uint64_t number) {
  auto& close = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(close, number, End::Client, Established, FinWait1, TCPTWIN_CONTEXT_PROCESS);
  show(close.evidence, number, End::Client,
       {.sent = kData,
        .received = kData,
        .read = kData,
        .segments_in = 3,
        .segments_out = 4,
        .shutdown = kBothShutdown});
  auto& fin = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(fin, number, End::Server, Established, CloseWait, TCPTWIN_CONTEXT_SOFTIRQ);
  show(fin.evidence, number, End::Server,
       {.sent = kData,
        .received = kData + 1,
        .read = kData,
        .segments_in = 5,
        .segments_out = 2,
        .flags = TCPTWIN_SOCK_DONE,
        .shutdown = kReceiveShutdown});
}

// The orphan's FIN_WAIT2 goes on in a minisocket.
void GeneratedHost::acknowledge_fin(std::uint64_t number) {
  const Progress orphan{.sent = kData + 1,
                        .received = kData,
                        .read = kData,
                        .segments_in = 4,
                        .segments_out = 5,
                        .flags = TCPTWIN_SOCK_DEAD | TCPTWIN_NO_SK_SOCKET,
                        .shutdown = kBothShutdown};
  auto& acked = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(acked, number, End::Client, FinWait1, FinWait2, TCPTWIN_CONTEXT_SOFTIRQ);
  show(acked.evidence, number, End::Client, orphan);
  auto& timer = add<tcptwin_timer_event>(TCPTWIN_TIME_WAIT_TIMER);
  be_minisocket(timer.socket, number, FinWait2);
  timer.operation = TCPTWIN_TIMER_START;
  auto& gone = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(gone, number, End::Client, FinWait2, Close, TCPTWIN_CONTEXT_SOFTIRQ);
  show(gone.evidence, number, End::Client, orphan);
  place(add<tcptwin_socket_event>(TCPTWIN_SOCKET_DESTROYED).socket, number, End::Client, Close);
}

void GeneratedHost::close_second_end(std::uint64_t number) {
  Progress server{.sent = kData,
                  .received = kData + 1,
                  .read = kData + 1,
                  .segments_in = 5,
                  .segments_out = 3,
                  .flags = TCPTWIN_SOCK_DONE,
                  .shutdown = kBothShutdown};
  auto& close = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(close, number, End::Server, CloseWait, LastAck, TCPTWIN_CONTEXT_PROCESS);
  show(close.evidence, number, End::Server, server);
  auto& fin = add<tcptwin_socket_event>(TCPTWIN_MINISOCKET_SEGMENT);
  be_minisocket(fin.socket, number, TimeWait);
  fin.segment_flags = TCPTWIN_SEGMENT_FIN | TCPTWIN_SEGMENT_ACK;
  auto& last = add<tcptwin_state_change>(TCPTWIN_STATE_CHANGE);
  change(last, number, End::Server, LastAck, Close, TCPTWIN_CONTEXT_SOFTIRQ);
  ++server.sent;
  ++server.segments_in;
  server.flags |= TCPTWIN_SOCK_DEAD | TCPTWIN_NO_SK_SOCKET;
  show(last.evidence, number, End::Server, server);
  place(add<tcptwin_socket_event>(TCPTWIN_SOCKET_DESTROYED).socket, number, End::Server, Close);
}

// The cancellation that the kernel shows before each expiry, and the expiry.
void GeneratedHost::leave_time_wait(std::uint64_t number) {
  for (const auto operation : {TCPTWIN_TIMER_CANCEL, TCPTWIN_TIMER_EXPIRE}) {
    auto& timer = add<tcptwin_timer_event>(TCPTWIN_TIME_WAIT_TIMER);
    be_minisocket(timer.socket, number, TimeWait);
    timer.operation = operation;
  }
}

}  // namespace tcptwin::bench
