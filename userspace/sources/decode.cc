// SPDX-License-Identifier: MIT
#include "sources/decode.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "sources/decode_census.h"
#include "sources/decode_segment.h"
#include "sources/wire_fields.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {

namespace {

using sources::decode_record;  // those of decode_census.h and decode_segment.h, beside ours
using tracker::Observation;

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

tracker::Actor actor_of(const tcptwin_actor& actor) {
  return {actor.pid, actor.tid, actor.uid, tracker::Comm{text_of(actor.comm, sizeof actor.comm)}};
}

bool is_exact(const tcptwin_header& header) {
  return (header.flags & TCPTWIN_FROM_FUNCTION) != 0;
}

// The records that every connection makes are decoded right where the observation is wanted: it is
// several hundred bytes, and moving it costs more than making it.
using Refusal = std::optional<DecodeError>;

// Sets every field, as the observation before may have been one of these, too.
Refusal decode_record(const tcptwin_state_change& record, Observation& out) {
  if (!is_well_formed(record.socket) || record.socket.kind != TCPTWIN_FULL_SOCKET) {
    return DecodeError::BadField;
  }
  const auto from = full_socket_state(record.old_state);
  const auto to = full_socket_state(record.new_state);
  if (!from || !to) return DecodeError::BadState;
  const auto context = context_of(record.actor.context);
  if (!context || record.evidence.shutdown > 3) return DecodeError::BadField;
  auto* latest = std::get_if<tracker::StateChanged>(&out);
  auto& change = latest != nullptr ? *latest : out.emplace<tracker::StateChanged>();
  change.time = kernel_time_from_ns(record.header.time_ns);
  change.socket = reference_of(record.socket);
  change.tuple = tuple_of(record.socket);
  change.from = *from;
  change.to = *to;
  read_snapshot(change.snapshot, record.evidence);
  change.context = *context;
  change.actor = actor_of(record.actor);
  change.cgroup = record.cgroup;
  change.call_path = record.call_path;
  change.recovered = (record.header.flags & TCPTWIN_FROM_SIDE_PROGRAM) != 0;
  return std::nullopt;
}

Refusal decode_record(const tcptwin_socket_event& record, Observation& out) {
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
  if (kind == TCPTWIN_SOCKET_DESTROYED) {
    out = tracker::SocketDestroyed{time, socket, tuple};
  } else if (kind == TCPTWIN_RESET_RECEIVED) {
    out = tracker::ResetReceived{time, socket, tuple};
  } else if (kind == TCPTWIN_RESET_SENT) {
    out = tracker::ResetSentObserved{time,
                                     socket,
                                     tuple,
                                     holder_of(record.socket),
                                     record.has_segment != 0,
                                     segment(TCPTWIN_SEGMENT_SYN),
                                     record.reset_reason};
  } else if (kind == TCPTWIN_ERROR_REPORT) {
    out = tracker::ErrorReported{time, socket, tuple, record.error};
  } else if (kind == TCPTWIN_RETRANSMIT || kind == TCPTWIN_SYNACK_RETRANSMIT) {
    out = tracker::SegmentRetransmitted{time, socket, tuple, kind == TCPTWIN_SYNACK_RETRANSMIT};
  } else {
    const auto substate = substate_of(record.socket);
    if (!substate) return DecodeError::BadState;
    out = tracker::MinisocketSegment{time,
                                     socket,
                                     tuple,
                                     *substate,
                                     segment(TCPTWIN_SEGMENT_FIN),
                                     segment(TCPTWIN_SEGMENT_SYN),
                                     segment(TCPTWIN_SEGMENT_RST),
                                     is_exact(record.header)};
  }
  return std::nullopt;
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

Refusal decode_record(const tcptwin_timer_event& record, Observation& out) {
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
    out = tracker::RequestTimer{
        time, socket, tuple, *operation, record.timeouts, record.listener, is_exact(record.header)};
    return std::nullopt;
  }
  const auto substate = substate_of(record.socket);
  if (!substate) return DecodeError::BadState;
  out =
      tracker::MinisocketTimer{time, socket, tuple, *operation, *substate, is_exact(record.header)};
  return std::nullopt;
}

Decoded decode_record(const tcptwin_socket_accepted& record) {
  const auto context = context_of(record.actor.context);
  if (!is_well_formed(record.socket) || record.socket.kind != TCPTWIN_FULL_SOCKET || !context) {
    return DecodeError::BadField;
  }
  return tracker::SocketAccepted{kernel_time_from_ns(record.header.time_ns),
                                 reference_of(record.socket), tuple_of(record.socket),
                                 actor_of(record.actor)};
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
  status.counted_at = kernel_time_from_ns(counters[TCPTWIN_COUNTED_AT]);
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

// Of the rarer kinds.
template <typename Record>
Refusal decode_record(const Record& record, Observation& out) {
  Decoded decoded = decode_record(record);
  if (const auto* refusal = std::get_if<DecodeError>(&decoded)) return *refusal;
  out = std::get<Observation>(std::move(decoded));
  return std::nullopt;
}

// In the ring a record lies as the kernel's compiler would put it, and is read there. Elsewhere (a
// recording, a test) it need not be aligned, and is copied.
template <typename Record>
Refusal decode_as(std::span<const std::byte> bytes, std::uint16_t claimed_size, Observation& out) {
  if (bytes.size() < sizeof(Record)) return DecodeError::Truncated;
  if (bytes.size() != sizeof(Record) || claimed_size != bytes.size()) return DecodeError::WrongSize;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Record) == 0) {
    return decode_record(*reinterpret_cast<const Record*>(bytes.data()), out);
  }
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  return decode_record(record, out);
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
  Decoded decoded;
  if (const auto refusal = decode_into(record, std::get<Observation>(decoded))) decoded = *refusal;
  return decoded;
}

