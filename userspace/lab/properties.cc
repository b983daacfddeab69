// SPDX-License-Identifier: MIT
#include "lab/properties.h"

namespace tcptwin::lab {
namespace {

using enum State;

bool is_synchronized(const End& end) {
  constexpr model::StateSet kSynchronized{Established, FinWait1, FinWait2, CloseWait,
                                          Closing,     LastAck,  TimeWait};
  return kSynchronized.contains(end.state);
}

// `one` knows acknowledged only what `other` has taken, and `other` has taken only what was sent.
bool agrees_with(const End& one, const End& other) {
  return one.una <= other.rcv && other.rcv <= one.nxt;
}

// `end` takes part in a connection with an incarnation of `other` that never wanted it and is gone.
bool comes_from_an_old_syn(const End& end, const End& other) {
  if (!is_synchronized(end) || !end.has_tcb() || end.peer == 0) return false;
  // A CLOSE in SYN-RECEIVED: the third segment of the handshake is still to come.
  if ((end.state == FinWait1 || end.state == Closing) && end.una == end.iss) return false;
  const bool is_still_there = other.incarnation == end.peer && other.state != TimeWait;
  const bool wanted_it = (other.agreed & agreement(end.peer, end.incarnation)) != 0;
  return !is_still_there && !wanted_it;
}

bool anywhere(const World&) {
  return true;
}
bool both_closed(const World& world) {
  return world.ends[0].state == Closed && world.ends[1].state == Closed;
}

bool is_opening_actively(const End& end) {
  return end.origin == Origin::Active && (end.state == SynSent || end.state == SynReceived);
}
bool both_open_actively(const World& world) {
  return is_opening_actively(world.ends[0]) && is_opening_actively(world.ends[1]);
}
bool both_established(const World& world) {
  return world.ends[0].state == Established && world.ends[1].state == Established;
}

bool has_closed_first(const End& end) {
  return end.closed_first && (end.state == FinWait1 || end.state == Closing);
}
bool both_closed_first(const World& world) {
  return are_connected(world) && has_closed_first(world.ends[0]) && has_closed_first(world.ends[1]);
}
bool both_wait(const World& world) {
  return world.ends[0].state == TimeWait && world.ends[1].state == TimeWait;
}

}  // namespace

bool means_its_state(const End& end) {
  const bool is_open = end.has_tcb() && end.syn_received && end.una != end.iss && !end.listening;
  switch (end.state) {
    case Closed:
      return !end.has_tcb() && !end.listening;
    case Listen:
      return !end.has_tcb() && end.listening;
    case SynSent:
      return end.has_tcb() && !end.syn_received && end.una == end.iss && !end.fin_sent &&
             !end.listening;
    case SynReceived:
      return end.has_tcb() && end.syn_received && end.una == end.iss && !end.fin_sent &&
             !end.fin_received;
    case Established:
      return is_open && !end.fin_sent && !end.fin_received;
    case FinWait1:  // also from SYN-RECEIVED, with its SYN not yet acknowledged
      return end.has_tcb() && end.syn_received && end.fin_sent && !end.fin_acknowledged() &&
             !end.fin_received;
    case FinWait2:
      return is_open && end.fin_acknowledged() && !end.fin_received;
    case CloseWait:
      return is_open && !end.fin_sent && end.fin_received;
    case Closing:
      return end.has_tcb() && end.fin_sent && !end.fin_acknowledged() && end.fin_received &&
             end.closed_first;
    case LastAck:
      return is_open && end.fin_sent && !end.fin_acknowledged() && end.fin_received &&
             !end.closed_first;
    case TimeWait:
      return is_open && end.fin_acknowledged() && end.fin_received && end.closed_first;
  }
  return false;
}

bool are_connected(const World& world) {
  const End& one = world.ends[0];
  const End& other = world.ends[1];
  return one.has_tcb() && other.has_tcb() && one.syn_received && other.syn_received &&
         one.peer == other.incarnation && other.peer == one.incarnation;
}

PropertySet violated_in(const World& world) {
  PropertySet violated;
  const auto& [one, other] = world.ends;
  if (!means_its_state(one) || !means_its_state(other)) violated.add(Property::Meaning);
  const bool connected = are_connected(world);
  if (connected && (!agrees_with(one, other) || !agrees_with(other, one))) {
    violated.add(Property::Agreement);
  }
  if (comes_from_an_old_syn(one, other) || comes_from_an_old_syn(other, one)) {
    violated.add(Property::OldSyn);
  }
  return violated;
}

const std::array<Promise, kPromiseCount>& promises() {
  static constexpr std::array<Promise, kPromiseCount> kPromises = {{
      {Property::CanEnd, anywhere, both_closed},
      {Property::Opens, both_open_actively, both_established},
      {Property::Closes, both_closed_first, both_wait},
  }};
  return kPromises;
}

}  // namespace tcptwin::lab
