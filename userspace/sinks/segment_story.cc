// SPDX-License-Identifier: MIT
#include "sinks/segment_story.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace tcptwin::sinks {
namespace {

using tracker::Direction;
using tracker::Segment;

// What has not arrived after this time, while both ends were watched, is lost. Far above what any
// path within a host takes, delayed by netem or not.
constexpr Duration kPatience = std::chrono::seconds{1};

// So far the order of what several processors report may be from that of the times.
constexpr Duration kDisorder = std::chrono::milliseconds{20};

bool has_same_header(const Segment& one, const Segment& other) {
  const auto& ours = one.options.timestamps;
  const auto& theirs = other.options.timestamps;
  return one.syn == other.syn && one.fin == other.fin && one.rst == other.rst &&
         one.ack == other.ack && one.sequence == other.sequence &&
         (!one.ack || one.acknowledgement == other.acknowledgement) &&
         one.payload == other.payload && ours.has_value() == theirs.has_value() &&
         (!ours || (ours->value == theirs->value && ours->echo == theirs->echo));
}

std::uint32_t length(const Segment& segment) {
  return static_cast<std::uint32_t>(segment.end().distance_from(segment.sequence));
}

// Data may be cut into packets or joined on its way.
bool overlap(const Segment& one, const Segment& other) {
  return length(one) > 0 && length(other) > 0 && one.rst == other.rst &&
         one.end().distance_from(other.sequence) > 0 && other.end().distance_from(one.sequence) > 0;
}

// Bytes, counted from where a segment begins.
struct Stretch {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// Takes `wanted` out of what is open; how much of it there was.
std::int64_t take_out(std::vector<Stretch>& open, const Stretch& wanted) {
  std::int64_t taken = 0;
  std::vector<Stretch> rest;
  for (const Stretch& one : open) {
    const std::int64_t begin = std::max(one.begin, wanted.begin);
    const std::int64_t end = std::min(one.end, wanted.end);
    if (begin >= end) {
      rest.push_back(one);
      continue;
    }
    taken += end - begin;
    if (one.begin < begin) rest.push_back({one.begin, begin});
    if (end < one.end) rest.push_back({end, one.end});
  }
  open = std::move(rest);
  return taken;
}

// One direction of the exchange.
struct Way {
  std::vector<std::size_t> under_way;  // sent, and no arrival seen
  std::vector<const Segment*> passed;  // with a SYN, a FIN or data
  std::optional<SequenceNumber> next;  // behind all that is known to have been sent
  std::optional<SequenceNumber> acknowledged;
};

class Telling {
 public:
  explicit Telling(const Exchange& exchange)
      : exchange_(exchange),
        stories_(exchange.events.size()),
        arrived_bytes_(exchange.events.size()) {
    for (const ExchangeEvent& event : exchange.events) {
      if (const auto* seen = std::get_if<ExchangeSegment>(&event.what)) note(event.end, *seen);
      const auto* omission = std::get_if<ExchangeOmission>(&event.what);
      if (omission != nullptr && !omission->is_traffic) is_whole_ = false;
    }
  }

  std::vector<SegmentStory> tell() {
    note_acknowledgements();
    for (std::size_t i = 0; i < stories_.size(); ++i) {
      const auto* seen = std::get_if<ExchangeSegment>(&exchange_.events[i].what);
      if (seen == nullptr) continue;
      if (seen->segment.direction == Direction::Sent) {
        tell_sent(i, *seen);
      } else {
        tell_received(i, *seen);
      }
    }
    if (both_were_watched()) tell_losses();
    return std::move(stories_);
  }

 private:
  void note(std::size_t end, const ExchangeSegment& seen) {
    has_segments_[end] = true;
    if (seen.segment.direction == Direction::Received) has_arrivals_[end] = true;
    if (seen.segment.is_traffic()) has_traffic_ = true;
  }

  bool both_were_watched() const { return has_segments_[0] && has_segments_[1]; }

  const Segment& segment(std::size_t event) const {
    return std::get<ExchangeSegment>(exchange_.events[event].what).segment;
  }

  // How far each end says that it has received.
  void note_acknowledgements() {
    for (const ExchangeEvent& event : exchange_.events) {
      const auto* seen = std::get_if<ExchangeSegment>(&event.what);
      if (seen == nullptr || seen->segment.direction != Direction::Sent) continue;
      if (!seen->segment.ack || seen->segment.rst) continue;
      auto& acknowledged = ways_[1 - event.end].acknowledged;
      const SequenceNumber number = seen->segment.acknowledgement;
      if (!acknowledged || number.distance_from(*acknowledged) > 0) acknowledged = number;
    }
  }

