// SPDX-License-Identifier: MIT
#include "commands/lab_story.h"

#include <fmt/format.h>

#include <vector>

namespace tcptwin::commands {
namespace {

using lab::Move;
using lab::Segment;
using lab::Step;
using sinks::Course;

// The RFC's figures begin at 100 on the left and at 300 on the right; the lab at 1.
constexpr std::array<unsigned, 2> kFirstNumbers = {99, 299};

std::string flags_of(const Segment& segment) {
  std::string flags;
  const auto add = [&](bool given, std::string_view flag) {
    if (!given) return;
    if (!flags.empty()) flags += ',';
    flags += flag;
  };
  add(segment.syn, "SYN");
  add(segment.fin, "FIN");
  add(segment.rst, "RST");
  add(segment.ack, "ACK");
  return flags;
}

// As a sentence calls it.
std::string_view word_for(const Segment& segment) {
  if (segment.rst) return "RST";
  if (segment.syn) return segment.ack ? "SYN+ACK" : "SYN";
  if (segment.fin) return "FIN";
  return segment.text ? "text" : "ACK";
}

bool is_same(Segment one, Segment other) {
  one.age = other.age;
  return one == other;
}

class Story {
 public:
  Story(const lab::Counterexample& found, const lab::Bounds& bounds, const model::Table& table)
      : found_(found), table_(table), fates_(found.steps.size()) {
    if (bounds.scripts[0].connects && !bounds.scripts[1].connects) {
      names_ = {"client", "server"};
    } else {
      names_ = {"left end", "right end"};
    }
  }

  sinks::Ladder tell() {
    ladder_.titles = names_;
    for (now_ = 0; now_ < found_.steps.size(); ++now_) {
      const Step& step = found_.steps[now_];
      if (step.move == Move::Loss) continue;  // shown where the segment was sent
      if (step.move == Move::Tick) {
        tell_time();
      } else if (step.move == Move::Arrival) {
        tell_arrival(step);
      } else {
        tell_other(step);
      }
    }
    return std::move(ladder_);
  }

 private:
  // What becomes of the `which`th segment that the current step sends.
  struct Fate {
    Course course = Course::Leaves;
    bool is_next = false;  // arrives with the next step: drawn there
    std::size_t step = 0;
  };

  Fate fate_of(const Segment& segment, std::uint8_t towards) {
    for (std::size_t i = now_ + 1; i < found_.steps.size(); ++i) {
      const Step& later = found_.steps[i];
      const bool is_it = (later.move == Move::Arrival || later.move == Move::Loss) &&
                         later.end == towards && is_same(later.segment, segment) && !fates_[i];
      if (!is_it) continue;
      if (!later.copy_remains) fates_[i] = true;
      if (later.move == Move::Loss) return {Course::IsLost, false, i};
      return {i == now_ + 1 ? Course::Arrives : Course::Leaves, i == now_ + 1, i};
    }
    return {};
  }

  std::string label_of(const Segment& segment, std::size_t sender) const {
    std::string label =
        fmt::format("{} SEQ={}", flags_of(segment), kFirstNumbers[sender] + segment.sequence);
    if (segment.rst && segment.sequence == 0) label = flags_of(segment) + " SEQ=0";
    if (segment.ack) {
      label += fmt::format(" ACK={}", kFirstNumbers[1 - sender] + segment.acknowledgment);
    }
    return segment.text ? label + " TEXT" : label;
  }

  sinks::LadderRung rung(std::string sentence) const {
    sinks::LadderRung rung;
    rung.sentence = std::move(sentence);
    for (std::size_t end = 0; end < 2; ++end) {
      const model::State before = found_.worlds[now_].ends[end].state;
      const model::State after = found_.worlds[now_ + 1].ends[end].state;
      rung.states[end] = model::rfc_name(after);
      rung.changed[end] = before != after;
    }
    return rung;
  }

  // Arrows for what the step sent, unless it is the next rung's; the first goes onto `first`.
  void add_sent(const Step& step, sinks::LadderRung* first) {
    for (std::size_t i = 0; i < step.sent_count; ++i) {
      const auto towards = static_cast<std::uint8_t>(1 - step.end);
      const bool has_no_room = i + step.sent_lost >= step.sent_count;
      const Fate fate =
          has_no_room ? Fate{Course::IsLost, false, 0} : fate_of(step.sent[i], towards);
      if (fate.is_next) continue;
      sinks::LadderArrow arrow{step.end == 0, fate.course, label_of(step.sent[i], step.end)};
      if (first != nullptr && !first->arrow) {
        first->arrow = std::move(arrow);
        continue;
      }
      sinks::LadderRung extra = rung("");
      extra.changed = {};
      extra.arrow = std::move(arrow);
      ladder_.rungs.push_back(std::move(extra));
    }
  }

