// SPDX-License-Identifier: MIT
#include "commands/counter_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sinks/json_text.h"

namespace tcptwin::commands {
namespace {

using tracker::counter_rows;
using tracker::CounterRow;
using tracker::Expected;

constexpr std::string_view kNormal = "\x1b[0m";
constexpr int kSchemaVersion = 1;

using Entry = std::pair<std::uint32_t, const WatchedNamespace*>;

bool has_moved(const JudgedCounter& counter) {
  if (counter.verdict == CounterVerdict::Absent) return false;
  return counter.kernel != 0 || counter.expected.at_least != 0 ||
         counter.expected.at_most.value_or(0) != 0 || counter.difference != 0;
}

bool has_moved(const WatchedNamespace& watched) {
  return watched.steps > 0 || std::ranges::any_of(watched.counters, [](const auto& counter) {
           return has_moved(counter);
         });
}

std::vector<Entry> in_order(const CounterWatch& watch) {
  std::vector<Entry> entries;
  for (const auto& [netns, watched] : watch.namespaces()) {
    if (has_moved(watched)) entries.emplace_back(netns, &watched);
  }
  std::ranges::stable_sort(entries, [](const Entry& left, const Entry& right) {
    const auto rank = [](const WatchedNamespace& watched) {
      return std::tuple{watched.differs(), watched.is_own, watched.steps};
    };
    return rank(*left.second) > rank(*right.second);
  });
  return entries;
}

std::string predicted_text(const Expected& expected) {
  if (!expected.at_most) return fmt::format(">= {}", expected.at_least);
  if (*expected.at_most == expected.at_least) return fmt::format("{}", expected.at_least);
  return fmt::format("{}..{}", expected.at_least, *expected.at_most);
}

// For a person: what the verdict says of this row.
std::string_view words(const JudgedCounter& counter) {
  switch (counter.verdict) {
    case CounterVerdict::Agrees:
      return "agrees";
    case CounterVerdict::Holds:
      if (!counter.expected.at_most) return "at least";
      return counter.expected.at_least == 0 ? "at most" : "in between";
    case CounterVerdict::Settling:
      return "settling";
    case CounterVerdict::Differs:
      return "differs";
    case CounterVerdict::CannotTell:
      return "cannot tell";
    case CounterVerdict::Absent:
      return "absent";
  }
  return "";
}

std::string_view colour_of(CounterVerdict verdict) {
  switch (verdict) {
    case CounterVerdict::Agrees:
    case CounterVerdict::Holds:
      return "\x1b[32m";
    case CounterVerdict::Settling:
    case CounterVerdict::Absent:
      return "";
    case CounterVerdict::Differs:
      return "\x1b[1;31m";
    case CounterVerdict::CannotTell:
      return "\x1b[33m";
  }
  return "";
}

std::string row_text(const CounterRow& row, const JudgedCounter& counter, bool coloured) {
  const std::string difference =
      counter.difference == 0 ? "-" : fmt::format("{:+}", counter.difference);
  const std::string_view colour = coloured ? colour_of(counter.verdict) : "";
  return fmt::format("  {:<20} {:>12} {:>14} {:>10}  {}{}{}\n", row.name, counter.kernel,
                     predicted_text(counter.expected), difference, colour, words(counter),
                     colour.empty() ? "" : kNormal);
}

std::string namespace_text(const Entry& entry, KernelTime now, bool coloured) {
  const auto& [netns, watched] = entry;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - watched->since).count();
  std::string text =
      fmt::format("network namespace {}{}: {} state changes in {} s\n", netns,
                  watched->is_own ? " (this one)" : "", watched->steps, std::max<long>(age, 0));
  if (watched->unproven != tracker::Unproven::No) {
    fmt::format_to(std::back_inserter(text), "  {}; counted anew from here\n",
                   tracker::summary(watched->unproven));
  } else if (watched->restarts > 0) {
    fmt::format_to(std::back_inserter(text), "  counted anew {}x after lost events\n",
                   watched->restarts);
  }
  fmt::format_to(std::back_inserter(text), "  {:<20} {:>12} {:>14} {:>10}  {}\n", "COUNTER",
                 "KERNEL", "PREDICTED", "DIFFERENCE", "VERDICT");
  std::size_t resting = 0;
  for (std::size_t i = 0; i < tracker::kCounterRows; ++i) {
    if (has_moved(watched->counters[i])) {
      text += row_text(counter_rows()[i], watched->counters[i], coloured);
    } else {
      ++resting;
    }
  }
  if (resting > 0) {
    fmt::format_to(std::back_inserter(text), "  and {} counters at 0, as predicted\n", resting);
  }
  return text;
}

void add_times(sinks::JsonText& json, KernelTime now, const sinks::ClockMapping& clock) {
  json.string("time", sinks::rfc3339_time(clock, now).view());
  json.number("mono_ns", to_ns(now));
}

void add_counter(sinks::JsonText& json, const CounterRow& row, const JudgedCounter& counter) {
  json.begin_element();
  json.string("counter", row.name);
  json.string("relation", label(row.relation));
  json.number("kernel", counter.kernel);
  json.number("at_least", counter.expected.at_least);
  if (counter.expected.at_most) {
    json.number("at_most", *counter.expected.at_most);
  } else {
    json.null("at_most");
  }
  json.number("difference", counter.difference);
  json.string("verdict", label(counter.verdict));
  json.end_object();
}

}  // namespace

