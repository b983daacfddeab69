// SPDX-License-Identifier: MIT
#include "sinks/summary_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace tcptwin::sinks {
namespace {

// A summary names the deviations that occurred most; the rest is in the count before them.
constexpr std::size_t kDeviationsNamed = 6;

std::string_view plural(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

class Lines {
 public:
  void add(std::string_view word, std::string_view content) {
    fmt::format_to(std::back_inserter(text_), "  {:<11} {}\n", word, content);
  }
  void title(std::string_view content) {
    fmt::format_to(std::back_inserter(text_), "{}\n", content);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string verdict_counts(const tracker::TrackerCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.verdicts.size(); ++i) {
    const std::string_view separator = i == 0 ? "" : ", ";
    fmt::format_to(std::back_inserter(text), "{}{} {}", separator, counts.verdicts[i],
                   label(static_cast<model::Verdict>(i)));
  }
  return text;
}

std::string deviation_counts(const tracker::TrackerCounts& counts) {
  std::vector<std::pair<std::uint64_t, std::uint8_t>> seen;
  for (std::uint8_t id = 1; id <= model::kDialectCount; ++id) {
    if (counts.deviations[id] != 0) seen.emplace_back(counts.deviations[id], id);
  }
  std::sort(seen.begin(), seen.end(), [](const auto& left, const auto& right) {
    return left.first != right.first ? left.first > right.first : left.second < right.second;
  });
  std::string text;
  for (std::size_t i = 0; i < seen.size() && i < kDeviationsNamed; ++i) {
    fmt::format_to(std::back_inserter(text), "{}{} {}x", i == 0 ? "" : ", ",
                   label(model::dialect(seen[i].second)), seen[i].first);
  }
  if (seen.size() > kDeviationsNamed) {
    fmt::format_to(std::back_inserter(text), " and {} more", seen.size() - kDeviationsNamed);
  }
  return text;
}

std::string divergence_counts(const tracker::TrackerCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.divergences.size(); ++i) {
    if (counts.divergences[i] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} {}x", text.empty() ? "" : ", ",
                   label(static_cast<model::DivergenceKind>(i)), counts.divergences[i]);
  }
  return text;
}

std::string record_counts(const tracker::StreamStatus& stream) {
  const std::uint64_t accounted = stream.received + stream.lost_in_ring;
  std::string text =
      fmt::format("{} emitted {} {} received + {} lost", stream.emitted,
                  stream.emitted == accounted ? "=" : "!=", stream.received, stream.lost_in_ring);
  if (stream.emitted != accounted) text += " (records are unaccounted for)";
  if (stream.side_recovered != 0) {
    fmt::format_to(std::back_inserter(text), "; {} recovered by the side program",
                   stream.side_recovered);
  }
  return text;
}

void add_losses(Lines& lines, const Summary& summary) {
  for (std::size_t i = 0; i < summary.lost.size(); ++i) {
    if (summary.lost[i] == 0) continue;
    const auto place = static_cast<tracker::LossPlace>(i);
    lines.add("lost",
              fmt::format("{} ({}): {}", summary.lost[i], label(place), explanation(place)));
  }
}

void add_left_out(Lines& lines, const tracker::StreamStatus& stream) {
  if (stream.mptcp_skipped != 0) {
    lines.add("left out", fmt::format("{} state change{} of MPTCP master sockets (their own state "
                                      "machine, RFC 8684)",
                                      stream.mptcp_skipped, plural(stream.mptcp_skipped)));
  }
  if (stream.filtered_out != 0) {
    lines.add("left out", fmt::format("{} state change{} by the filter in the kernel",
                                      stream.filtered_out, plural(stream.filtered_out)));
  }
}

void add_filter(Lines& lines, const Summary& summary) {
  if (summary.filter.empty()) return;
  if (summary.shown != 0) {
    lines.add("filter", summary.filter);
    return;
  }
  const bool others = summary.seen != 0 || summary.stream.filtered_out != 0;
  lines.add("filter", fmt::format("`{}` matched nothing; {}", summary.filter,
                                  others ? "other connections were active"
                                         : "no connection changed its state at all"));
}

}  // namespace

std::string_view explanation(tracker::LossPlace place) {
  switch (place) {
    case tracker::LossPlace::RingBuffer:
      return "the ring buffer was full; a larger --buffer-size helps";
    case tracker::LossPlace::Recursion:
      return "the kernel refused program runs that interrupted one of ours";
    case tracker::LossPlace::Malformed:
      return "records that could not be decoded";
    case tracker::LossPlace::Table:
      return "the table of connections was full, the quietest were forgotten";
    case tracker::LossPlace::Unseen:
      return "must have happened, were not seen, and no counter tells why";
  }
  return "";
}

std::string summary_text(const Summary& summary) {
  const tracker::TrackerCounts& counts = summary.counts;
  Lines lines;
  lines.title(fmt::format("tcptwin: {} state change{} of {} connection{} in {:.1f} s, {} shown",
                          summary.seen, plural(summary.seen), counts.connections,
                          plural(counts.connections),
                          std::chrono::duration<double>(summary.duration).count(), summary.shown));
  add_filter(lines, summary);
  lines.add("verdicts", verdict_counts(counts));
  if (const std::string deviations = deviation_counts(counts); !deviations.empty()) {
    lines.add("deviations", deviations + " (see `tcptwin explain ID`)");
  }
  if (const std::string divergences = divergence_counts(counts); !divergences.empty()) {
    lines.add("divergences", divergences);
  }
  if (counts.gaps != 0) {
    lines.add("gaps", fmt::format("{} detected, {} healed", counts.gaps, counts.healed));
  }
  lines.add("now",
            fmt::format("{} in TIME_WAIT, {} half-open", counts.time_wait, counts.half_open));
  lines.add("records", record_counts(summary.stream));
  add_losses(lines, summary);
  add_left_out(lines, summary.stream);
  return lines.take();
}

std::string loss_text(const tracker::Loss& loss) {
  return fmt::format("tcptwin: {} lost ({}): {}\n", loss.lost, label(loss.where),
                     explanation(loss.where));
}

}  // namespace tcptwin::sinks
