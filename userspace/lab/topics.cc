// SPDX-License-Identifier: MIT
#include "lab/topics.h"

#include <algorithm>
#include <array>

#include "lab/catalogue.h"
#include "lab/verification.h"

namespace tcptwin::lab {
namespace {

using S = Stimulus;
using enum State;

constexpr std::string_view kRemoved = "variant";

Bounds unchanged(const Bounds& bounds, bool) {
  return bounds;
}

// LISTEN + SYN -> ESTABLISHED: the server is content with the SYN.
OwnTable two_way_handshake() {
  OwnTable own = copy_of_reference();
  for (model::TransitionRow& row : own.arrows) {
    if (row.from != Listen || row.stimulus != S::Syn) continue;
    row = {Listen, S::Syn, Established, kRemoved, "the server is content and waits for no ACK"};
  }
  return own;
}

OwnTable no_time_wait() {
  OwnTable own = copy_of_reference();
  for (model::TransitionRow& row : own.arrows) {
    if (row.to != TimeWait) continue;
    row.to = Closed;
    row.section = kRemoved;
    row.reason = "both FINs are acknowledged: without TIME-WAIT it forgets everything at once";
  }
  return own;
}

OwnTable no_simultaneous_open() {
  OwnTable own = copy_of_reference();
  std::erase_if(own.arrows, [](const model::TransitionRow& row) {
    return row.from == SynSent && row.stimulus == S::Syn;
  });
  own.stays.push_back({model::StateSet{SynSent}, S::Syn, kRemoved,
                       "it waits for SYN+ACK and passes over a bare SYN"});
  return own;
}

OwnTable no_half_close() {
  OwnTable own = copy_of_reference();
  std::erase_if(own.stays, [](const model::StayRow& row) {
    return row.stimulus == S::Text && row.from.contains(FinWait1);
  });
  own.stays.push_back(
      {model::StateSet{Established}, S::Text, "RFC 9293 3.10.7.4", "delivered and acknowledged"});
  for (const State from : {FinWait1, FinWait2}) {
    own.arrows.push_back({from, S::Text, Closed, kRemoved, "it has closed both directions: RST"});
  }
  return own;
}

Bounds closed_late(const Bounds& bounds, bool) {
  Bounds late = bounds;
  for (Script& script : late.scripts) script.closes_early = false;
  return late;
}

Bounds one_msl(const Bounds& bounds, bool with_rule) {
  Bounds changed = bounds;
  if (!with_rule) changed.time_wait_ticks = kMslTicks;
  return changed;
}

Bounds heeding_rst(const Bounds& bounds, bool with_rule) {
  Bounds changed = bounds;
  changed.heeds_rst_in_time_wait = !with_rule;
  return changed;
}

constexpr std::array kThirdAck = {
    Harm{"old-syn", Property::OldSyn,
         "The network keeps a copy of a SYN until its connection has come and gone.",
         "The server has a connection that nobody wants, and keeps it for nobody."},
};
constexpr std::array kTimeWait = {
    Harm{"lost-segment", Property::OrderlyClose,
         "First: the last ACK may be lost. Who sent it must still be there to send it again.",
         "A connection that both sides closed in order ends in an error."},
    Harm{"old-text", Property::OldSegment,
         "Second: what is still on its way must die before the same ports are used again.",
         "The new connection has accepted what the old one sent, and nobody will ever know."},
};
constexpr std::array kTwoMsl = {
    Harm{"lost-segment", Property::OrderlyClose,
         "One MSL is over before the FIN that was sent again is here.",
         "A connection that both sides closed in order ends in an error."},
    Harm{"old-text", Property::OldSegment,
         "One MSL for our last ACK to arrive or die; until then the peer may have sent again.",
         "The new connection has accepted what the old one sent, and nobody will ever know."},
};
constexpr std::array kSimultaneousOpen = {
    Harm{"crossing", Property::Opens, "Both ends call, and their SYNs cross.",
         "Each waits for an answer to its call and hears only the other one calling: no step that "
         "is left makes both ESTABLISHED."},
};
constexpr std::array kHalfClose = {
    Harm{"lost-segment", Property::OrderlyClose,
         "One end has said all that it has to say; the other one has not.",
         "What was still to be read is lost, and nobody has made a mistake."},
};
constexpr std::array kRstInTimeWait = {
    Harm{"old-text", Property::OldSegment,
         "RFC 9293 3.10.7.4 lets a RST end TIME-WAIT; RFC 1337 calls that an assassination.",
         "The new connection has accepted what the old one sent, and nobody will ever know."},
};

constexpr std::array kTopics = {
    Topic{"third-ack", "Why does the handshake need its third segment?",
          "SYN-RECEIVED: the server waits for the ACK of its own SYN",
          "the server is ESTABLISHED as soon as it has a SYN", two_way_handshake, unchanged,
          kThirdAck},
    Topic{"time-wait", "Why must one end stay in TIME-WAIT?", "TIME-WAIT after the last ACK",
          "the end that closed first is CLOSED at once", no_time_wait, unchanged, kTimeWait},
    Topic{"two-msl", "Why does TIME-WAIT last two MSL, and not one?", "2 MSL",
          "TIME-WAIT lasts one MSL, the longest life of a segment", copy_of_reference, one_msl,
          kTwoMsl},
    Topic{"simultaneous-open", "Why does a SYN get an answer in SYN-SENT?",
          "SYN-SENT + SYN -> SYN-RECEIVED", "an end that has called waits for SYN+ACK alone",
          no_simultaneous_open, closed_late, kSimultaneousOpen},
    Topic{"half-close", "Why does a FIN close one direction only?",
          "FIN-WAIT-1 and FIN-WAIT-2 take the peer's text",
          "CLOSE closes both directions: text that comes later is answered with RST", no_half_close,
          unchanged, kHalfClose},
    Topic{"rst-in-time-wait", "Why should TIME-WAIT ignore a RST?",
          "RFC 1337: a RST does not end TIME-WAIT",
          "a RST ends TIME-WAIT, as RFC 9293 3.10.7.4 has it", copy_of_reference, heeding_rst,
          kRstInTimeWait},
};

}  // namespace

std::span<const Topic> topics() {
  return kTopics;
}

const Topic* topic_named(std::string_view name) {
  const auto found = std::ranges::find(kTopics, name, &Topic::name);
  return found == kTopics.end() ? nullptr : &*found;
}

OwnTable table_without_rule(const Topic& topic, const Harm& harm) {
  OwnTable own = topic.variant();
  if (topic.bounds(world_named(harm.world), false).heeds_rst_in_time_wait) return own;
  const OwnTable ignoring = reference_that_ignores_rst_in_time_wait();
  std::erase_if(own.arrows, [](const model::TransitionRow& row) {
    return row.from == TimeWait && row.stimulus == S::Rst;
  });
  own.stays.push_back(ignoring.stays.back());
  return own;
}

Exploration explore_without_rule(const Topic& topic, const Harm& harm) {
  Bounds bounds = topic.bounds(world_named(harm.world), false);
  const OwnTable own = table_without_rule(topic, harm);
  return explore(Rules{own.table()}, bounds, PropertySet{harm.property});
}

Exploration explore_with_rule(const Topic& topic, const Harm& harm) {
  const Bounds bounds = topic.bounds(world_named(harm.world), true);
  return explore_reference(bounds, PropertySet{harm.property});
}

}  // namespace tcptwin::lab
