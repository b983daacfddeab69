// SPDX-License-Identifier: MIT
// What one end does with an event: the checks of RFC 9293 3.10 that turn it into a stimulus, and
// the actions that follow it. The next state is the table's alone; nothing here chooses one.
#pragma once

#include "lab/bounds.h"
#include "lab/rules.h"
#include "lab/step.h"
#include "lab/world.h"

namespace tcptwin::lab {

class Machine {
 public:
  // Works on ends[end] of `world` and writes down in `step` what it asked and sent.
  Machine(const Rules& rules, const Bounds& bounds, World& world, std::uint8_t end, Step& step,
          Questions& asked)
      : rules_(rules), bounds_(bounds), world_(world), end_(end), step_(step), asked_(asked) {}

  void call(Stimulus call);
  void arrival(const Segment& segment);
  void retransmission();
  void time_wait_is_over();
  void hardship(Stimulus stimulus);

 private:
  End& self() { return world_.ends[end_]; }

  // Asks the table and takes the state that it answers.
  void ask(Stimulus stimulus);
  void start_time_wait();
  void send(Segment segment);
  void send_ack();
  void send_syn_ack();
  void answer_with_reset(const Segment& segment);

  void take_open();
  void begin_incarnation(Origin origin);
  void accept_syn(const Segment& syn);
  void delete_tcb();

  void open_actively();
  void send_text();
  void close();
  void abort();

  void arrival_without_tcb(const Segment& segment);
  void arrival_in_listen(const Segment& segment);
  void arrival_in_syn_sent(const Segment& segment);
  void arrival_in_other_states(const Segment& segment);
  bool is_in_window(const Segment& segment);
  void unacceptable(const Segment& segment);
  void repeated_fin();
  void reset(const Segment& segment);
  void syn_in_other_states(const Segment& segment);
  bool take_acknowledgment(const Segment& segment);  // true if it acknowledges our FIN anew
  void text_and_fin(const Segment& segment, bool acknowledges_fin);
  void text(const Segment& segment);
  void fin(const Segment& segment);
  void note_accepted(const Segment& segment);

  const Rules& rules_;
  const Bounds& bounds_;
  World& world_;
  std::uint8_t end_;
  Step& step_;
  Questions& asked_;
};

}  // namespace tcptwin::lab
