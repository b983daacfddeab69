// SPDX-License-Identifier: MIT
#include "sinks/exchange_ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sinks/life_text.h"
#include "sinks/segment_runs.h"
#include "sinks/segment_story.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

using tracker::Direction;
using Place = LadderNote::Place;

std::string flags_of(const tracker::Segment& segment) {
  std::string text;
  const auto add = [&](bool is_set, std::string_view word) {
    if (is_set) text += (text.empty() ? "" : " ") + std::string{word};
  };
  add(segment.syn, "SYN");
  add(segment.fin, "FIN");
  add(segment.rst, "RST");
  add(segment.urg, "URG");
  add(segment.ack, "ACK");
  return text.empty() ? "no flags" : text;
}

std::string number_of(SequenceNumber number, const std::optional<std::uint32_t>& relative) {
  return relative ? std::to_string(*relative) : fmt::format("={}", number.value());
}

std::string numbers_of(const ExchangeSegment& seen) {
  const tracker::Segment& segment = seen.segment;
  std::string text = "seq " + number_of(segment.sequence, seen.relative_sequence);
  if (segment.ack) {
    text += " ack " + number_of(segment.acknowledgement, seen.relative_acknowledgement);
  }
  return text;
}

// Data that flows says so; whatever else it may carry is there by its flags.
std::string label_of(const tracker::Segment& segment) {
  const bool is_data = segment.reason == tracker::SegmentReason::Data;
  return is_data && segment.ack && !segment.urg ? "data" : flags_of(segment);
}

// "1:52105": the first number, and the one behind the last.
std::string stretch_of(const ExchangeSegment& first, const ExchangeSegment& last) {
  std::optional<std::uint32_t> end = last.relative_sequence;
  if (end) *end += last.segment.payload;
  return number_of(first.segment.sequence, first.relative_sequence) + ":" +
         number_of(last.segment.end(), end);
}

// What the ends agree upon with their SYNs, and what is rare elsewhere.
std::string options_of(const tracker::Segment& segment) {
  const tracker::SegmentOptions& options = segment.options;
  std::string text;
  const auto add = [&](bool is_set, std::string_view word) {
    if (is_set) text += (text.empty() ? "" : " ") + std::string{word};
  };
  if (options.mss) add(true, fmt::format("mss {}", *options.mss));
  if (options.window_scale) add(true, fmt::format("wscale {}", *options.window_scale));
  add(options.sack_permitted, "sack_ok");
  add(segment.syn && options.timestamps, "ts");
  add(options.sack_length > 0, options.sack_length == 1 ? "1 sack block" : "sack blocks");
  add(options.fast_open, "fast_open");
  add(options.mptcp && segment.syn, "mptcp");
  add(options.authenticated, "authenticated");
  add(options.malformed, "malformed_options");
  return text;
}

std::string note_of(const ExchangeStep& step) {
  std::string text{model::label(step.cause)};
  switch (step.verdict) {
    case model::Verdict::Conformant:
      return text;
    case model::Verdict::Deviation:
      return fmt::format("{} ({})", text, step.rule);
    case model::Verdict::Divergence:
    case model::Verdict::Unverified:
    case model::Verdict::Gap:
      break;
  }
  return fmt::format("{} ({})", text, model::label(step.verdict));
}

class Drawer {
 public:
  explicit Drawer(const Exchange& exchange)
      : exchange_(exchange),
        stories_(segment_stories(exchange)),
        folding_(folded(exchange, stories_)) {
    for (const SegmentRun& run : folding_.runs) runs_[run.segments.front()] = &run;
  }

  Ladder draw() {
    ladder_.repeats_states = false;
    for (std::size_t end = 0; end < 2; ++end) {
      ladder_.titles[end] = title_of(exchange_.ends[end]);
      ladder_.unseen[end] = !exchange_.ends[end].was_seen;
      states_[end] = first_state(end);
    }
    if (!exchange_.events.empty()) began_ = last_ = exchange_.events.front().time;
    for (std::size_t i = 0; i < exchange_.events.size(); ++i) append(i);
    append_footnotes();
    return std::move(ladder_);
  }

 private:
  static std::string title_of(const ExchangeEnd& end) {
    const std::string name = endpoint_text(end.endpoint);
    return end.owner.is_known() ? name + " " + owner_text(end.owner) : name;
  }

  std::string first_state(std::size_t end) const {
    for (const ExchangeEvent& event : exchange_.events) {
      if (event.end != end) continue;
      if (const auto* step = std::get_if<ExchangeStep>(&event.what)) {
        return std::string{name(step->from)};
      }
      if (const auto* seen = std::get_if<ExchangeSegment>(&event.what); seen && seen->state) {
        return std::string{name(*seen->state)};
      }
    }
    return exchange_.ends[end].was_seen && !exchange_.ends[end].connection ? "CLOSE" : "";
  }

  std::string time_text(KernelTime time) const {
    return fmt::format("{:.3f}", static_cast<double>((time - began_).count()) / 1e6);
  }