  void tell_sent(std::size_t place, const ExchangeSegment& seen) {
    Way& way = ways_[exchange_.events[place].end];
    note_passing(way, stories_[place], seen, true);
    note_answering(ways_[1 - exchange_.events[place].end], stories_[place], seen.segment);
    way.under_way.push_back(place);
  }

  void tell_received(std::size_t place, const ExchangeSegment& seen) {
    Way& way = ways_[1 - exchange_.events[place].end];
    SegmentStory& story = stories_[place];
    const std::vector<std::size_t> sent = take_sent(way, seen.segment);
    for (const std::size_t each : sent) {
      if (stories_[each].fate != Fate::Arrived) stories_[each].counterpart = place;
      stories_[each].fate = Fate::Arrived;
    }
    if (!sent.empty()) {
      story.fate = Fate::IsArrival;
      story.counterpart = sent.front();
      return;
    }
    if (both_were_watched()) story.fate = Fate::Unsent;
    // What nobody was seen sending proves what came before it only where this end agrees.
    const bool is_accepted =
        way.acknowledged && seen.segment.end().distance_from(*way.acknowledged) <= 0;
    note_passing(way, story, seen, is_accepted);
  }

  // Of several that look alike the latest: a path within a host is shorter than a time-out.
  std::vector<std::size_t> take_sent(Way& way, const Segment& arrived) {
    const auto take = [&](auto matches) -> std::vector<std::size_t> {
      const auto found = std::find_if(way.under_way.rbegin(), way.under_way.rend(), matches);
      if (found == way.under_way.rend()) return {};
      const std::size_t sent = *found;
      way.under_way.erase(std::next(found).base());
      return {sent};
    };
    const auto is_same = [&](std::size_t sent) {
      return stories_[sent].fate != Fate::Arrived && has_same_header(segment(sent), arrived);
    };
    const auto is_same_packet = [&](std::size_t sent) {
      return is_same(sent) && segment(sent).ip_id == arrived.ip_id;
    };
    if (auto sent = take(is_same_packet); !sent.empty()) return sent;
    if (auto sent = take(is_same); !sent.empty()) return sent;
    return take_by_numbers(way, arrived);
  }

  // Cut into packets or joined on its way: each byte belongs to the latest that carried it. What
  // has arrived in part stays under way for the rest of it.
  std::vector<std::size_t> take_by_numbers(Way& way, const Segment& arrived) {
    std::vector<std::size_t> sent;
    std::vector<Stretch> open = {{0, static_cast<std::int64_t>(length(arrived))}};
    for (auto place = way.under_way.size(); place-- > 0;) {
      const std::size_t event = way.under_way[place];
      const Segment& one = segment(event);
      if (!overlap(one, arrived)) continue;
      const std::int64_t begin = one.sequence.distance_from(arrived.sequence);
      const std::int64_t taken = take_out(open, {begin, begin + length(one)});
      if (taken == 0) continue;
      sent.push_back(event);
      arrived_bytes_[event] += taken;
      if (arrived_bytes_[event] < length(one)) continue;
      way.under_way.erase(way.under_way.begin() + static_cast<std::ptrdiff_t>(place));
    }
    std::ranges::reverse(sent);
    return sent;
  }

  // Of data that no segment shows. Where all are recorded, a hole is one that is still to come.
  bool numbers_tell() const { return is_whole_ && !has_traffic_; }

  static bool is_repeated(const Way& way, const Segment& segment) {
    const auto repeats = [&](const Segment* before) {
      if (segment.syn || before->syn) {
        return segment.syn && before->syn && segment.ack == before->ack &&
               segment.sequence == before->sequence;
      }
      return overlap(*before, segment);
    };
    return std::ranges::any_of(way.passed, repeats);
  }

  void note_passing(Way& way, SegmentStory& story, const ExchangeSegment& seen, bool is_proof) {
    const Segment& segment = seen.segment;
    if (segment.rst) return;
    if (length(segment) > 0) {
      story.is_repeated = is_repeated(way, segment);
      way.passed.push_back(&segment);
    }
    if (!is_proof) return;
    if (way.next && !segment.syn && numbers_tell()) {
      const std::int32_t ahead = segment.sequence.distance_from(*way.next);
      if (ahead > 0) story.unseen_before = static_cast<std::uint32_t>(ahead);
    }
    if (!way.next && !segment.syn) return;  // where the data begins is not known
    if (!way.next || segment.end().distance_from(*way.next) > 0) way.next = segment.end();
  }

