// SPDX-License-Identifier: MIT
#include "model/state.h"

#include <string>

#include "base/text.h"

namespace tcptwin::model {
namespace {

// ss abbreviates two states and writes '-' for '_'; the RFC numbers FIN-WAIT with a dash.
struct Alias {
  std::string_view text;
  State state;
};
constexpr std::array kAliases = {
    Alias{"closed", State::Closed},
    Alias{"unconn", State::Closed},
    Alias{"syn_received", State::SynReceived},
    Alias{"estab", State::Established},
    Alias{"fin_wait_1", State::FinWait1},
    Alias{"fin_wait_2", State::FinWait2},
    Alias{"listening", State::Listen},
    Alias{"syn_rcvd", State::SynReceived},
};

}  // namespace

std::optional<MirrorState> parse_state(std::string_view text) {
  std::string word = to_lower(text);
  for (char& letter : word) {
    if (letter == '-') letter = '_';
  }
  if (word == "new_syn_recv") return MirrorState{State::SynReceived, Holder::RequestSocket};
  for (const State state : kAllStates) {
    if (word == label(state)) return MirrorState{state, Holder::Socket};
  }
  for (const Alias& alias : kAliases) {
    if (word == alias.text) return MirrorState{alias.state, Holder::Socket};
  }
  return std::nullopt;
}

}  // namespace tcptwin::model
