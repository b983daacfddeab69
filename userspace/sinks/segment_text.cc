// SPDX-License-Identifier: MIT
#include "sinks/segment_text.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>

namespace tcptwin::sinks {
namespace {

std::string number_text(SequenceNumber number, const std::optional<std::uint32_t>& relative) {
  return relative ? fmt::format("{}", *relative) : fmt::format("={}", number.value());
}

}  // namespace

std::string flags_text(const tracker::Segment& segment) {
  std::string text;
  const auto add = [&](bool is_set, std::string_view word) {
    if (!is_set) return;
    if (!text.empty()) text += ' ';
    text += word;
  };
  add(segment.syn, "SYN");
  add(segment.fin, "FIN");
  add(segment.rst, "RST");
  add(segment.psh, "PSH");
  add(segment.urg, "URG");
  add(segment.ack, "ACK");
  return text;
}

std::string numbers_text(const tracker::SegmentFound& found) {
  const tracker::Segment& segment = found.segment;
  std::string text = "seq " + number_text(segment.sequence, found.relative_sequence);
  if (segment.ack) {
    text += " ack " + number_text(segment.acknowledgement, found.relative_acknowledgement);
  }
  return text;
}

std::string options_text(const tracker::Segment& segment) {
  const tracker::SegmentOptions& options = segment.options;
  std::string text = fmt::format("win {}", segment.window);
  const auto add = [&](bool is_set, std::string_view word) {
    if (is_set) text += word;
  };
  const auto out = std::back_inserter(text);
  if (options.mss) fmt::format_to(out, " mss {}", *options.mss);
  if (options.window_scale) fmt::format_to(out, " wscale {}", *options.window_scale);
  add(options.sack_permitted, " sack_ok");
  if (options.timestamps) {
    fmt::format_to(out, " ts {}/{}", options.timestamps->value, options.timestamps->echo);
  }
  for (std::size_t i = 0; i < options.sack_length; ++i) {
    fmt::format_to(out, " sack ={}-{}", options.sack[i].left.value(),
                   options.sack[i].right.value());
  }
  add(options.fast_open, " fast_open");
  add(options.mptcp, " mptcp");
  add(options.authenticated, " authenticated");
  add(options.malformed, " malformed_options");
  return text;
}

std::string segment_details(const tracker::SegmentFound& found) {
  const tracker::Segment& segment = found.segment;
  std::string text = fmt::format("\n    seq={}", segment.sequence.value());
  const auto out = std::back_inserter(text);
  if (segment.ack) fmt::format_to(out, " ack={}", segment.acknowledgement.value());
  fmt::format_to(out, " why={} device={} hop_limit={} traffic_class={:#04x}", label(segment.reason),
                 segment.interface, segment.hop_limit, segment.traffic_class);
  if (found.tuple.local.address.family == Family::Inet) {
    fmt::format_to(out, " ip_id={}{}", segment.ip_id, segment.dont_fragment ? " df" : "");
  }
  if (found.connection) {
    fmt::format_to(out, " conn={:#x}.{}", found.connection->id.cookie,
                   found.connection->id.generation);
  }
  fmt::format_to(out, " netns={}", found.tuple.netns);
  return text;
}

}  // namespace tcptwin::sinks
