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
      : exchange_(exchange), stories_(exchange.events.size()) {
    for (const ExchangeEvent& event : exchange.events) {
      if (std::holds_alternative<ExchangeSegment>(event.what)) has_segments_[event.end] = true;
      if (std::holds_alternative<ExchangeOmission>(event.what)) is_whole_ = false;
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
    if (const auto sent = take_sent(way, seen.segment)) {
      story.fate = Fate::IsArrival;
      story.counterpart = *sent;
      stories_[*sent].fate = Fate::Arrived;
      stories_[*sent].counterpart = place;
      return;
    }
    if (both_were_watched()) story.fate = Fate::Unsent;
    // What nobody was seen sending proves what came before it only where this end agrees.
    const bool is_accepted =
        way.acknowledged && seen.segment.end().distance_from(*way.acknowledged) <= 0;
    note_passing(way, story, seen, is_accepted);
  }

  // Of several that look alike the latest: a path within a host is shorter than a time-out.
  std::optional<std::size_t> take_sent(Way& way, const Segment& arrived) {
    const auto take = [&](auto matches) -> std::optional<std::size_t> {
      const auto found = std::find_if(way.under_way.rbegin(), way.under_way.rend(), matches);
      if (found == way.under_way.rend()) return std::nullopt;
      const std::size_t sent = *found;
      way.under_way.erase(std::next(found).base());
      return sent;
    };
    const auto is_same = [&](std::size_t sent) { return has_same_header(segment(sent), arrived); };
    const auto is_same_packet = [&](std::size_t sent) {
      return is_same(sent) && segment(sent).ip_id == arrived.ip_id;
    };
    if (const auto sent = take(is_same_packet)) return sent;
    if (const auto sent = take(is_same)) return sent;
    return take([&](std::size_t sent) { return overlap(segment(sent), arrived); });
  }

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
    if (way.next && !segment.syn && is_whole_) {
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
    if (!segment.ack || is_answer || !answered.next || !is_whole_) return;
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

  void tell_losses() {
    if (exchange_.lost > 0 || !is_whole_) return;
    for (const Way& way : ways_) {
      for (const std::size_t sent : way.under_way) {
        const bool had_time = exchange_.until - exchange_.events[sent].time >= kPatience;
        if (had_time && !arrived_before(sent)) stories_[sent].fate = Fate::Lost;
      }
    }
  }

  const Exchange& exchange_;
  std::vector<SegmentStory> stories_;
  std::array<Way, 2> ways_{};  // by the sending end
  std::array<bool, 2> has_segments_{};
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
