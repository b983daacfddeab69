// SPDX-License-Identifier: MIT
#include "lab/moves.h"

#include <utility>

#include "lab/machine.h"
#include "lab/properties.h"

namespace tcptwin::lab {
namespace {

using enum State;

constexpr std::uint8_t kOldest = kMslTicks - 1;

// CLOSED and LISTEN remember nothing of a connection, and only TIME-WAIT has its timer.
void forget_what_is_over(End& end) {
  if (end.state != TimeWait) end.clock = 0;
  if (end.state != Closed && end.state != Listen) return;
  End fresh;
  fresh.state = end.state;
  fresh.origin = end.state == Listen ? end.origin : Origin::Passive;
  fresh.listening = end.listening;
  fresh.opens_left = end.opens_left;
  fresh.texts_left = end.texts_left;
  fresh.incarnations = end.incarnations;
  fresh.agreed = end.agreed;
  end = fresh;
}

unsigned segments_that_die(const World& world) {
  unsigned dying = 0;
  for (const Channel& channel : world.towards) {
    for (const Code code : channel) dying += code != 0 && decode(code).age == kOldest ? 1u : 0u;
  }
  return dying;
}

}  // namespace

const std::vector<Successor>& Moves::from(const World& world) {
  world_ = world;
  found_.clear();
  asked_last_.reset();
  if (what_does_not_wait()) return found_;
  for (std::uint8_t end = 0; end < 2; ++end) {
    calls(end);
    arrivals(end);
    timers(end);
    hardships(end);
  }
  if (bounds_.has_time) tick();
  asked_ |= asked_last_;
  return found_;
}

// Then nothing else happens before.
bool Moves::what_does_not_wait() {
  for (std::uint8_t end = 0; end < 2; ++end) {
    const End& self = world_.ends[end];
    const bool listens = bounds_.scripts[end].listens_at_once && self.state == Closed;
    if (listens && self.opens_left > 0) {
      call(end, Stimulus::PassiveOpen);
      return true;
    }
    if (bounds_.pace == Pace::Prompt && self.retransmission_due) {
      retransmission(end);
      return true;
    }
  }
  return false;
}

void Moves::finish(Successor&& successor) {
  if (successor.step.is_impossible) return;
  if (successor.world == world_ && successor.step.violated.is_empty()) return;
  const PropertySet violated = violated_in(successor.world);
  for (std::size_t i = 0; i < kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    if (violated.contains(property)) successor.step.violated.add(property);
  }
  for (End& end : successor.world.ends) forget_what_is_over(end);
  found_.push_back(std::move(successor));
}

// A call that the RFC answers with an error, or that changes nothing: only the table is asked.
void Moves::idle_call(std::uint8_t end, Stimulus stimulus) {
  const End& self = world_.ends[end];
  const Question question{self.state, stimulus, self.origin};
  const Answer& answer = rules_.answer(question);
  asked_last_.set(index(question));
  if (answer.known && answer.to == self.state) return;
  call(end, stimulus);
}

void Moves::call(std::uint8_t end, Stimulus stimulus) {
  Successor next{world_, {}};
  next.step.move = Move::Call;
  next.step.end = end;
  Machine{rules_, bounds_, next.world, end, next.step, asked_last_}.call(stimulus);
  finish(std::move(next));
}

// A call that the script has no room for is left out; one that is an error is made everywhere.
void Moves::calls(std::uint8_t end) {
  const End& self = world_.ends[end];
  const Script& script = bounds_.scripts[end];
  const State state = self.state;
  idle_call(end, Stimulus::Receive);
  idle_call(end, Stimulus::Status);
  if (state != Closed) {
    idle_call(end, Stimulus::PassiveOpen);
  } else if (script.listens && self.opens_left > 0) {
    call(end, Stimulus::PassiveOpen);
  }
  if (state != Closed && state != Listen) {
    idle_call(end, Stimulus::ActiveOpen);
  } else if (script.connects && (state == Listen || self.opens_left > 0)) {
    call(end, Stimulus::ActiveOpen);
    if (state == Listen) call(end, Stimulus::Send);
  }
  if (state == Established || state == CloseWait) {
    if (self.texts_left > 0) call(end, Stimulus::Send);
    if (script.closes) call(end, Stimulus::Close);
  } else {
    if (state != Listen) idle_call(end, Stimulus::Send);
    const bool is_early = state == SynSent || state == SynReceived;
    if (!is_early && state != Listen) idle_call(end, Stimulus::Close);
    if (state == Listen || (is_early && script.closes_early)) call(end, Stimulus::Close);
  }
  if (state == Closed) idle_call(end, Stimulus::Abort);
}

void Moves::arrivals(std::uint8_t end) {
  const Channel& channel = world_.towards[end];
  for (std::size_t place = 0; place < channel.size() && channel[place] != 0; ++place) {
    Successor next{world_, {}};
    next.step.move = Move::Arrival;
    next.step.end = end;
    next.step.segment = decode(channel[place]);
    if (world_.duplicates_left > 0) {
      Successor copied = next;
      copied.step.copy_remains = true;
      --copied.world.duplicates_left;
      Machine machine{rules_, bounds_, copied.world, end, copied.step, asked_last_};
      machine.arrival(copied.step.segment);
      finish(std::move(copied));
    }
    remove(next.world.towards[end], place);
    Successor lost = next;
    Machine machine{rules_, bounds_, next.world, end, next.step, asked_last_};
    machine.arrival(next.step.segment);
    finish(std::move(next));
    // With time, what is lost simply never comes and dies at MSL.
    if (world_.losses_left == 0 || (bounds_.has_time && bounds_.losses == kUnlimited)) continue;
    lost.step.move = Move::Loss;
    if (world_.losses_left != kUnlimited) --lost.world.losses_left;
    finish(std::move(lost));
  }
}

void Moves::retransmission(std::uint8_t end) {
  Successor next{world_, {}};
  next.step.move = Move::Resend;
  next.step.end = end;
  Machine{rules_, bounds_, next.world, end, next.step, asked_last_}.retransmission();
  finish(std::move(next));
}

void Moves::timers(std::uint8_t end) {
  const End& self = world_.ends[end];
  Successor next{world_, {}};
  next.step.end = end;
  const bool may_resend = bounds_.pace == Pace::Any || self.retransmission_due;
  if (self.has_outstanding() && may_resend) retransmission(end);
  if (self.state != TimeWait || self.clock > 0) return;
  next.step.move = Move::TimeOver;
  Machine machine{rules_, bounds_, next.world, end, next.step, asked_last_};
  machine.time_wait_is_over();
  finish(std::move(next));
}

void Moves::hardships(std::uint8_t end) {
  if (bounds_.hardships == 0) return;
  using S = Stimulus;
  const End& self = world_.ends[end];
  for (const Stimulus stimulus :
       {S::Abort, S::UserTimeout, S::IcmpHardError, S::IcmpSoftError, S::SecurityMismatch}) {
    // A user's patience is no accident: it may end at any time.
    const bool is_patience = stimulus == S::UserTimeout;
    const bool waits = self.has_outstanding() || self.state == FinWait2 || self.state == Listen;
    if (is_patience ? !waits : world_.hardships_left == 0) continue;
    if (stimulus == S::Abort && self.state == Closed) continue;
    Successor next{world_, {}};
    next.step.move = Move::Hardship;
    next.step.end = end;
    Machine{rules_, bounds_, next.world, end, next.step, asked_last_}.hardship(stimulus);
    if (!is_patience && next.world != world_) --next.world.hardships_left;
    finish(std::move(next));
  }
}

bool Moves::may_tick() const {
  return world_.losses_left == kUnlimited || segments_that_die(world_) <= world_.losses_left;
}

// Half an MSL passes: what is on its way grows older and dies at MSL.
void Moves::tick() {
  if (!may_tick()) return;
  Successor next{world_, {}};
  next.step.move = Move::Tick;
  World& world = next.world;
  if (world.losses_left != kUnlimited) {
    world.losses_left = static_cast<std::uint8_t>(world.losses_left - segments_that_die(world));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    End& end = world.ends[i];
    if (end.clock > 0) --end.clock;
    if (bounds_.pace != Pace::Any) end.retransmission_due = end.has_outstanding();
    const Channel before = world.towards[i];
    world.towards[i] = {};
    for (const Code code : before) {
      if (code == 0) continue;
      Segment segment = decode(code);
      if (segment.age == kOldest) continue;
      ++segment.age;
      insert(world.towards[i], encode(segment));
    }
  }
  finish(std::move(next));
}

}  // namespace tcptwin::lab