  void tell_time() {
    std::size_t ticks = 1;
    while (now_ + 1 < found_.steps.size() && found_.steps[now_ + 1].move == Move::Tick) {
      ++ticks;
      ++now_;
    }
    std::string text = "Half an MSL passes.";
    if (ticks >= lab::kMslTicks) text = fmt::format("{} MSL pass.", ticks / lab::kMslTicks);
    if (ticks == lab::kMslTicks) text = "One MSL passes.";
    sinks::LadderRung pause = rung(std::move(text));
    pause.time_passes = true;
    ladder_.rungs.push_back(std::move(pause));
  }

  // The reasons of the rows that answered, in turn.
  std::string reasons_of(const Step& step) const {
    const lab::End& end = found_.worlds[now_].ends[step.end];
    model::State state = end.state;
    std::string reasons;
    for (std::size_t i = 0; i < step.stimulus_count; ++i) {
      const auto prediction = model::predict(table_, state, step.stimuli[i], end.origin);
      if (!prediction) continue;
      if (!reasons.empty()) reasons += "; ";
      reasons += prediction->reason;
      state = prediction->to;
    }
    return reasons;
  }

  void tell_arrival(const Step& step) {
    const lab::World& before = found_.worlds[now_];
    const std::size_t sender = 1u - step.end;
    const auto incarnation = before.ends[sender].incarnations;
    const bool is_old = step.segment.incarnation != 0 && step.segment.incarnation < incarnation;
    const bool is_late = !has_just_left(step);
    const std::string_view kind = is_old ? "old " : (is_late ? "late " : "");
    sinks::LadderRung next =
        rung(fmt::format("The {}{} reaches the {}: {}.", kind, word_for(step.segment),
                         names_[step.end], reasons_of(step)));
    if (step.copy_remains) next.sentence += " The network keeps a copy of it.";
    next.arrow = sinks::LadderArrow{step.end == 1, is_late ? Course::ArrivesLate : Course::Arrives,
                                    label_of(step.segment, sender)};
    ladder_.rungs.push_back(std::move(next));
    add_sent(step, nullptr);
  }

  bool has_just_left(const Step& step) const {
    if (now_ == 0) return false;
    const Step& before = found_.steps[now_ - 1];
    for (std::size_t i = 0; i < before.sent_count; ++i) {
      if (before.end != step.end && is_same(before.sent[i], step.segment)) return true;
    }
    return false;
  }

  void tell_other(const Step& step) {
    sinks::LadderRung next = rung(sentence_for(step));
    add_sent(step, &next);
    if (next.arrow && next.arrow->course == Course::IsLost) {
      next.sentence += fmt::format(" The {} is lost.", word_for(step.sent[0]));
    }
    ladder_.rungs.push_back(std::move(next));
  }

  std::string sentence_for(const Step& step) const {
    const std::string& name = names_[step.end];
    if (step.move == Move::Resend) {
      return fmt::format("No ACK has come: the {} sends its {} again.", name,
                         step.sent_count > 0 ? word_for(step.sent[0]) : "segment");
    }
    if (step.move == Move::TimeOver) {
      return fmt::format("The {}'s time in TIME-WAIT is over: it forgets the connection.", name);
    }
    const bool opens_again = found_.worlds[now_].ends[step.end].incarnations > 0;
    switch (step.stimuli[0]) {
      case model::Stimulus::PassiveOpen:
        return fmt::format("The {} listens{}.", name, opens_again ? " again" : "");
      case model::Stimulus::ActiveOpen:
        return fmt::format("The {} opens a{} connection: it sends a SYN.", name,
                           opens_again ? " new" : "");
      case model::Stimulus::Send:
        return fmt::format("The {} sends text.", name);
      case model::Stimulus::Close:
        return fmt::format("The {} closes: {}.", name, reasons_of(step));
      default:
        return fmt::format("The {}: {}, {}.", name, model::name(step.stimuli[0]), reasons_of(step));
    }
  }

  const lab::Counterexample& found_;
  const model::Table& table_;
  std::vector<bool> fates_;  // arrivals that belong to a segment already
  std::array<std::string, 2> names_;
  std::size_t now_ = 0;
  sinks::Ladder ladder_;
};

}  // namespace

sinks::Ladder ladder_of(const lab::Counterexample& counterexample, const lab::Bounds& bounds,
                        const model::Table& table) {
  return Story{counterexample, bounds, table}.tell();
}

}  // namespace tcptwin::commands
