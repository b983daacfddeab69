// SPDX-License-Identifier: MIT
// JSON lines of ladders: all that passed between the two ends of a connection in one object.
#include "sinks/json_lines.h"
#include "sinks/segment_story.h"

namespace tcptwin::sinks {
namespace {

constexpr std::array<std::string_view, 2> kEnds = {"left", "right"};

void add_number_or_null(JsonText& line, std::string_view key,
                        const std::optional<std::uint32_t>& number) {
  number ? line.number(key, *number) : line.null(key);
}

}  // namespace

void JsonLinesSink::on_exchange(const Exchange& exchange) {
  const KernelTime began = exchange.events.empty() ? exchange.until : exchange.events.front().time;
  begin("ladder", began);
  for (std::size_t i = 0; i < 2; ++i) add_end(kEnds[i], exchange.ends[i]);
  const std::vector<SegmentStory> stories = segment_stories(exchange);
  line_.begin_array("events");
  for (std::size_t i = 0; i < exchange.events.size(); ++i) {
    add_event(exchange.events[i], stories[i]);
  }
  line_.end_array();
  line_.boolean("has_segments", exchange.has_segments);
  line_.number("lost", exchange.lost);
  end();
}

void JsonLinesSink::add_end(std::string_view key, const ExchangeEnd& end) {
  line_.begin_object(key);
  line_.string("addr", AddressText{end.endpoint.address}.view());
  line_.number("port", end.endpoint.port);
  line_.boolean("was_seen", end.was_seen);
  if (end.was_seen) {
    line_.number("netns", end.netns);
  } else {
    line_.null("netns");
  }
  if (end.connection) {
    line_.word("conn", connection_text(end.connection->id).view());
    line_.word("role", label(end.connection->role));
  } else {
    line_.null("conn");
    line_.null("role");
  }
  add_owner(end.owner);
  line_.end_object();
}

void JsonLinesSink::add_event(const ExchangeEvent& event, const SegmentStory& story) {
  line_.begin_element();
  const auto* step = std::get_if<ExchangeStep>(&event.what);
  const auto* seen = std::get_if<ExchangeSegment>(&event.what);
  const auto* divergence = std::get_if<ExchangeDivergence>(&event.what);
  const auto* omission = std::get_if<ExchangeOmission>(&event.what);
  line_.string("event", step ? "step" : seen ? "segment" : divergence ? "divergence" : "left_out");
  line_.string("end", kEnds[event.end]);
  line_.number("mono_ns", to_ns(event.time));
  if (step != nullptr) {
    line_.word("from", label(step->from));
    line_.word("to", label(step->to));
    line_.word("cause", label(step->cause));
    line_.word("verdict", label(step->verdict));
    line_.string("rule", step->rule);
  }
  if (seen != nullptr) {
    add_segment(seen->segment);
    add_number_or_null(line_, "relative_seq", seen->relative_sequence);
    add_number_or_null(line_, "relative_ack", seen->relative_acknowledgement);
    line_.word("fate", label(story.fate));
    const bool is_one_of_two = story.fate == Fate::Arrived || story.fate == Fate::IsArrival;
    if (is_one_of_two) line_.number("counterpart", story.counterpart);
    line_.boolean("repeated", story.is_repeated);
    line_.number("unseen_bytes_before", story.unseen_before);
    line_.number("unseen_bytes_acknowledged", story.unseen_answered);
  }
  if (divergence != nullptr) line_.word("kind", label(divergence->kind));
  if (omission != nullptr) {
    line_.number("steps", omission->steps);
    line_.number("segments", omission->segments);
    line_.boolean("traffic", omission->is_traffic);
  }
  line_.end_object();
}

}  // namespace tcptwin::sinks
