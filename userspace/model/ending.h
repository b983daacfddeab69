// SPDX-License-Identifier: MIT
// How a connection ended, in three words: who, how, why. Made from the causes of its steps, so that
// "why" is the label of the cause that decided it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/cause.h"
#include "model/state.h"

namespace tcptwin::model {

enum class EndedBy : std::uint8_t {
  Unknown,        // an event was lost, or the evidence cannot tell
  Local,          // a process of this host
  Remote,         // the other end
  Both,           // both FINs crossed (simultaneous close)
  Kernel,         // this host's kernel gave up
  Administrator,  // ss -K, a checkpoint tool, a namespace that was removed
};
inline constexpr std::size_t kEndedByCount = 6;

enum class EndedHow : std::uint8_t {
  Unknown,
  Fin,            // orderly: both directions were closed with a FIN
  ResetSent,      // this host sent a RST
  ResetReceived,  // the peer sent a RST
  Refused,        // a RST in answer to our SYN, or ours in answer to a SYN
  Unreachable,    // the network reported it (ICMP)
  Timeout,        // nobody answered in time
  Silent,         // taken down without a segment
};
inline constexpr std::size_t kEndedHowCount = 8;

struct Ending {
  EndedBy by = EndedBy::Unknown;
  EndedHow how = EndedHow::Unknown;
  Cause why = Cause::Unexplained;

  friend constexpr bool operator==(const Ending&, const Ending&) = default;
};

// Which FINs were seen before the end, and what brought the first of them.
struct FinsSeen {
  std::optional<Cause> first;  // LocalClose, LocalShutdown, CloseInSynReceived, FinReceived ...
  bool crossed = false;        // the connection went through CLOSING
};

// `last` is the cause of the step that ended the connection, out of `from`; `has_unsent` whether
// data or a FIN was still waiting to be sent then.
Ending ending_of(MirrorState from, Cause last, const FinsSeen& fins, bool has_unsent = false);

// True for the steps after which nothing more can happen to the user's data: into CLOSED, and into
// TIME_WAIT.
constexpr bool ends_connection(MirrorState to) {
  return to.state == State::Closed || to.state == State::TimeWait;
}

std::string_view label(EndedBy by);    // "unknown", "local", "remote", "both", "kernel", "admin"
std::string_view label(EndedHow how);  // "unknown", "fin", "rst_sent", "rst_received", "refused",
                                       // "unreachable", "timeout", "silent"
std::optional<EndedBy> parse_ended_by(std::string_view label);
std::optional<EndedHow> parse_ended_how(std::string_view label);
// "closed by this host", "reset by the peer", "timed out": for a person, 25 characters at most.
std::string_view phrase(const Ending& ending);

}  // namespace tcptwin::model
