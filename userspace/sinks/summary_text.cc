// SPDX-License-Identifier: MIT
#include "sinks/summary_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "sinks/life_sorter.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

// A summary names the deviations that occurred most; the rest is in the count before them.
constexpr std::size_t kDeviationsNamed = 6;

std::string_view plural(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

// Endings and owners that are named; the rest is counted.
constexpr std::size_t kEndingsNamed = 8;
constexpr std::size_t kOwnersNamed = 10;
constexpr std::size_t kColumns = 100;
constexpr std::size_t kSortedKept = LifeSorter::kLimit;

class Lines {
 public:
  void add(std::string_view word, std::string_view content) {
    fmt::format_to(std::back_inserter(text_), "  {:<11} {}\n", word, content);
  }
  void title(std::string_view content) {
    fmt::format_to(std::back_inserter(text_), "{}\n", content);
  }
  void raw(std::string_view lines) { text_ += lines; }
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
  if (summary.subject == Subject::Stuck) {
    lines.add("filter", fmt::format("`{}` matched nothing that is stuck", summary.filter));
    return;
  }
  const bool others = summary.seen != 0 || summary.stream.filtered_out != 0;
  const std::string_view none = summary.subject == Subject::Lives
                                    ? "no connection ended"
                                    : "no connection changed its state at all";
  lines.add("filter", fmt::format("`{}` matched nothing; {}", summary.filter,
                                  others ? "other connections were active" : none));
}

// "97 closed by this host (local_close), 12 reset by the peer (rst_received)".
std::string ending_counts(const LifeFigures& lives) {
  std::string text;
  for (std::size_t i = 0; i < lives.endings.size() && i < kEndingsNamed; ++i) {
    const EndingCount& entry = lives.endings[i];
    fmt::format_to(std::back_inserter(text), "{}{} {} ({})", i == 0 ? "" : ", ", entry.count,
                   phrase(entry.ending), label(entry.ending.why));
  }
  if (lives.endings.size() > kEndingsNamed) {
    fmt::format_to(std::back_inserter(text), " and {} more kinds",
                   lives.endings.size() - kEndingsNamed);
  }
  return text;
}

std::string owner_counts(const LifeFigures& lives) {
  std::string text;
  std::uint64_t rest = lives.owners_beyond;
  for (std::size_t i = 0; i < lives.owners.size(); ++i) {
    if (i >= kOwnersNamed) {
      rest += lives.owners[i].count;
      continue;
    }
    fmt::format_to(std::back_inserter(text), "{}{} {}", i == 0 ? "" : ", ", lives.owners[i].comm,
                   lives.owners[i].count);
  }
  if (rest != 0) fmt::format_to(std::back_inserter(text), ", others {}", rest);
  return text;
}

void add_lives(Lines& lines, const LifeFigures& lives) {
  const std::string endings = ending_counts(lives);
  if (!endings.empty()) {
    std::string wrapped;
    append_wrapped(wrapped, "  endings     ", "              ", endings, kColumns);
    lines.raw(wrapped);
    wrapped.clear();
    append_wrapped(wrapped, "  owners      ", "              ", owner_counts(lives), kColumns);
    lines.raw(wrapped);
  }
  if (lives.joined != 0) {
    lines.add("joined", fmt::format("{} had both ends on this host", lives.joined));
  }
  if (lives.never_accepted != 0) {
    lines.add("unaccepted",
              fmt::format("{} ended before a process accepted them", lives.never_accepted));
  }
  if (lives.not_kept != 0) {
    lines.add("left out", fmt::format("{} connection{} below the largest {} kept for --sort",
                                      lives.not_kept, plural(lives.not_kept), kSortedKept));
  }
}

// The first line: what there was of the subject.
std::string title_text(const Summary& summary) {
  const double seconds = std::chrono::duration<double>(summary.duration).count();
  const std::uint64_t connections = summary.counts.connections;
  switch (summary.subject) {
    case Subject::Steps:
      return fmt::format("tcptwin: {} state change{} of {} connection{} in {:.1f} s, {} shown",
                         summary.seen, plural(summary.seen), connections, plural(connections),
                         seconds, summary.shown);
    case Subject::Lives:
      return fmt::format("tcptwin: {} connection{} ended in {:.1f} s, {} shown, {} still open",
                         summary.seen, plural(summary.seen), seconds, summary.shown,
                         summary.lives ? summary.lives->open : 0);
    case Subject::Stuck:
      return fmt::format("tcptwin: {} finding{} in {:.1f} s, {} shown", summary.seen,
                         plural(summary.seen), seconds, summary.shown);
  }
  return "";
}

std::string stuck_counts(const tracker::TrackerCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.stuck.size(); ++i) {
    if (counts.stuck[i] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", counts.stuck[i],
                   label(static_cast<tracker::StuckKind>(i)));
  }
  return text.empty() ? "none" : text;
}

// What censuses found, where it was anything.
std::string census_counts(const tracker::TrackerCounts& counts, std::uint64_t failed) {
  std::string text =
      fmt::format("{}: {} adopted, {} missing, {} ghosts, {} mismatches", counts.censuses,
                  counts.adopted, counts.missing, counts.ghosts, counts.mismatches);
  if (failed != 0) fmt::format_to(std::back_inserter(text), "; {} failed", failed);
  return text;
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
    case tracker::LossPlace::Recording:
      return "records that the recording lacks: the disk was full or too slow, or it is damaged";
  }
  return "";
}

std::string summary_text(const Summary& summary) {
  const tracker::TrackerCounts& counts = summary.counts;
  Lines lines;
  lines.title(title_text(summary));
  add_filter(lines, summary);
  if (summary.lives) add_lives(lines, *summary.lives);
  if (summary.subject == Subject::Stuck) lines.add("stuck", stuck_counts(counts));
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
  if (counts.censuses + summary.failed_censuses != 0) {
    lines.add("censuses", census_counts(counts, summary.failed_censuses));
  }
  if (counts.segments + counts.segments_crossing + counts.segments_passing != 0) {
    lines.add("segments",
              fmt::format("{}; {} seen again at another device, {} passing through",
                          counts.segments, counts.segments_crossing, counts.segments_passing));
  }
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
