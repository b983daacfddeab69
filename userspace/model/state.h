// SPDX-License-Identifier: MIT
// The eleven states of RFC 9293 3.3.2, and where Linux keeps a connection that is in one of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcptwin::model {

enum class State : std::uint8_t {
  Closed,
  Listen,
  SynSent,
  SynReceived,
  Established,
  FinWait1,
  FinWait2,
  CloseWait,
  Closing,
  LastAck,
  TimeWait,
};

inline constexpr std::size_t kStateCount = 11;
inline constexpr std::array<State, kStateCount> kAllStates = {
    State::Closed,      State::Listen,   State::SynSent,  State::SynReceived,
    State::Established, State::FinWait1, State::FinWait2, State::CloseWait,
    State::Closing,     State::LastAck,  State::TimeWait};

// The RFC and Linux number the states differently; neither order means anything.
bool operator<(State, State) = delete;
bool operator>(State, State) = delete;

constexpr std::size_t index(State state) {
  return static_cast<std::size_t>(state);
}

// The kernel object that holds the connection (linux-tcp-fsm: TIME_WAIT and half-open connections
// never live in the socket itself).
enum class Holder : std::uint8_t {
  Socket,
  Minisocket,     // struct inet_timewait_sock: TIME_WAIT, or FIN_WAIT2 of an orphan
  RequestSocket,  // struct request_sock: SYN_RECV of a passive open (TCP_NEW_SYN_RECV)
};

// A state of the mirror: what the protocol is in, and where the kernel keeps it.
struct MirrorState {
  State state = State::Closed;
  Holder holder = Holder::Socket;

  friend constexpr bool operator==(const MirrorState&, const MirrorState&) = default;
};

// Kernel spelling, as ss and the tracepoint print it: "SYN_RECV", "FIN_WAIT1", "CLOSE".
constexpr std::string_view name(State state) {
  constexpr std::array<std::string_view, kStateCount> kNames = {
      "CLOSE",     "LISTEN",     "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1",
      "FIN_WAIT2", "CLOSE_WAIT", "CLOSING",  "LAST_ACK", "TIME_WAIT"};
  return kNames[index(state)];
}

// As RFC 9293 spells it: "SYN-RECEIVED", "FIN-WAIT-1", "CLOSED".
constexpr std::string_view rfc_name(State state) {
  constexpr std::array<std::string_view, kStateCount> kNames = {
      "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
      "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};
  return kNames[index(state)];
}

// Lower-case kernel name for JSON and metrics: "syn_recv", "fin_wait1", "close".
constexpr std::string_view label(State state) {
  constexpr std::array<std::string_view, kStateCount> kLabels = {
      "close",     "listen",     "syn_sent", "syn_recv", "established", "fin_wait1",
      "fin_wait2", "close_wait", "closing",  "last_ack", "time_wait"};
  return kLabels[index(state)];
}

// A half-open connection in a request socket is NEW_SYN_RECV, as in the kernel.
constexpr std::string_view name(MirrorState mirror) {
  return mirror.holder == Holder::RequestSocket ? std::string_view{"NEW_SYN_RECV"}
                                                : name(mirror.state);
}
constexpr std::string_view label(MirrorState mirror) {
  return mirror.holder == Holder::RequestSocket ? std::string_view{"new_syn_recv"}
                                                : label(mirror.state);
}

// The states as their labels tell them apart, for tables of counts: the eleven, and NEW_SYN_RECV.
inline constexpr std::size_t kLabelledStateCount = kStateCount + 1;
constexpr std::size_t labelled_index(MirrorState mirror) {
  return mirror.holder == Holder::RequestSocket ? kStateCount : index(mirror.state);
}
constexpr MirrorState labelled_state(std::size_t index) {
  return index == kStateCount ? MirrorState{State::SynReceived, Holder::RequestSocket}
                              : MirrorState{kAllStates[index], Holder::Socket};
}

// Accepts kernel, RFC and ss spellings in any case: "FIN_WAIT1", "fin-wait-1", "estab",
// "syn-recv", "closed"; also "new_syn_recv". nullopt if it names no state.
std::optional<MirrorState> parse_state(std::string_view text);

// A set of states, for rows that hold in several.
class StateSet {
 public:
  constexpr StateSet() = default;
  template <typename... States>
  constexpr explicit StateSet(States... states)
      : bits_(static_cast<std::uint16_t>(((1u << index(states)) | ... | 0u))) {}

  constexpr bool contains(State state) const { return ((bits_ >> index(state)) & 1u) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace tcptwin::model
