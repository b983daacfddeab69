// SPDX-License-Identifier: MIT
#include "sources/decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "tcptwin/wire.h"

namespace tcptwin::sources {

namespace {

using tracker::Observation;
using Decoded = std::variant<Observation, DecodeError>;

constexpr std::uint16_t kInet = 2;    // AF_INET
constexpr std::uint16_t kInet6 = 10;  // AF_INET6

// CLOCK_MONOTONIC counts from the boot: 146 years are enough, and no difference of times overflows.
constexpr std::uint64_t kLatestTime = std::uint64_t{1} << 62;

// Kernel numbering (include/net/tcp_states.h). TIME_WAIT and NEW_SYN_RECV have numbers too, but
// live in minisockets and request sockets: no full socket is ever in them.
std::optional<model::State> full_socket_state(std::uint8_t number) {
  constexpr std::uint8_t kNone = 0xff;
  const auto value = [](model::State state) { return static_cast<std::uint8_t>(state); };
  constexpr std::array<std::uint8_t, 13> kStates = {kNone,
                                                    value(model::State::Established),
                                                    value(model::State::SynSent),
                                                    value(model::State::SynReceived),
                                                    value(model::State::FinWait1),
                                                    value(model::State::FinWait2),
                                                    kNone,
                                                    value(model::State::Closed),
                                                    value(model::State::CloseWait),
                                                    value(model::State::LastAck),
                                                    value(model::State::Listen),
                                                    value(model::State::Closing),
                                                    kNone};
  if (number >= kStates.size() || kStates[number] == kNone) return std::nullopt;
  return static_cast<model::State>(kStates[number]);
}

bool is_mapped(const std::uint8_t* address) {
  constexpr std::array<std::uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kPrefix.begin(), kPrefix.end(), address);
}

Address inet_address(const std::uint8_t* bytes) {
  Address address{Family::Inet, {}};
  std::copy_n(bytes, 4, address.bytes.begin());
  return address;
}

Address inet6_address(const std::uint8_t* bytes) {
  Address address{Family::Inet6, {}};
  std::copy_n(bytes, address.bytes.size(), address.bytes.begin());
  return address;
}

// An IPv6 socket that talks to ::ffff:a.b.c.d speaks IPv4. It becomes an IPv4 tuple here, so that
// both ends of a connection agree whatever sockets they use; an end that is still :: follows.
bool speaks_inet(const tcptwin_socket& socket) {
  return socket.family == kInet || is_mapped(socket.local_address) ||
         is_mapped(socket.remote_address);
}

Address address_of(const tcptwin_socket& socket, const std::uint8_t* bytes) {
  if (!speaks_inet(socket)) return inet6_address(bytes);
  return inet_address(socket.family == kInet ? bytes : bytes + 12);
}

Tuple tuple_of(const tcptwin_socket& socket) {
  return Tuple{socket.netns, Endpoint{address_of(socket, socket.local_address), socket.local_port},
               Endpoint{address_of(socket, socket.remote_address), socket.remote_port}};
}

tracker::SocketReference reference_of(const tcptwin_socket& socket) {
  return {socket.cookie, socket.address};
}

bool is_well_formed(const tcptwin_socket& socket) {
  return socket.kind <= TCPTWIN_NO_SOCKET && (socket.family == kInet || socket.family == kInet6);
}

model::Snapshot snapshot_of(const tcptwin_evidence& evidence) {
  const auto flag = [&evidence](tcptwin_evidence_flag bit) {
    return (evidence.flags & static_cast<std::uint32_t>(bit)) != 0;
  };
  model::Snapshot snapshot;
  snapshot.snd_una = SequenceNumber{evidence.snd_una};
  snapshot.snd_nxt = SequenceNumber{evidence.snd_nxt};
  snapshot.write_seq = SequenceNumber{evidence.write_seq};
  snapshot.rcv_nxt = SequenceNumber{evidence.rcv_nxt};
  snapshot.copied_seq = SequenceNumber{evidence.copied_seq};
  snapshot.segs_in = evidence.segs_in;
  snapshot.segs_out = evidence.segs_out;
  snapshot.bytes_acked = evidence.bytes_acked;
  snapshot.bytes_received = evidence.bytes_received;
  snapshot.total_retrans = evidence.total_retrans;
  snapshot.srtt_us = evidence.srtt_us;
  snapshot.error = evidence.error;
  snapshot.error_soft = evidence.error_soft;
  snapshot.mss = evidence.mss;
  snapshot.retransmits = evidence.retransmits;
  snapshot.probes_out = evidence.probes_out;
  snapshot.send_wscale = evidence.send_wscale;
  snapshot.receive_wscale = evidence.receive_wscale;
  snapshot.receive_shutdown = (evidence.shutdown & 1) != 0;
  snapshot.send_shutdown = (evidence.shutdown & 2) != 0;
  snapshot.dead = flag(TCPTWIN_SOCK_DEAD);
  snapshot.done = flag(TCPTWIN_SOCK_DONE);
  snapshot.keepopen = flag(TCPTWIN_SOCK_KEEPOPEN);
  snapshot.linger_zero = flag(TCPTWIN_LINGER_ZERO);
  snapshot.linger2_negative = flag(TCPTWIN_LINGER2_NEGATIVE);
  snapshot.has_socket = !flag(TCPTWIN_NO_SK_SOCKET);
  snapshot.repair = flag(TCPTWIN_REPAIR);
  snapshot.fastopen_connect = flag(TCPTWIN_FASTOPEN_CONNECT);
  snapshot.fastopen_request = flag(TCPTWIN_FASTOPEN_REQUEST);
  snapshot.fastopen_child = flag(TCPTWIN_FASTOPEN_CHILD);
  snapshot.syn_data = flag(TCPTWIN_SYN_DATA);
  snapshot.syn_data_acked = flag(TCPTWIN_SYN_DATA_ACKED);
  snapshot.syn_fastopen = flag(TCPTWIN_SYN_FASTOPEN);
  snapshot.mptcp = flag(TCPTWIN_MPTCP);
  snapshot.timestamps = flag(TCPTWIN_TIMESTAMPS);
  snapshot.sack = flag(TCPTWIN_SACK);
  snapshot.window_scale = flag(TCPTWIN_WINDOW_SCALE);
  snapshot.user_timeout = flag(TCPTWIN_USER_TIMEOUT);
  return snapshot;
}

std::optional<model::Context> context_of(std::uint8_t number) {
  switch (number) {
    case TCPTWIN_CONTEXT_UNKNOWN:
      return model::Context::Unknown;
    case TCPTWIN_CONTEXT_PROCESS:
      return model::Context::Process;
    case TCPTWIN_CONTEXT_SOFTIRQ:
      return model::Context::Softirq;
  }
  return std::nullopt;
}

std::string_view text_of(const char* bytes, std::size_t limit) {
  return {bytes, ::strnlen(bytes, limit)};
}

tracker::Actor actor_of(const tcptwin_actor& actor) {
  return {actor.pid, actor.tid, actor.uid, tracker::Comm{text_of(actor.comm, sizeof actor.comm)}};
}

Decoded decode_record(const tcptwin_state_change& record) {
  if (!is_well_formed(record.socket) || record.socket.kind != TCPTWIN_FULL_SOCKET) {
    return DecodeError::BadField;
  }
  const auto from = full_socket_state(record.old_state);
  const auto to = full_socket_state(record.new_state);
  if (!from || !to) return DecodeError::BadState;
  const auto context = context_of(record.actor.context);
  if (!context || record.evidence.shutdown > 3) return DecodeError::BadField;
  tracker::StateChanged change{};
  change.time = kernel_time_from_ns(record.header.time_ns);
  change.socket = reference_of(record.socket);
  change.tuple = tuple_of(record.socket);
  change.from = *from;
  change.to = *to;
  change.snapshot = snapshot_of(record.evidence);
  change.context = *context;
  change.actor = actor_of(record.actor);
  change.cgroup = record.cgroup;
  change.call_path = record.call_path;
  change.recovered = (record.header.flags & TCPTWIN_FROM_SIDE_PROGRAM) != 0;
  return change;
}

model::Holder holder_of(const tcptwin_socket& socket) {
  if (socket.kind == TCPTWIN_MINISOCKET) return model::Holder::Minisocket;
  if (socket.kind == TCPTWIN_REQUEST_SOCKET) return model::Holder::RequestSocket;
  return model::Holder::Socket;
}

// tw_substate of a minisocket: FIN_WAIT2 until the peer's FIN came, TIME_WAIT after.
std::optional<model::State> substate_of(const tcptwin_socket& socket) {
  if (socket.kind != TCPTWIN_MINISOCKET) return std::nullopt;
  if (socket.substate == 5) return model::State::FinWait2;
  if (socket.substate == 6) return model::State::TimeWait;
  return std::nullopt;
}

Decoded decode_record(const tcptwin_socket_event& record) {
  const auto kind = static_cast<tcptwin_record_kind>(record.header.kind);
  if (!is_well_formed(record.socket) || record.has_segment > 1) return DecodeError::BadField;
  // Only a reset can be sent where no socket is.
  if (record.socket.kind == TCPTWIN_NO_SOCKET && kind != TCPTWIN_RESET_SENT) {
    return DecodeError::BadField;
  }
  const KernelTime time = kernel_time_from_ns(record.header.time_ns);
  const auto socket = reference_of(record.socket);
  const Tuple tuple = tuple_of(record.socket);
  const auto segment = [&record](tcptwin_segment_flag bit) {
    return (record.segment_flags & bit) != 0;
  };
  if (kind == TCPTWIN_RESET_RECEIVED) return tracker::ResetReceived{time, socket, tuple};
  if (kind == TCPTWIN_RESET_SENT) {
    return tracker::ResetSentObserved{time,
                                      socket,
                                      tuple,
                                      holder_of(record.socket),
                                      record.has_segment != 0,
                                      segment(TCPTWIN_SEGMENT_SYN),
                                      record.reset_reason};
  }
  if (kind == TCPTWIN_ERROR_REPORT) {
    return tracker::ErrorReported{time, socket, tuple, record.error};
  }
  if (kind == TCPTWIN_SOCKET_DESTROYED) return tracker::SocketDestroyed{time, socket, tuple};
  if (kind == TCPTWIN_RETRANSMIT) return tracker::SegmentRetransmitted{time, socket, tuple, false};
  if (kind == TCPTWIN_SYNACK_RETRANSMIT) {
    return tracker::SegmentRetransmitted{time, socket, tuple, true};
  }
  const auto substate = substate_of(record.socket);
  if (!substate) return DecodeError::BadState;
  return tracker::MinisocketSegment{time,
                                    socket,
                                    tuple,
                                    *substate,
                                    segment(TCPTWIN_SEGMENT_FIN),
                                    segment(TCPTWIN_SEGMENT_SYN),
                                    segment(TCPTWIN_SEGMENT_RST)};
}

std::optional<tracker::TimerOperation> operation_of(std::uint8_t number) {
  switch (number) {
    case TCPTWIN_TIMER_START:
      return tracker::TimerOperation::Start;
    case TCPTWIN_TIMER_CANCEL:
      return tracker::TimerOperation::Cancel;
    case TCPTWIN_TIMER_EXPIRE:
      return tracker::TimerOperation::Expire;
  }
  return std::nullopt;
}

Decoded decode_record(const tcptwin_timer_event& record) {
  const bool is_request = record.header.kind == TCPTWIN_REQUEST_TIMER;
  const auto expected = is_request ? TCPTWIN_REQUEST_SOCKET : TCPTWIN_MINISOCKET;
  const auto operation = operation_of(record.operation);
  if (!is_well_formed(record.socket) || record.socket.kind != expected || !operation) {
    return DecodeError::BadField;
  }
  const KernelTime time = kernel_time_from_ns(record.header.time_ns);
  const auto socket = reference_of(record.socket);
  const Tuple tuple = tuple_of(record.socket);
  if (is_request) {
    return tracker::RequestTimer{time, socket, tuple, *operation, record.timeouts, record.listener};
  }
  const auto substate = substate_of(record.socket);
  if (!substate) return DecodeError::BadState;
  return tracker::MinisocketTimer{time, socket, tuple, *operation, *substate};
}

Decoded decode_record(const tcptwin_call_path& record) {
  if (record.id == 0 || record.frames > TCPTWIN_CALL_PATH_FRAMES) return DecodeError::BadField;
  tracker::CallPathNamed path{};
  path.time = kernel_time_from_ns(record.header.time_ns);
  path.id = record.id;
  path.frames = record.frames;
  for (std::size_t i = 0; i < record.frames; ++i) {
    const std::string_view name = text_of(record.names[i], TCPTWIN_SYMBOL_LENGTH);
    if (name.size() == TCPTWIN_SYMBOL_LENGTH) return DecodeError::BadField;
    path.addresses[i] = record.addresses[i];
    std::copy(name.begin(), name.end(), path.names[i].begin());
  }
  return path;
}

Decoded decode_record(const tcptwin_status& record) {
  const auto& counters = record.counters;
  tracker::StreamStatus status;
  status.time = kernel_time_from_ns(record.header.time_ns);
  status.emitted = counters[TCPTWIN_EMITTED];
  status.received = counters[TCPTWIN_RECEIVED];
  status.lost_in_ring = counters[TCPTWIN_LOST_STATE_CHANGE] + counters[TCPTWIN_LOST_SOCKET_EVENT] +
                        counters[TCPTWIN_LOST_TIMER_EVENT] + counters[TCPTWIN_LOST_CALL_PATH];
  status.lost_state_changes = counters[TCPTWIN_LOST_STATE_CHANGE];
  status.recursion_misses = counters[TCPTWIN_RECURSION_MISSES];
  status.side_recovered = counters[TCPTWIN_SIDE_RECOVERED];
  status.malformed = counters[TCPTWIN_MALFORMED];
  status.filtered_out = counters[TCPTWIN_FILTERED_OUT];
  status.mptcp_skipped = counters[TCPTWIN_MPTCP_SKIPPED];
  return status;
}

// Copies the bytes into a record of the kind they claim to be, since they need not be aligned.
template <typename Record>
Decoded decode_as(std::span<const std::byte> bytes, std::uint16_t claimed_size) {
  if (bytes.size() < sizeof(Record)) return DecodeError::Truncated;
  if (bytes.size() != sizeof(Record) || claimed_size != bytes.size()) return DecodeError::WrongSize;
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  return decode_record(record);
}

}  // namespace

