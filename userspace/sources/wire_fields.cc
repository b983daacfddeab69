// SPDX-License-Identifier: MIT
#include "sources/wire_fields.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tcptwin::sources {

namespace {

constexpr std::uint16_t kInet = 2;    // AF_INET
constexpr std::uint16_t kInet6 = 10;  // AF_INET6

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

bool speaks_inet(const tcptwin_socket& socket) {
  return socket.family == kInet || is_mapped(socket.local_address) ||
         is_mapped(socket.remote_address);
}

Address address_of(const tcptwin_socket& socket, const std::uint8_t* bytes) {
  if (!speaks_inet(socket)) return inet6_address(bytes);
  return inet_address(socket.family == kInet ? bytes : bytes + 12);
}

}  // namespace

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

std::optional<model::State> substate_of(const tcptwin_socket& socket) {
  if (socket.kind != TCPTWIN_MINISOCKET) return std::nullopt;
  if (socket.substate == 5) return model::State::FinWait2;
  if (socket.substate == 6) return model::State::TimeWait;
  return std::nullopt;
}

model::Holder holder_of(const tcptwin_socket& socket) {
  if (socket.kind == TCPTWIN_MINISOCKET) return model::Holder::Minisocket;
  if (socket.kind == TCPTWIN_REQUEST_SOCKET) return model::Holder::RequestSocket;
  return model::Holder::Socket;
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
  model::Snapshot snapshot;
  read_snapshot(snapshot, evidence);
  return snapshot;
}

void read_snapshot(model::Snapshot& snapshot, const tcptwin_evidence& evidence) {
  const auto flag = [&evidence](tcptwin_evidence_flag bit) {
    return (evidence.flags & static_cast<std::uint32_t>(bit)) != 0;
  };
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
}

std::string_view text_of(const char* bytes, std::size_t limit) {
  return {bytes, ::strnlen(bytes, limit)};
}

}  // namespace tcptwin::sources