  LadderRung rung() const {
    LadderRung rung;
    rung.states = states_;
    return rung;
  }

  void append_pause(KernelTime time) {
    const Duration silence = time - last_;
    last_ = std::max(last_, time);
    if (silence < kPause) return;
    LadderRung pause = rung();
    pause.time_passes = true;
    pause.note = {Place::Middle, span_text(silence) + " later", false};
    ladder_.rungs.push_back(std::move(pause));
  }

  void append(std::size_t place) {
    const ExchangeEvent& event = exchange_.events[place];
    if (const auto run = runs_.find(place); run != runs_.end()) append_run(*run->second);
    if (folding_.is_folded[place]) return;
    if (const auto* seen = std::get_if<ExchangeSegment>(&event.what)) {
      append_segment(place, *seen);
      return;
    }
    append_pause(event.time);
    LadderRung next = rung();
    next.times[event.end] = time_text(event.time);
    next.note.place = event.end == 0 ? Place::AtLeft : Place::AtRight;
    if (const auto* step = std::get_if<ExchangeStep>(&event.what)) {
      next.note.text = note_of(*step);
      next.note.is_wrong = step->verdict == model::Verdict::Divergence;
      states_[event.end] = name(step->to);
      next.states = states_;
      next.changed[event.end] = true;
    } else if (const auto* divergence = std::get_if<ExchangeDivergence>(&event.what)) {
      next.note.text = fmt::format("divergence: {}", model::label(divergence->kind));
      next.note.is_wrong = true;
    } else {
      const auto& omission = std::get<ExchangeOmission>(event.what);
      next.times = {};
      next.time_passes = true;
      next.note.text = fmt::format("... {} segments and {} steps left out",
                                   grouped(omission.segments), grouped(omission.steps));
      if (omission.is_traffic) {
        next.note.text = fmt::format("... {} segments of data and pure ACKs left out",
                                     grouped(omission.segments));
      }
    }
    ladder_.rungs.push_back(std::move(next));
  }

  const ExchangeSegment& segment(std::size_t place) const {
    return std::get<ExchangeSegment>(exchange_.events[place].what);
  }

  // At the sender when it begins, at the receiver when all of it is there.
  void append_run(const SegmentRun& run) {
    const ExchangeSegment& first = segment(run.segments.front());
    const ExchangeSegment& last = segment(run.segments.back());
    const ExchangeEvent& begin = exchange_.events[run.segments.front()];
    const bool is_sent = first.segment.direction == Direction::Sent;
    const std::size_t sender = is_sent ? begin.end : 1 - begin.end;
    const bool has_arrived = stories_[run.segments.front()].fate == Fate::Arrived;
    append_pause(begin.time);
    LadderRung next = rung();
    next.times[begin.end] = time_text(begin.time);
    if (has_arrived) next.times[1 - begin.end] = time_text(run.until);
    last_ = std::max(last_, run.until);
    LadderArrow arrow;
    arrow.to_the_right = sender == 0;
    const bool is_here = exchange_.ends[1 - sender].was_seen;
    arrow.course = is_sent && !has_arrived && is_here ? Course::Leaves : Course::Arrives;
    if (run.bytes > 0) {
      arrow.label = fmt::format("{} data segments,", grouped(run.segments.size()));
      arrow.details = {grouped(run.bytes) + " bytes,", stretch_of(first, last)};
      if (run.acks_between > 0) {
        arrow.details.push_back(fmt::format("({} ACK{} meanwhile)", grouped(run.acks_between),
                                            run.acks_between == 1 ? "" : "s"));
      }
    } else {
      const bool is_same = first.segment.acknowledgement == last.segment.acknowledgement;
      arrow.label = fmt::format("{} ACKs", grouped(run.segments.size()));
      arrow.details = {(is_same ? "ack " : "up to ack ") +
                       number_of(last.segment.acknowledgement, last.relative_acknowledgement)};
      if (last.segment.options.sack_length > 0) arrow.details.push_back(options_of(last.segment));
    }
    next.arrow = std::move(arrow);
    ladder_.rungs.push_back(std::move(next));
  }

  // Of what arrives in pieces the first one decides.
  bool is_drawn_where_sent(std::size_t arrival) const {
    const std::size_t sent = stories_[arrival].counterpart;
    return folding_.is_folded[sent] ||
           !is_crossed(exchange_, sent, std::min(arrival, stories_[sent].counterpart));
  }

