// SPDX-License-Identifier: MIT
// JSON lines of segments (--segments).
#include <array>
#include <optional>
#include <utility>

#include "sinks/json_lines.h"

namespace tcptwin::sinks {
namespace {

void add_flags(JsonText& line, const tracker::Segment& segment) {
  const std::array<std::pair<bool, std::string_view>, 6> flags = {{{segment.syn, "syn"},
                                                                   {segment.fin, "fin"},
                                                                   {segment.rst, "rst"},
                                                                   {segment.psh, "psh"},
                                                                   {segment.urg, "urg"},
                                                                   {segment.ack, "ack"}}};
  line.begin_array("flags");
  for (const auto& [is_set, word] : flags) {
    if (is_set) line.element(word);
  }
  line.end_array();
}

void add_number(JsonText& line, std::string_view key, const std::optional<std::uint32_t>& number) {
  if (number) {
    line.number(key, *number);
  } else {
    line.null(key);
  }
}

void add_options(JsonText& line, const tracker::SegmentOptions& options) {
  line.begin_object("options");
  if (options.mss) line.number("mss_bytes", *options.mss);
  if (options.window_scale) line.number("window_scale", *options.window_scale);
  if (options.sack_permitted) line.boolean("sack_permitted", true);
  if (options.timestamps) {
    line.begin_object("timestamps");
    line.number("value", options.timestamps->value);
    line.number("echo", options.timestamps->echo);
    line.end_object();
  }
  if (options.sack_length > 0) {
    line.begin_array("sack");
    for (std::size_t i = 0; i < options.sack_length; ++i) {
      line.begin_element();
      line.number("left", options.sack[i].left.value());
      line.number("right", options.sack[i].right.value());
      line.end_object();
    }
    line.end_array();
  }
  if (options.fast_open) line.boolean("fast_open", true);
  if (options.mptcp) line.boolean("mptcp", true);
  if (options.authenticated) line.boolean("authenticated", true);
  if (options.malformed) line.boolean("malformed", true);
  line.end_object();
}

}  // namespace

void JsonLinesSink::add_segment(const tracker::Segment& segment) {
  line_.word("direction", label(segment.direction));
  add_flags(line_, segment);
  line_.number("seq", segment.sequence.value());
  if (segment.ack) {
    line_.number("ack", segment.acknowledgement.value());
  } else {
    line_.null("ack");
  }
  line_.number("payload_bytes", segment.payload);
  line_.number("window", segment.window);
  add_options(line_, segment.options);
  line_.word("shown", label(segment.reason));
  line_.number("interface", segment.interface);
  line_.number("hop_limit", segment.hop_limit);
}

void JsonLinesSink::on_segment(const tracker::SegmentFound& found) {
  begin("segment", found.time);
  if (found.connection) {
    add_identity(*found.connection);
  } else {
    line_.null("conn");
    add_tuple(found.tuple);
  }
  if (found.state) {
    line_.word("state", label(*found.state));
  } else {
    line_.null("state");
  }
  add_segment(found.segment);
  add_number(line_, "relative_seq", found.relative_sequence);
  add_number(line_, "relative_ack", found.relative_acknowledgement);
  add_owner(found.owner);
  end();
}

}  // namespace tcptwin::sinks