std::string counter_table(const CounterWatch& watch, KernelTime now,
                          const CounterTableOptions& options) {
  std::string text;
  std::size_t lines = 1;  // for the last line
  std::size_t hidden = 0;
  for (const Entry& entry : in_order(watch)) {
    const std::string block = namespace_text(entry, now, options.coloured);
    const auto height = static_cast<std::size_t>(std::ranges::count(block, '\n')) + 1;
    if (hidden > 0 || (!text.empty() && options.lines != 0 && lines + height > options.lines)) {
      ++hidden;
      continue;
    }
    text += (text.empty() ? "" : "\n") + block;
    lines += height;
  }
  if (text.empty()) return "no connection has changed its state yet\n";
  if (hidden > 0) {
    text += fmt::format("and {} more network namespace{}\n", hidden, hidden == 1 ? "" : "s");
  }
  return text;
}

std::string counter_json(const CounterWatch& watch, KernelTime now,
                         const sinks::ClockMapping& clock) {
  std::string text;
  for (const auto& [netns, watched] : in_order(watch)) {
    sinks::JsonText json;
    json.begin_object();
    json.number("schema", kSchemaVersion);
    json.string("type", "counters");
    add_times(json, now, clock);
    json.number("netns", netns);
    json.boolean("own", watched->is_own);
    json.number("watched_us", to_us(now - watched->since));
    json.number("steps", watched->steps);
    json.number("restarts", watched->restarts);
    json.string("unproven", label(watched->unproven));
    json.begin_array("counters");
    for (std::size_t i = 0; i < tracker::kCounterRows; ++i) {
      add_counter(json, counter_rows()[i], watched->counters[i]);
    }
    json.end_array();
    json.end_object();
    json.end_line();
    text += json.view();
  }
  return text;
}

CounterSummary summarize(const CounterWatch& watch) {
  CounterSummary summary;
  for (const auto& [netns, watched] : in_order(watch)) {
    ++summary.namespaces;
    summary.steps += watched->steps;
    summary.restarts += watched->restarts;
    if (watched->differs()) {
      ++summary.differ;
    } else if (watched->unproven != tracker::Unproven::No || watched->is_settling()) {
      ++summary.cannot_tell;
    } else {
      ++summary.agree;
    }
  }
  summary.differ += watch.forgotten_differing();
  summary.forgotten = watch.forgotten();
  summary.left_out = watch.ledger().left_out();
  return summary;
}

std::string counter_summary_text(const CounterSummary& summary, Duration length) {
  const double seconds = std::chrono::duration<double>(length).count();
  std::string text = fmt::format(
      "\ntcptwin: {} state changes in {} network namespace{} in {:.1f} s\n  counters    {} "
      "agree, {} differ, {} cannot tell\n",
      summary.steps, summary.namespaces, summary.namespaces == 1 ? "" : "s", seconds, summary.agree,
      summary.differ, summary.cannot_tell);
  const auto line = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) fmt::format_to(std::back_inserter(text), "  {:<11} {}\n", count, what);
  };
  line(summary.restarts, "times counted anew, because events were lost");
  line(summary.forgotten, "network namespaces ended, or could not be read");
  line(summary.left_out, "state changes in network namespaces beyond the limit");
  return text;
}

std::string counter_summary_json(const CounterSummary& summary, KernelTime now,
                                 const sinks::ClockMapping& clock) {
  sinks::JsonText json;
  json.begin_object();
  json.number("schema", kSchemaVersion);
  json.string("type", "counters_summary");
  add_times(json, now, clock);
  json.number("namespaces", summary.namespaces);
  json.number("agree", summary.agree);
  json.number("differ", summary.differ);
  json.number("cannot_tell", summary.cannot_tell);
  json.number("steps", summary.steps);
  json.number("restarts", summary.restarts);
  json.number("forgotten", summary.forgotten);
  json.number("left_out", summary.left_out);
  json.end_object();
  json.end_line();
  return std::string{json.view()};
}

}  // namespace tcptwin::commands
