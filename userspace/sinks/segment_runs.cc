// SPDX-License-Identifier: MIT
#include "sinks/segment_runs.h"

#include <algorithm>
#include <optional>

namespace tcptwin::sinks {
namespace {

using tracker::Direction;

class Folder {
 public:
  Folder(const Exchange& exchange, const std::vector<SegmentStory>& stories)
      : exchange_(exchange), stories_(stories), group_of_(exchange.events.size()) {
    folding_.is_folded.resize(exchange.events.size());
    note_arrivals();
  }

  Folding fold() {
    for (std::size_t i = 0; i < exchange_.events.size(); ++i) look_at(i);
    close(exchange_.events.size());
    return std::move(folding_);
  }

 private:
  // What flows, until something else is to be drawn.
  struct Group {
    std::size_t acknowledging = 0;  // the end that sends the ACKs; data comes from the other
    std::vector<std::size_t> data;
    std::vector<std::size_t> acks;
    std::vector<std::size_t> arrivals;
    std::optional<SequenceNumber> next;  // behind the data
    Fate fate = Fate::Unknown;
    KernelTime latest;
    bool is_empty() const { return data.empty() && acks.empty(); }
  };

  // What was cut on its way has arrived with its last piece, what was joined with the whole.
  void note_arrivals() {
    for (std::size_t i = 0; i < stories_.size(); ++i) arrival_of_.push_back(i);
    for (std::size_t i = 0; i < stories_.size(); ++i) {
      const std::size_t other = stories_[i].counterpart;
      if (stories_[i].fate == Fate::Arrived) arrival_of_[i] = std::max(arrival_of_[i], other);
      if (stories_[i].fate == Fate::IsArrival) arrival_of_[other] = std::max(arrival_of_[other], i);
    }
  }

  const ExchangeSegment* segment(std::size_t event) const {
    return std::get_if<ExchangeSegment>(&exchange_.events[event].what);
  }

  std::size_t sender(std::size_t event) const {
    const std::size_t end = exchange_.events[event].end;
    return segment(event)->segment.direction == Direction::Sent ? end : 1 - end;
  }

  // Nothing about it that a line of its own would have to tell.
  bool is_plain(std::size_t event) const {
    const tracker::Segment& seen = segment(event)->segment;
    const SegmentStory& story = stories_[event];
    const bool is_news = story.is_repeated || story.unseen_before > 0 || story.unseen_answered > 0;
    const bool has_come = story.fate == Fate::Arrived || story.fate == Fate::Unknown;
    const bool is_usual = seen.ack && !seen.urg && seen.window > 0 && !seen.options.malformed;
    return seen.is_traffic() && is_usual && has_come && !is_news;
  }

  void look_at(std::size_t event) {
    if (segment(event) == nullptr) return close(event);
    if (stories_[event].fate == Fate::IsArrival) return look_at_arrival(event);
    if (!is_plain(event)) return close(event);
    const bool is_data = segment(event)->segment.payload > 0;
    const std::size_t acknowledging = is_data ? 1 - sender(event) : sender(event);
    if (!continues(event, acknowledging, is_data)) close(event);
    if (group_.is_empty()) {
      group_.acknowledging = acknowledging;
      group_.fate = stories_[event].fate;
    }
    (is_data ? group_.data : group_.acks).push_back(event);
    if (is_data) group_.next = segment(event)->segment.end();
    note_time(event);
    group_of_[event] = groups_;
  }

  // Drawn where it was sent, or else it comes late and is to be drawn here.
  void look_at_arrival(std::size_t event) {
    const std::size_t sent = stories_[event].counterpart;
    if (folding_.is_folded[sent]) {
      folding_.is_folded[event] = true;  // a later piece of it
    } else if (group_of_[sent] == groups_) {
      group_.arrivals.push_back(event);
      note_time(event);
    } else if (is_crossed(exchange_, sent, event)) {
      close(event);
    }
  }