std::string_view label(DecodeError error) {
  switch (error) {
    case DecodeError::Truncated:
      return "truncated";
    case DecodeError::WrongSize:
      return "wrong_size";
    case DecodeError::UnknownVersion:
      return "unknown_version";
    case DecodeError::UnknownKind:
      return "unknown_kind";
    case DecodeError::BadState:
      return "bad_state";
    case DecodeError::BadField:
      return "bad_field";
  }
  return "";
}

std::variant<Observation, DecodeError> decode(std::span<const std::byte> record) {
  tcptwin_header header;
  if (record.size() < sizeof header) return DecodeError::Truncated;
  std::memcpy(&header, record.data(), sizeof header);
  if (header.version != TCPTWIN_WIRE_VERSION) return DecodeError::UnknownVersion;
  if (header.time_ns > kLatestTime) return DecodeError::BadField;
  switch (header.kind) {
    case TCPTWIN_STATE_CHANGE:
      return decode_as<tcptwin_state_change>(record, header.size);
    case TCPTWIN_RESET_RECEIVED:
    case TCPTWIN_RESET_SENT:
    case TCPTWIN_ERROR_REPORT:
    case TCPTWIN_SOCKET_DESTROYED:
    case TCPTWIN_RETRANSMIT:
    case TCPTWIN_SYNACK_RETRANSMIT:
    case TCPTWIN_MINISOCKET_SEGMENT:
      return decode_as<tcptwin_socket_event>(record, header.size);
    case TCPTWIN_TIME_WAIT_TIMER:
    case TCPTWIN_REQUEST_TIMER:
      return decode_as<tcptwin_timer_event>(record, header.size);
    case TCPTWIN_CALL_PATH:
      return decode_as<tcptwin_call_path>(record, header.size);
    case TCPTWIN_STATUS:
      return decode_as<tcptwin_status>(record, header.size);
  }
  return DecodeError::UnknownKind;
}

}  // namespace tcptwin::sources
