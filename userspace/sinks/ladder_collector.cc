// SPDX-License-Identifier: MIT
#include "sinks/ladder_collector.h"

#include <algorithm>
#include <utility>

namespace tcptwin::sinks {
namespace {

using tracker::Direction;

// Connections that have been told: TIME_WAIT lasts a minute, and nobody is told twice.
constexpr std::size_t kToldLimit = 1u << 16;

// Between two looks at what is over.
constexpr Duration kLookPause = std::chrono::milliseconds{20};

Tuple anywhere(Tuple tuple) {
  tuple.netns = 0;
  return tuple;
}

Tuple mirrored(const Tuple& tuple) {
  return {0, tuple.remote, tuple.local};
}

bool is_over(model::MirrorState state) {
  return state.state == model::State::Closed || state.state == model::State::TimeWait;
}

}  // namespace

void LadderCollector::set_tuple(Ends::iterator end, const Tuple& tuple) {
  if (end->tuple == tuple) return;
  const auto [begin, behind] = by_tuple_.equal_range(anywhere(end->tuple));
  for (auto it = begin; it != behind; ++it) {
    if (it->second != end) continue;
    by_tuple_.erase(it);
    break;
  }
  end->tuple = tuple;
  by_tuple_.emplace(anywhere(tuple), end);
}

LadderCollector::End& LadderCollector::add(const Tuple& tuple, KernelTime time) {
  make_room(time);
  End& end = ends_.emplace_back();
  end.tuple = tuple;
  end.began = end.touched = time;
  end.lost_before = lost_;
  by_tuple_.emplace(anywhere(tuple), std::prev(ends_.end()));
  return end;
}

// What is over goes out early; else the end that has been silent longest makes room.
void LadderCollector::make_room(KernelTime now) {
  if (ends_.size() < bounds_.ends) return;
  advance(now);
  while (ends_.size() >= bounds_.ends) {
    const auto over = std::ranges::find_if(ends_, &End::is_over);
    if (over != ends_.end()) {
      release(over);
      continue;
    }
    ++left_out_;
    remove(std::ranges::min_element(ends_, {}, &End::touched));
  }
}

LadderCollector::End* LadderCollector::find(const tracker::ConnectionIdentity& connection,
                                            KernelTime time) {
  if (connection.role == tracker::Role::Listener || told_.contains(connection.id)) return nullptr;
  const auto known = by_id_.find(connection.id);
  if (known != by_id_.end()) {
    End& end = *known->second;
    const bool is_named = connection.tuple.local.port != 0;
    end.connection = connection;
    if (is_named) set_tuple(known->second, connection.tuple);
    end.touched = std::max(end.touched, time);
    return &end;
  }
  End& end = add(connection.tuple, time);
  end.connection = connection;
  by_id_.emplace(connection.id, std::prev(ends_.end()));
  return &end;
}

// Segments of one tuple that belong to no connection.
LadderCollector::End* LadderCollector::find_nobodys(const tracker::SegmentFound& segment) {
  const auto [begin, behind] = by_tuple_.equal_range(anywhere(segment.tuple));
  for (auto it = begin; it != behind; ++it) {
    End& end = *it->second;
    if (end.connection || !(end.tuple == segment.tuple)) continue;
    end.touched = std::max(end.touched, segment.time);
    return &end;
  }
  End& end = add(segment.tuple, segment.time);
  end.is_over = true;
  return &end;
}

void LadderCollector::Kept::append(ExchangeEvent event, std::size_t bound) {
  if (first.size() < bound / 2) {
    first.push_back(std::move(event));
    return;
  }
  latest.push_back(std::move(event));
  if (latest.size() <= bound / 2) return;
  const ExchangeEvent& left_out = latest.front();
  if (omitted.segments + omitted.steps == 0) omitted.since = left_out.time;
  ++(std::holds_alternative<ExchangeSegment>(left_out.what) ? omitted.segments : omitted.steps);
  omitted_until = left_out.time;
  omitted_order = left_out.order;
  latest.pop_front();
}

void LadderCollector::Kept::hand_over(std::vector<ExchangeEvent>& events, std::size_t end) {
  const auto add = [&](ExchangeEvent& event) {
    event.end = end;
    events.push_back(std::move(event));
  };
  for (ExchangeEvent& event : first) add(event);
  if (omitted.steps + omitted.segments > 0) {
    events.push_back({omitted_until, end, omitted, omitted_order});
  }
  for (ExchangeEvent& event : latest) add(event);
}

void LadderCollector::append(End& end, KernelTime time, decltype(ExchangeEvent::what) what) {
  const auto* seen = std::get_if<ExchangeSegment>(&what);
  const bool is_traffic = seen != nullptr && seen->segment.is_traffic();
  Kept& kept = is_traffic ? end.traffic : end.events;
  kept.append({time, 0, std::move(what), ++order_}, bounds_.events);
}

void LadderCollector::on_step(const tracker::Step& step) {
  advance(step.time);
  End* const end = find(step.connection, step.time);
  if (end == nullptr) return;
  if (step.owner.is_known()) end->owner = step.owner;
  if (is_over(step.to)) end->is_over = true;
  append(*end, step.time, ExchangeStep{step.from, step.to, step.cause, step.verdict, step.rule});
}

void LadderCollector::note_numbers(End& end, const tracker::SegmentFound& found) {
  const tracker::Segment& segment = found.segment;
  const bool is_sent = segment.direction == Direction::Sent;
  if (segment.syn && !segment.ack && !end.sent_first_syn && !end.received_first_syn) {
    (is_sent ? end.sent_first_syn : end.received_first_syn) = true;
  }
  auto& own = is_sent ? end.iss : end.irs;
  auto& other = is_sent ? end.irs : end.iss;
  if (!own && found.relative_sequence) own = segment.sequence.value() - *found.relative_sequence;
  if (!other && segment.ack && found.relative_acknowledgement) {
    other = segment.acknowledgement.value() - *found.relative_acknowledgement;
  }
}

void LadderCollector::on_segment(const tracker::SegmentFound& found) {
  advance(found.time);
  End* const end = found.connection ? find(*found.connection, found.time) : find_nobodys(found);
  if (end == nullptr) return;
  if (found.owner.is_known() && !end->owner.is_known()) end->owner = found.owner;
  note_numbers(*end, found);
  end->has_segments = true;
  append(*end, found.time,
         ExchangeSegment{found.segment, found.relative_sequence, found.relative_acknowledgement,
                         found.state});
}

void LadderCollector::on_divergence(const tracker::Divergence& divergence) {
  End* const end = find(divergence.connection, divergence.time);
  if (end != nullptr) append(*end, divergence.time, ExchangeDivergence{divergence.kind});
}

// Of an end that is known: whose steps were filtered out has no ladder.
void LadderCollector::on_life(const tracker::Life& life) {
  advance(life.ended);
  const auto known = by_id_.find(life.connection.id);
  if (known == by_id_.end()) return;
  End& end = *known->second;
  end.touched = std::max(end.touched, life.ended);
  end.life = life;
  end.is_over = true;
  if (life.owners.best().is_known()) end.owner = life.owners.best();
  if (!end.iss) end.iss = life.iss;
  if (!end.irs) end.irs = life.irs;
}

// Two ends of one connection: the tracker says so, or their addresses and their numbers agree. In
// two namespaces the same addresses may stand for different hosts; there only numbers prove it.
bool LadderCollector::belong_together(const End& one, const End& other) {
  const auto names = [](const End& end, const End& wanted) {
    return end.life && end.life->other_end && wanted.connection &&
           end.life->other_end->id == wanted.connection->id;
  };
  if (names(one, other) || names(other, one)) return true;
  if (!(mirrored(one.tuple) == anywhere(other.tuple))) return false;
  if (one.iss && other.irs && *one.iss != *other.irs) return false;
  if (one.irs && other.iss && *one.irs != *other.iss) return false;
  if (one.tuple.netns == other.tuple.netns) return true;
  return (one.iss && other.irs) || (one.irs && other.iss);
}

LadderCollector::Ends::iterator LadderCollector::other_end_of(const End& end) {
  if (end.life && end.life->other_end) {
    const auto named = by_id_.find(end.life->other_end->id);
    if (named != by_id_.end()) return named->second;
  }
  const auto [begin, behind] = by_tuple_.equal_range(mirrored(end.tuple));
  for (auto it = begin; it != behind; ++it) {
    if (&*it->second != &end && belong_together(end, *it->second)) return it->second;
  }
  // Addresses were translated between them: the other end may know the name of this one.
  const auto knows = [&](const End& other) {
    return other.life && other.life->other_end && end.connection &&
           other.life->other_end->id == end.connection->id;
  };
  return std::ranges::find_if(ends_, knows);
}

bool LadderCollector::is_quiet(const End& end, KernelTime now) const {
  return end.is_over && now - end.touched >= *bounds_.linger;
}

void LadderCollector::advance(KernelTime now) {
  now_ = std::max(now_, now);
  if (!bounds_.linger || now_ < next_look_) return;
  next_look_ = now_ + kLookPause;
  for (auto it = ends_.begin(); it != ends_.end();) {
    const auto end = it++;
    if (!is_quiet(*end, now)) continue;
    const auto other = other_end_of(*end);
    if (other != ends_.end() && !is_quiet(*other, now)) continue;
    if (it != ends_.end() && other == it) ++it;
    release(end);
  }
}

void LadderCollector::finish() {
  while (!ends_.empty()) release(ends_.begin());
}

bool LadderCollector::has_connected(const End& one, const End& other) {
  const auto role = [](const End& end) {
    return end.connection ? end.connection->role : tracker::Role::Unknown;
  };
  if (one.sent_first_syn != other.sent_first_syn) return one.sent_first_syn;
  if ((role(one) == tracker::Role::Active) != (role(other) == tracker::Role::Active)) {
    return role(one) == tracker::Role::Active;
  }
  if (role(one) != role(other)) return role(other) == tracker::Role::Passive;
  if (one.received_first_syn != other.received_first_syn) return other.received_first_syn;
  return one.began <= other.began;
}

void LadderCollector::remove(Ends::iterator end) {
  const auto [begin, behind] = by_tuple_.equal_range(anywhere(end->tuple));
  for (auto it = begin; it != behind; ++it) {
    if (it->second != end) continue;
    by_tuple_.erase(it);
    break;
  }
  if (end->connection) {
    by_id_.erase(end->connection->id);
    if (told_.insert(end->connection->id).second) told_order_.push_back(end->connection->id);
    if (told_order_.size() > kToldLimit) {
      told_.erase(told_order_.front());
      told_order_.pop_front();
    }
  }
  ends_.erase(end);
}

void LadderCollector::release(Ends::iterator end) {
  const auto other = other_end_of(*end);
  End* const partner = other != ends_.end() && &*other != &*end ? &*other : nullptr;
  End unseen;
  unseen.tuple = {0, end->tuple.remote, end->tuple.local};
  unseen.received_first_syn = end->sent_first_syn;
  unseen.sent_first_syn = end->received_first_syn;
  unseen.began = end->began;
  const bool is_left = has_connected(*end, partner != nullptr ? *partner : unseen);
  Exchange exchange;
  exchange.until = now_;
  const auto take = [&](End& from, std::size_t place) {
    ExchangeEnd& to = exchange.ends[place];
    to.endpoint = from.tuple.local;
    to.netns = from.tuple.netns;
    to.was_seen = true;
    to.connection = from.connection;
    to.owner = from.owner;
    to.life = std::move(from.life);
    exchange.has_segments = exchange.has_segments || from.has_segments;
    exchange.lost = std::max(exchange.lost, lost_ - from.lost_before);
    from.traffic.omitted.is_traffic = true;
    from.events.hand_over(exchange.events, place);
    from.traffic.hand_over(exchange.events, place);
  };
  take(*end, is_left ? 0 : 1);
  if (partner != nullptr) {
    take(*partner, is_left ? 1 : 0);
  } else {
    exchange.ends[is_left ? 1 : 0].endpoint = end->tuple.remote;
  }
  std::ranges::sort(exchange.events, {}, &ExchangeEvent::order);
  if (partner != nullptr) remove(other);
  remove(end);
  receiver_.on_exchange(exchange);
}

}  // namespace tcptwin::sinks
