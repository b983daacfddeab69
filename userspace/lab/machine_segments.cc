// SPDX-License-Identifier: MIT
// SEGMENT ARRIVES, RFC 9293 3.10.7: which stimulus a segment is to the end that it reaches.
#include "lab/machine.h"

namespace tcptwin::lab {
namespace {

using enum State;

constexpr Number next(Number number) {
  return static_cast<Number>(number + 1);
}

Stimulus by_its_looks(const Segment& segment) {
  if (segment.rst) return Stimulus::Rst;
  if (segment.syn) return segment.ack ? Stimulus::SynAck : Stimulus::Syn;
  if (segment.fin) return Stimulus::Fin;
  return segment.text ? Stimulus::Text : Stimulus::Ack;
}

constexpr model::StateSet kAfterPeersFin{CloseWait, Closing, LastAck, TimeWait};

}  // namespace

// 3.10.7.1
void Machine::arrival_without_tcb(const Segment& segment) {
  ask(by_its_looks(segment));
  answer_with_reset(segment);
}

// 3.10.7.2
void Machine::arrival_in_listen(const Segment& segment) {
  ask(by_its_looks(segment));
  if (segment.rst) return;
  if (segment.ack || !segment.syn) return answer_with_reset(segment);
  begin_incarnation(Origin::Passive);
  accept_syn(segment);
  send_syn_ack();
}

// 3.10.7.3
void Machine::arrival_in_syn_sent(const Segment& segment) {
  End& end = self();
  const bool acknowledges_syn = segment.ack && segment.acknowledgment == end.nxt;
  if (segment.ack && !acknowledges_syn) {
    ask(Stimulus::UnacceptableAck);
    return answer_with_reset(segment);
  }
  if (segment.rst) {
    ask(acknowledges_syn ? Stimulus::Rst : Stimulus::UnacceptableSegment);
    if (acknowledges_syn) delete_tcb();
    return;
  }
  ask(by_its_looks(segment));
  if (!segment.syn || end.state == SynSent) return;  // a variant may pass over a SYN
  accept_syn(segment);
  if (!segment.ack) return send_syn_ack();
  end.una = segment.acknowledgment;
  send_ack();
}

// 3.10.7.4, first: the sequence number.
bool Machine::is_in_window(const Segment& segment) {
  const unsigned first = self().rcv;
  const unsigned last = first + bounds_.window - 1u;
  const auto lies_inside = [&](unsigned number) { return number >= first && number <= last; };
  if (lies_inside(segment.sequence)) return true;
  return segment.length() > 0 && lies_inside(segment.sequence + segment.length() - 1u);
}

void Machine::unacceptable(const Segment& segment) {
  ask(Stimulus::UnacceptableSegment);
  if (!segment.rst) send_ack();
}

// "TIME-WAIT STATE: the only thing that can arrive in this state is a retransmission of the remote
// FIN. Acknowledge it, and restart the 2 MSL timeout."
void Machine::repeated_fin() {
  const bool outstanding = self().fin_sent && !self().fin_acknowledged();
  ask(outstanding ? Stimulus::FinBeforeAckOfFin : Stimulus::Fin);
  if (self().state == TimeWait) start_time_wait();
  send_ack();
}

// Second: the RST bit, with RFC 5961's exactness.
void Machine::reset(const Segment& segment) {
  if (segment.sequence != self().rcv) {
    ask(Stimulus::InexactRst);
    return send_ack();
  }
  const bool ignored = self().state == TimeWait && !bounds_.heeds_rst_in_time_wait;
  const bool breaks_off = self().state != TimeWait && self().state != SynReceived;
  ask(Stimulus::Rst);
  if (ignored) return;
  if (breaks_off) step_.violated.add(Property::OrderlyClose);
  delete_tcb();
}

// Fourth: the SYN bit.
void Machine::syn_in_other_states(const Segment& segment) {
  End& end = self();
  const bool crosses = end.state == SynReceived && segment.ack &&
                       next(segment.sequence) == end.rcv && segment.acknowledgment == end.nxt;
  if (crosses) {  // figure 7
    ask(Stimulus::SynAck);
    end.una = segment.acknowledgment;
    end.listening = false;
    return;
  }
  if (end.state == SynReceived) {
    const bool starts_over = end.origin == Origin::Passive && !segment.ack;
    const bool is_challenged = end.origin == Origin::Active && !segment.ack;  // RFC 5961 4.2
    if (!is_challenged && !is_in_window(segment)) return unacceptable(segment);
    if (segment.ack) {
      ask(Stimulus::UnacceptableAck);
      return answer_with_reset(segment);
    }
    ask(Stimulus::Syn);
    if (!starts_over) return send_ack();
    return delete_tcb();
  }
  const bool may_reopen =
      end.state == TimeWait && !segment.ack && segment.sequence > end.rcv && end.opens_left > 0;
  if (may_reopen) {  // MAY-2
    ask(Stimulus::SynOfNewIncarnation);
    delete_tcb();
    take_open();
    end.listening = true;
    begin_incarnation(Origin::Passive);
    accept_syn(segment);
    return send_syn_ack();
  }
  ask(segment.ack ? Stimulus::SynAck : Stimulus::Syn);
  send_ack();  // RFC 5961: a challenge
}

void Machine::arrival_in_other_states(const Segment& segment) {
  End& end = self();
  if (segment.syn && !segment.rst) return syn_in_other_states(segment);
  const bool repeats_fin = segment.fin && kAfterPeersFin.contains(end.state) &&
                           segment.sequence + segment.length() == end.rcv;
  if (repeats_fin) return repeated_fin();
  if (!is_in_window(segment)) return unacceptable(segment);
  if (segment.rst) return reset(segment);
  // Fifth: the ACK field. Every segment has one from here on.
  const bool acceptable = segment.acknowledgment <= end.nxt &&
                          (end.state != SynReceived || segment.acknowledgment > end.una);
  if (!acceptable) {
    const bool synchronized = end.state != SynReceived;
    ask(Stimulus::UnacceptableAck);
    return synchronized ? send_ack() : answer_with_reset(segment);
  }
  const bool acknowledges_fin = take_acknowledgment(segment);
  text_and_fin(segment, acknowledges_fin);
}

bool Machine::take_acknowledgment(const Segment& segment) {
  End& end = self();
  const bool was_acknowledged = end.fin_acknowledged();
  if (segment.acknowledgment > end.una) {
    end.una = segment.acknowledgment;
    if (!end.has_outstanding()) end.retransmission_due = false;
  }
  if (end.state == SynReceived) end.listening = false;
  return end.fin_acknowledged() && !was_acknowledged;
}

// Seventh and eighth: text and FIN. Where figure 5 has one arrow for "ACK and FIN", the table is
// asked once.
void Machine::text_and_fin(const Segment& segment, bool acknowledges_fin) {
  End& end = self();
  const bool in_order = segment.sequence == end.rcv;
  const bool brings_fin = segment.fin && in_order && !kAfterPeersFin.contains(end.state);
  if (brings_fin) return fin(segment);
  const bool was_last_ack = end.fin_received && !end.closed_first && acknowledges_fin;
  const bool brings_text = segment.text && in_order;
  if (!brings_text || acknowledges_fin || end.state == SynReceived) {
    ask(end.fin_acknowledged() ? Stimulus::AckOfFin : Stimulus::Ack);
  }
  if (was_last_ack) return delete_tcb();
  if (step_.violated.contains(Property::Answered)) return;
  if (brings_text) return text(segment);
  if (segment.length() > 0) send_ack();  // out of order: dropped
}

void Machine::text(const Segment& segment) {
  End& end = self();
  const bool is_for_nobody = end.fin_sent && !bounds_.scripts[end_].reads_after_close;
  const bool can_be_read = !kAfterPeersFin.contains(end.state);
  ask(is_for_nobody ? Stimulus::TextAfterClose : Stimulus::Text);
  if (!can_be_read) return;
  if (is_for_nobody) {
    answer_with_reset(segment);
    return delete_tcb();
  }
  note_accepted(segment);
  end.rcv = next(end.rcv);
  if (end.state == Closed) return answer_with_reset(segment);  // a variant may have no such row
  send_ack();
}

void Machine::fin(const Segment& segment) {
  End& end = self();
  const bool outstanding = end.fin_sent && !end.fin_acknowledged();
  end.rcv = static_cast<Number>(end.rcv + segment.length());
  end.fin_received = true;
  note_accepted(segment);
  ask(outstanding ? Stimulus::FinBeforeAckOfFin : Stimulus::Fin);
  send_ack();
}

void Machine::note_accepted(const Segment& segment) {
  if (segment.incarnation != self().peer) step_.violated.add(Property::OldSegment);
}

}  // namespace tcptwin::lab