std::optional<DecodeError> decode_into(std::span<const std::byte> record, Observation& out) {
  tcptwin_header header;
  if (record.size() < sizeof header) return DecodeError::Truncated;
  std::memcpy(&header, record.data(), sizeof header);
  if (header.version != TCPTWIN_WIRE_VERSION) return DecodeError::UnknownVersion;
  if (header.time_ns > kLatestTime) return DecodeError::BadField;
  switch (header.kind) {
    case TCPTWIN_STATE_CHANGE:
      return decode_as<tcptwin_state_change>(record, header.size, out);
    case TCPTWIN_RESET_RECEIVED:
    case TCPTWIN_RESET_SENT:
    case TCPTWIN_ERROR_REPORT:
    case TCPTWIN_SOCKET_DESTROYED:
    case TCPTWIN_RETRANSMIT:
    case TCPTWIN_SYNACK_RETRANSMIT:
    case TCPTWIN_MINISOCKET_SEGMENT:
      return decode_as<tcptwin_socket_event>(record, header.size, out);
    case TCPTWIN_TIME_WAIT_TIMER:
    case TCPTWIN_REQUEST_TIMER:
      return decode_as<tcptwin_timer_event>(record, header.size, out);
    case TCPTWIN_SOCKET_ACCEPTED:
      return decode_as<tcptwin_socket_accepted>(record, header.size, out);
    case TCPTWIN_SEGMENT:
      return decode_as<tcptwin_segment>(record, header.size, out);
    case TCPTWIN_CALL_PATH:
      return decode_as<tcptwin_call_path>(record, header.size, out);
    case TCPTWIN_STATUS:
      return decode_as<tcptwin_status>(record, header.size, out);
    case TCPTWIN_EXISTING_SOCKET:
      return decode_as<tcptwin_existing_socket>(record, header.size, out);
    case TCPTWIN_SOCKET_HOLDER:
      return decode_as<tcptwin_socket_holder>(record, header.size, out);
    case TCPTWIN_CENSUS:
      return decode_as<tcptwin_census>(record, header.size, out);
  }
  return DecodeError::UnknownKind;
}

}  // namespace tcptwin::sources
