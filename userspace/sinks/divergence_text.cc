// SPDX-License-Identifier: MIT
#include "sinks/divergence_text.h"

#include <fmt/format.h>

#include <iterator>

#include "sinks/segment_text.h"

namespace tcptwin::sinks {
namespace {

using tracker::Divergence;

constexpr std::size_t kColumns = 100;
constexpr std::string_view kHanging = "             ";  // below the contents

// "59.900 s", "0.312 ms"
std::string span_text(Duration duration) {
  const auto milliseconds = static_cast<double>(duration.count()) / 1e6;
  return duration >= std::chrono::seconds{1} ? fmt::format("{:.3f} s", milliseconds / 1000)
                                             : fmt::format("{:.3f} ms", milliseconds);
}

std::string owner_text(const tracker::Owner& owner) {
  if (owner.confidence == tracker::OwnerConfidence::None) return "process not known";
  return fmt::format("{} (pid {}, {})", printable(owner.actor.comm.view()), owner.actor.pid,
                     label(owner.confidence));
}

std::string edge_text(const Divergence& divergence) {
  if (divergence.from == divergence.observed) return fmt::format("{}", name(divergence.from));
  return fmt::format("{} -> {}", name(divergence.from), name(divergence.observed));
}

std::string bound_text(std::string_view word, const std::optional<Duration>& bound) {
  return bound ? fmt::format("{} {}, ", word, span_text(*bound)) : std::string{};
}

// The other kinds are about a socket that is there or is not: no edge was allowed or forbidden.
bool is_about_an_edge(const Divergence& divergence) {
  return divergence.expected || divergence.kind == model::DivergenceKind::IllegalEdge ||
         divergence.kind == model::DivergenceKind::UnjustifiedEdge;
}

std::string allowed_text(const Divergence& divergence) {
  const std::string_view from = name(divergence.from);
  if (divergence.measured) {
    return fmt::format(
        "{} for {}{}but it took {}", from, bound_text("at least", divergence.lower_bound),
        bound_text("at most", divergence.upper_bound), span_text(*divergence.measured));
  }
  if (divergence.cause == model::Cause::Unexplained || !divergence.expected) {
    return fmt::format("{} stays: nothing that leads out of it was found", from);
  }
  const std::string_view expected = model::name(*divergence.expected);
  if (*divergence.expected == divergence.from.state) {
    return fmt::format("{} stays after {}", from, label(divergence.cause));
  }
  return fmt::format("{} -> {} by {}", from, expected, label(divergence.cause));
}

void append_history(std::string& text, const Divergence& divergence, const ClockMapping& clock) {
  for (std::size_t i = 0; i < divergence.history_length; ++i) {
    const tracker::HistoryEntry& entry = divergence.history[i];
    fmt::format_to(std::back_inserter(text), "  {:<10} {} -> {:<12} {}\n", i == 0 ? "history" : "",
                   clock_time(clock, entry.time).view(), name(entry.to), label(entry.cause));
  }
}

}  // namespace

std::string divergence_text(const Divergence& divergence, const ClockMapping& clock,
                            const CallPaths& paths, const DivergenceStyle& style) {
  const Tuple& tuple = divergence.connection.tuple;
  const std::string_view kind = label(divergence.kind);
  std::string text =
      fmt::format("{}divergence[{}]{}: {}, {} -> {}\n", style.strong, kind, style.normal,
                  edge_text(divergence), endpoint_text(tuple.local), endpoint_text(tuple.remote));
  const auto line = [&](std::string_view word, std::string_view content) {
    append_wrapped(text, fmt::format("  {:<10} ", word), kHanging, content, kColumns);
  };
  line("seen", fmt::format("{}, netns {}, {}", clock_time(clock, divergence.time).view(),
                           tuple.netns, owner_text(divergence.owner)));
  line("means", summary(divergence.kind));
  if (is_about_an_edge(divergence)) line("allowed", allowed_text(divergence));
  if (divergence.evidence) {
    line("evidence", evidence_words(*divergence.evidence, EvidenceZeros::Core));
  }
  if (divergence.segment) {
    const tracker::Segment& segment = *divergence.segment;
    line("sent", fmt::format("{}, seq {}, {} bytes of data, {}", flags_text(segment),
                             segment.sequence.value(), segment.payload, options_text(segment)));
  }
  append_history(text, divergence, clock);
  const tracker::CallPath* path = paths.find(divergence.call_path);
  if (path != nullptr) line("call path", call_path_text(*path));
  line("look at", advice(divergence.kind));
  line("more", fmt::format("tcptwin explain {}", kind));
  return text;
}

}  // namespace tcptwin::sinks
