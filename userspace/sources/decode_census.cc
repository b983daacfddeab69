// SPDX-License-Identifier: MIT
#include "sources/decode_census.h"

namespace tcptwin::sources {

namespace {

// What the object can be in: a minisocket its substate, a request socket NEW_SYN_RECV (12), a full
// socket any state of its own. iter/tcp lists no socket that is closed.
std::optional<model::MirrorState> mirror_state_of(const tcptwin_socket& socket) {
  constexpr std::uint8_t kTimeWait = 6;
  constexpr std::uint8_t kNewSynReceived = 12;
  std::optional<model::State> state;
  if (socket.kind == TCPTWIN_FULL_SOCKET) {
    state = full_socket_state(socket.state);
    if (state == model::State::Closed) state = std::nullopt;
  } else if (socket.kind == TCPTWIN_MINISOCKET && socket.state == kTimeWait) {
    state = substate_of(socket);
  } else if (socket.kind == TCPTWIN_REQUEST_SOCKET && socket.state == kNewSynReceived) {
    state = model::State::SynReceived;
  }
  if (!state) return std::nullopt;
  return model::MirrorState{*state, holder_of(socket)};
}

std::optional<tracker::PendingTimer> pending_timer(std::uint8_t number) {
  switch (number) {
    case TCPTWIN_TIMER_NONE:
      return tracker::PendingTimer::None;
    case TCPTWIN_TIMER_RETRANSMIT:
      return tracker::PendingTimer::Retransmit;
    case TCPTWIN_TIMER_KEEPALIVE:
      return tracker::PendingTimer::Keepalive;
    case TCPTWIN_TIMER_TIME_WAIT:
      return tracker::PendingTimer::TimeWait;
    case TCPTWIN_TIMER_PROBE:
      return tracker::PendingTimer::Probe;
  }
  return std::nullopt;
}

std::optional<KernelTime> known_time(std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return std::nullopt;
  return kernel_time_from_ns(nanoseconds);
}

bool is_possible_time(const tcptwin_existing_socket& record) {
  constexpr auto kLongest = static_cast<std::int64_t>(kLatestTime);
  return record.last_segment_ns <= kLatestTime && record.began_ns <= kLatestTime &&
         record.timer_ns <= kLongest && record.timer_ns >= -kLongest;
}

std::optional<tracker::CensusPhase> census_phase(std::uint8_t number) {
  switch (number) {
    case TCPTWIN_CENSUS_BEGAN:
      return tracker::CensusPhase::Began;
    case TCPTWIN_CENSUS_NAMESPACE:
      return tracker::CensusPhase::NamespaceListed;
    case TCPTWIN_CENSUS_REFUSED:
      return tracker::CensusPhase::NamespaceRefused;
    case TCPTWIN_CENSUS_HOLDERS:
      return tracker::CensusPhase::HoldersListed;
    case TCPTWIN_CENSUS_ENDED:
      return tracker::CensusPhase::Ended;
  }
  return std::nullopt;
}

}  // namespace

Decoded decode_record(const tcptwin_existing_socket& record) {
  const auto timer = pending_timer(record.timer);
  if (!is_well_formed(record.socket) || record.socket.kind == TCPTWIN_NO_SOCKET || !timer ||
      record.evidence.shutdown > 3 || !is_possible_time(record)) {
    return DecodeError::BadField;
  }
  const auto state = mirror_state_of(record.socket);
  if (!state) return DecodeError::BadState;
  tracker::ExistingSocket existing{};
  existing.time = kernel_time_from_ns(record.header.time_ns);
  existing.socket = reference_of(record.socket);
  existing.tuple = tuple_of(record.socket);
  existing.state = *state;
  if (record.socket.kind == TCPTWIN_FULL_SOCKET) existing.snapshot = snapshot_of(record.evidence);
  existing.cgroup = record.cgroup;
  existing.listener = record.listener;
  existing.last_segment = known_time(record.last_segment_ns);
  existing.began = known_time(record.began_ns);
  existing.inode = record.inode;
  existing.uid = record.uid;
  existing.timer = *timer;
  if (*timer != tracker::PendingTimer::None) existing.timer_left = Duration{record.timer_ns};
  existing.timeouts = record.timeouts;
  existing.receive_queue = record.receive_queue;
  existing.send_queue = record.send_queue;
  existing.half_open = record.half_open;
  existing.young = record.young;
  existing.drops = record.drops;
  return existing;
}

Decoded decode_record(const tcptwin_socket_holder& record) {
  tracker::SocketHolder holder;
  holder.time = kernel_time_from_ns(record.header.time_ns);
  holder.socket = {record.cookie, record.address};
  holder.actor = {record.pid, 0, record.uid,
                  tracker::Comm{text_of(record.comm, sizeof record.comm)}};
  holder.descriptor = record.descriptor;
  return holder;
}

Decoded decode_record(const tcptwin_census& record) {
  const auto phase = census_phase(record.phase);
  if (!phase || record.is_filtered > 1) return DecodeError::BadField;
  return tracker::CensusMark{kernel_time_from_ns(record.header.time_ns),
                             *phase,
                             record.number,
                             record.netns,
                             record.error,
                             record.is_filtered != 0};
}

}  // namespace tcptwin::sources