  // What this host acknowledges has arrived. An answer to a segment that fits nowhere takes its
  // numbers from that segment: a RST that names none of its own proves nothing.
  void note_answering(Way& answered, SegmentStory& story, const Segment& segment) {
    const bool is_answer = segment.rst && segment.sequence.value() == 0;
    if (!segment.ack || is_answer || !answered.next || !numbers_tell()) return;
    const std::int32_t ahead = segment.acknowledgement.distance_from(*answered.next);
    if (ahead <= 0) return;
    story.unseen_answered = static_cast<std::uint32_t>(ahead);
    answered.next = segment.acknowledgement;
  }

  // An arrival of the same that was told before it was sent: then their order is in doubt, and
  // nobody can say that it was lost.
  bool arrived_before(std::size_t sent) const {
    for (std::size_t i = 0; i < sent; ++i) {
      if (stories_[i].fate != Fate::Unsent) continue;
      if (exchange_.events[i].end == exchange_.events[sent].end) continue;
      if (has_same_header(segment(i), segment(sent)) || overlap(segment(i), segment(sent))) {
        return true;
      }
    }
    return false;
  }

  // Acknowledged, although nothing of it was seen arriving: it took a way that is not watched.
  bool arrived_unseen(std::size_t sent) const {
    const std::size_t sender = exchange_.events[sent].end;
    const Segment& one = segment(sent);
    const auto& acknowledged = ways_[sender].acknowledged;
    if (length(one) == 0 || !acknowledged) return false;
    if (one.sequence.distance_from(*acknowledged) >= 0) return false;
    const auto shows_it = [&](const ExchangeEvent& event) {
      const auto* seen = std::get_if<ExchangeSegment>(&event.what);
      return seen != nullptr && event.end != sender &&
             seen->segment.direction == Direction::Received && overlap(one, seen->segment);
    };
    return std::ranges::none_of(exchange_.events, shows_it);
  }

  // Whether its arrival would be among what is left out at the other end.
  bool may_be_left_out(std::size_t sent) const {
    const Segment& one = segment(sent);
    if (one.syn || one.fin || one.rst) return false;
    const KernelTime time = exchange_.events[sent].time;
    const auto covers = [&](const ExchangeEvent& event) {
      const auto* omission = std::get_if<ExchangeOmission>(&event.what);
      return omission != nullptr && event.end != exchange_.events[sent].end &&
             omission->since - time < kPatience && time - event.time < kDisorder;
    };
    return std::ranges::any_of(exchange_.events, covers);
  }

  void tell_losses() {
    if (exchange_.lost > 0 || !is_whole_) return;
    for (std::size_t sender = 0; sender < ways_.size(); ++sender) {
      if (!has_arrivals_[1 - sender]) continue;  // no device there shows what it receives
      for (const std::size_t sent : ways_[sender].under_way) {
        if (stories_[sent].fate == Fate::Arrived) continue;  // a part of it
        const bool had_time = exchange_.until - exchange_.events[sent].time >= kPatience;
        const bool is_clear = !arrived_before(sent) && !arrived_unseen(sent);
        if (had_time && is_clear && !may_be_left_out(sent)) stories_[sent].fate = Fate::Lost;
      }
    }
  }

  const Exchange& exchange_;
  std::vector<SegmentStory> stories_;
  std::array<Way, 2> ways_{};                // by the sending end
  std::vector<std::int64_t> arrived_bytes_;  // of those that arrive in pieces, by event
  std::array<bool, 2> has_segments_{};
  std::array<bool, 2> has_arrivals_{};
  bool has_traffic_ = false;
  bool is_whole_ = true;
};

}  // namespace

std::string_view label(Fate fate) {
  constexpr std::array<std::string_view, 5> kLabels = {"unknown", "arrived", "lost", "unsent",
                                                       "arrival"};
  return kLabels[static_cast<std::size_t>(fate)];
}

std::vector<SegmentStory> segment_stories(const Exchange& exchange) {
  return Telling{exchange}.tell();
}

}  // namespace tcptwin::sinks