  bool continues(std::size_t event, std::size_t acknowledging, bool is_data) const {
    if (group_.is_empty()) return true;
    const bool is_late = exchange_.events[event].time - group_.latest >= kPause;
    if (is_late || group_.acknowledging != acknowledging) return false;
    if (group_.fate != stories_[event].fate) return false;
    if (!is_data) return true;
    return group_.next && segment(event)->segment.sequence == *group_.next;
  }

  void note_time(std::size_t event) {
    group_.latest = std::max(group_.latest, exchange_.events[event].time);
  }

  // The arrow may end at the other rail: nothing is drawn there before it arrives.
  bool is_in_order(std::size_t event, std::size_t behind) const {
    if (stories_[event].fate != Fate::Arrived) return true;
    const std::size_t arrival = arrival_of_[event];
    return arrival < behind || !is_crossed(exchange_, behind - 1, arrival);
  }

  void close(std::size_t behind) {
    Group group = std::move(group_);
    group_ = {};
    ++groups_;
    const auto is_late = [&](std::size_t event) { return !is_in_order(event, behind); };
    const bool has_late =
        std::erase_if(group.data, is_late) + std::erase_if(group.acks, is_late) > 0;
    const std::size_t end = last_event(group);
    std::vector<std::size_t> trailing = group.acks;
    std::erase_if(trailing, [&](std::size_t ack) { return ack < end; });
    if (group.data.size() >= 2) {
      SegmentRun run;
      run.segments = group.data;
      for (const std::size_t event : group.data) run.bytes += segment(event)->segment.payload;
      run.acks_between = group.acks.size() - trailing.size();
      for (const std::size_t ack : group.acks) {
        if (ack < end) hide(ack);
      }
      add(std::move(run), group);
    }
    if (!has_late) add_acks(std::move(trailing), group);
  }

  // Until the data of the group has arrived; 0 without data.
  std::size_t last_event(const Group& group) const {
    std::size_t last = 0;
    for (const std::size_t event : group.data) last = std::max(last, arrival_of_[event]);
    return last;
  }

  void add_acks(std::vector<std::size_t> acks, const Group& group) {
    if (acks.size() < 2) return;
    SegmentRun run;
    run.segments = std::move(acks);
    add(std::move(run), group);
  }

  void add(SegmentRun run, const Group& group) {
    for (const std::size_t event : run.segments) {
      hide(event);
      run.until = std::max(run.until, exchange_.events[arrival_of_[event]].time);
    }
    for (const std::size_t arrival : group.arrivals) {
      if (folding_.is_folded[stories_[arrival].counterpart]) folding_.is_folded[arrival] = true;
    }
    folding_.runs.push_back(std::move(run));
  }

  void hide(std::size_t event) {
    folding_.is_folded[event] = true;
    if (stories_[event].fate == Fate::Arrived) {
      folding_.is_folded[stories_[event].counterpart] = true;
    }
  }

  const Exchange& exchange_;
  const std::vector<SegmentStory>& stories_;
  std::vector<std::size_t> arrival_of_;  // by event: its last sign; itself if there is no other
  std::vector<std::size_t> group_of_;    // by event; 0: none
  std::size_t groups_ = 1;               // the number of the one that is open
  Group group_;
  Folding folding_;
};

}  // namespace

bool is_crossed(const Exchange& exchange, std::size_t sent, std::size_t arrival) {
  for (std::size_t i = sent + 1; i < arrival; ++i) {
    const ExchangeEvent& event = exchange.events[i];
    if (event.end != exchange.events[arrival].end) continue;
    const auto* seen = std::get_if<ExchangeSegment>(&event.what);
    if (seen == nullptr || seen->segment.direction == Direction::Sent) return true;
  }
  return false;
}

Folding folded(const Exchange& exchange, const std::vector<SegmentStory>& stories) {
  return Folder{exchange, stories}.fold();
}

}  // namespace tcptwin::sinks
