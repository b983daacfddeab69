// SPDX-License-Identifier: MIT
#include "lab/machine.h"

namespace tcptwin::lab {
namespace {

constexpr Number next(Number number) {
  return static_cast<Number>(number + 1);
}

}  // namespace

void Machine::ask(Stimulus stimulus) {
  const Question question{self().state, stimulus, self().origin};
  asked_.set(index(question));
  if (step_.stimulus_count < step_.stimuli.size()) {
    step_.stimuli[step_.stimulus_count++] = stimulus;
  }
  const Answer& answer = rules_.answer(question);
  if (!answer.known) {
    step_.violated.add(Property::Answered);
    return;
  }
  const bool enters_time_wait = answer.to == State::TimeWait && self().state != State::TimeWait;
  if (enters_time_wait) start_time_wait();
  self().state = answer.to;
}

void Machine::start_time_wait() {
  self().clock = bounds_.has_time ? bounds_.time_wait_ticks : std::uint8_t{0};
}

void Machine::send(Segment segment) {
  segment.incarnation = self().incarnation;
  if (step_.sent_count < step_.sent.size()) step_.sent[step_.sent_count++] = segment;
  Channel& channel = world_.towards[1u - end_];
  const Code code = encode(segment);
  if (contains(channel, code)) return;  // a second one makes no difference
  if (count(channel) < bounds_.capacity) {
    insert(channel, code);
    return;
  }
  ++step_.sent_lost;
  if (world_.losses_left == 0) step_.is_impossible = true;
  if (world_.losses_left != kUnlimited && world_.losses_left > 0) --world_.losses_left;
}

void Machine::send_ack() {
  send({.ack = true, .sequence = self().nxt, .acknowledgment = self().rcv});
}

void Machine::send_syn_ack() {
  send({.syn = true, .ack = true, .sequence = self().iss, .acknowledgment = self().rcv});
}

// RFC 9293 3.10.7.1: "the reset sequence is selected so that it is acceptable to the TCP endpoint
// that sent the offending segment."
void Machine::answer_with_reset(const Segment& segment) {
  if (segment.rst) return;
  if (segment.ack) {
    send({.rst = true, .sequence = segment.acknowledgment});
  } else {
    const Number length = static_cast<Number>(segment.length() + (segment.syn ? 1 : 0));
    send({.ack = true,
          .rst = true,
          .acknowledgment = static_cast<Number>(segment.sequence + length)});
  }
}

// The first OPEN is the first incarnation; a LISTEN that starts over remains the same one.
void Machine::take_open() {
  --self().opens_left;
  ++self().incarnations;
}

void Machine::begin_incarnation(Origin origin) {
  End& end = self();
  end.incarnation = end.incarnations;
  end.origin = origin;
  end.iss = bounds_.scripts[end_].iss[end.incarnation - 1u];
  end.una = end.iss;
  end.nxt = next(end.iss);
}

void Machine::accept_syn(const Segment& syn) {
  End& end = self();
  end.rcv = next(syn.sequence);
  end.syn_received = true;
  end.peer = syn.incarnation;
  if (end.has_tcb() && syn.incarnation != 0) {
    end.agreed = static_cast<std::uint8_t>(end.agreed | agreement(end.incarnation, end.peer));
  }
}

void Machine::delete_tcb() {
  End& end = self();
  End fresh;
  fresh.state = end.state;
  fresh.origin = end.origin;
  fresh.listening = end.listening;
  fresh.opens_left = end.opens_left;
  fresh.texts_left = end.texts_left;
  fresh.incarnations = end.incarnations;
  fresh.agreed = end.agreed;
  fresh.clock = end.clock;
  end = fresh;
}

void Machine::call(Stimulus call) {
  const State from = self().state;
  ask(call);
  switch (call) {
    case Stimulus::PassiveOpen:
      if (from != State::Closed) return;
      take_open();
      self().origin = Origin::Passive;
      self().listening = true;
      return;
    case Stimulus::ActiveOpen:
      if (from == State::Closed) take_open();
      if (from == State::Closed || from == State::Listen) open_actively();
      return;
    case Stimulus::Send:
      if (from == State::Listen) open_actively();
      if (from == State::Established || from == State::CloseWait) send_text();
      return;
    case Stimulus::Close:
      if (from == State::Listen || from == State::SynSent) {
        self().listening = false;
        delete_tcb();
      } else if (from == State::SynReceived || from == State::Established ||
                 from == State::CloseWait) {
        close();
      }
      return;
    default:  // RECEIVE, STATUS: they never change anything
      return;
  }
}

void Machine::open_actively() {
  self().listening = false;
  begin_incarnation(Origin::Active);
  send({.syn = true, .sequence = self().iss});
}

void Machine::send_text() {
  End& end = self();
  if (end.texts_left == 0) return;
  --end.texts_left;
  send({.ack = true, .text = true, .sequence = end.nxt, .acknowledgment = end.rcv});
  end.nxt = next(end.nxt);
}

void Machine::close() {
  End& end = self();
  end.listening = false;
  end.fin_sent = true;
  end.closed_first = !end.fin_received;
  send({.ack = true, .fin = true, .sequence = end.nxt, .acknowledgment = end.rcv});
  end.nxt = next(end.nxt);
}

void Machine::abort() {
  using enum State;
  constexpr model::StateSet kTold{SynReceived, Established, FinWait1, FinWait2, CloseWait};
  const State from = self().state;
  ask(Stimulus::Abort);
  if (kTold.contains(from)) send({.rst = true, .sequence = self().nxt});
  self().listening = false;
  delete_tcb();
}

void Machine::hardship(Stimulus stimulus) {
  if (stimulus == Stimulus::Abort) return abort();
  using enum State;
  const State from = self().state;
  const bool has_connection = from != Closed && from != Listen;
  const bool synchronized = has_connection && from != SynSent && from != SynReceived;
  ask(stimulus);
  switch (stimulus) {
    case Stimulus::SecurityMismatch:
      if (!synchronized) return;
      send({.rst = true, .sequence = self().nxt});
      break;
    case Stimulus::UserTimeout:
    case Stimulus::IcmpHardError:
      if (!has_connection || from == TimeWait) return;
      break;
    default:
      return;
  }
  self().listening = false;
  delete_tcb();
}

void Machine::time_wait_is_over() {
  const bool was_waiting = self().state == State::TimeWait;
  ask(Stimulus::TimeWaitTimeout);
  if (was_waiting) delete_tcb();
}

// The oldest thing that is not acknowledged is sent again.
void Machine::retransmission() {
  End& end = self();
  ask(Stimulus::RetransmissionTimeout);
  end.retransmission_due = false;
  if (!end.has_tcb() || !end.has_outstanding()) return;
  Segment segment{.sequence = end.una};
  if (end.una == end.iss) {
    segment.syn = true;
    segment.ack = end.syn_received;
  } else {
    segment.ack = true;
    segment.fin = end.fin_sent && next(end.una) == end.nxt;
    segment.text = !segment.fin;
  }
  segment.acknowledgment = end.rcv;
  send(segment);
}

void Machine::arrival(const Segment& segment) {
  switch (self().state) {
    case State::Closed:
      return arrival_without_tcb(segment);
    case State::Listen:
      return arrival_in_listen(segment);
    case State::SynSent:
      return arrival_in_syn_sent(segment);
    case State::SynReceived:
    case State::Established:
    case State::FinWait1:
    case State::FinWait2:
    case State::CloseWait:
    case State::Closing:
    case State::LastAck:
    case State::TimeWait:
      return arrival_in_other_states(segment);
  }
}

}  // namespace tcptwin::lab