  void append_segment(std::size_t place, const ExchangeSegment& seen) {
    const ExchangeEvent& event = exchange_.events[place];
    const SegmentStory& story = stories_[place];
    const bool is_sent = seen.segment.direction == Direction::Sent;
    const std::size_t sender = is_sent ? event.end : 1 - event.end;
    const bool is_arrival = story.fate == Fate::IsArrival;
    if (is_arrival && is_drawn_where_sent(place)) {
      last_ = std::max(last_, event.time);
      return;
    }
    append_pause(event.time);
    LadderRung next = rung();
    next.times[event.end] = time_text(event.time);
    LadderArrow arrow;
    arrow.to_the_right = sender == 0;
    arrow.course = Course::Arrives;
    if (is_arrival || story.fate == Fate::Unsent) arrow.course = Course::ArrivesLate;
    if (story.fate == Fate::Lost) arrow.course = Course::IsLost;
    if (story.fate == Fate::Unknown && is_sent && exchange_.ends[1 - sender].was_seen) {
      arrow.course = Course::Leaves;
    }
    if (story.fate == Fate::Arrived) {
      if (is_crossed(exchange_, place, story.counterpart)) {
        arrow.course = Course::Leaves;
      } else {
        next.times[1 - event.end] = time_text(exchange_.events[story.counterpart].time);
      }
    }
    if (story.unseen_answered > 0) append_unseen(story.unseen_answered, sender != 0);
    if (story.unseen_before > 0) append_unseen(story.unseen_before, sender == 0);
    describe(arrow, seen, story);
    if (story.fate == Fate::Unsent) has_unsent_ = true;
    next.arrow = std::move(arrow);
    ladder_.rungs.push_back(std::move(next));
  }

  static void describe(LadderArrow& arrow, const ExchangeSegment& seen, const SegmentStory& story) {
    const bool is_lost = story.fate == Fate::Lost;
    const bool is_sent = seen.segment.direction == Direction::Sent;
    arrow.label = label_of(seen.segment);
    arrow.details.push_back(numbers_of(seen));
    if (seen.segment.payload > 0)
      arrow.details.push_back(fmt::format("len {}", seen.segment.payload));
    if (seen.segment.ack && !seen.segment.syn && !seen.segment.rst && seen.segment.window == 0)
      arrow.details.push_back("window 0");
    if (is_lost) arrow.details.push_back("(lost)");
    if (story.is_repeated && story.fate != Fate::IsArrival) {
      arrow.details.push_back(is_sent ? "(sent again)" : "(came again)");
    }
    arrow.is_remarkable = is_lost || story.is_repeated;
    if (const std::string options = options_of(seen.segment); !options.empty()) {
      arrow.details.push_back(options);
    }
  }

  void append_unseen(std::uint32_t bytes, bool to_the_right) {
    LadderRung told = rung();
    told.arrow = LadderArrow{to_the_right,
                             Course::IsInferred,
                             fmt::format("{} bytes of data", grouped(bytes)),
                             {},
                             false};
    if (bytes == 1) told.arrow->label = "1 byte of data";
    ladder_.rungs.push_back(std::move(told));
    has_inferred_ = true;
  }

  void append_footnotes() {
    const auto add = [&](std::string sentence) {
      ladder_.footnotes.push_back(std::move(sentence));
    };
    if (!exchange_.has_segments) {
      add("No segments were recorded: there are steps, but no arrows.");
    }
    if (has_inferred_) {
      add("Dashed from end to end: data of which the numbers of other segments tell. Its segments "
          "were not recorded.");
    }
    for (std::size_t end = 0; end < 2; ++end) {
      if (exchange_.ends[end].was_seen) continue;
      add(
          fmt::format("The {} end was not seen, since it is on another host or filtered out: "
                      "whether anything arrived there is not known.",
                      end == 0 ? "left" : "right"));
    }
    if (has_unsent_) {
      add("Dashed at its beginning: nobody was seen sending it in the name of this connection.");
    }
    if (exchange_.lost > 0) {
      add(fmt::format("{} events of this host were lost meanwhile: something may be missing here.",
                      grouped(exchange_.lost)));
    }
  }

  const Exchange& exchange_;
  const std::vector<SegmentStory> stories_;
  const Folding folding_;
  std::map<std::size_t, const SegmentRun*> runs_;  // by the event where they are drawn
  std::array<std::string, 2> states_;
  KernelTime began_;
  KernelTime last_;
  bool has_inferred_ = false;
  bool has_unsent_ = false;
  Ladder ladder_;
};

// How both ends saw it end; the left one first.
std::string ending_of(const Exchange& exchange) {
  const auto& left = exchange.ends[0].life;
  const auto& right = exchange.ends[1].life;
  if (left && right) return ending_text({*left, *right});
  if (left) return ending_text({*left, std::nullopt});
  if (right) return ending_text({*right, std::nullopt});
  const bool has_end = exchange.ends[0].connection || exchange.ends[1].connection;
  return has_end ? "still open" : "no connection";
}

}  // namespace

std::string heading_of(const Exchange& exchange, const ClockMapping& clock) {
  std::string text;
  if (!exchange.events.empty()) {
    text += clock_time(clock, exchange.events.front().time).view();
    text += ": ";
  }
  text += ending_of(exchange);
  for (const ExchangeEnd& end : exchange.ends) {
    if (!end.life) continue;
    const auto& [span, at_least] = std::pair{end.life->duration, end.life->duration_at_least};
    if (span || at_least) text += ", after " + span_text(span, at_least);
    break;
  }
  return text;
}

Ladder ladder_of(const Exchange& exchange) {
  return Drawer{exchange}.draw();
}

}  // namespace tcptwin::sinks
