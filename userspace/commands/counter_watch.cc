// SPDX-License-Identifier: MIT
#include "commands/counter_watch.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace tcptwin::commands {
namespace {

using tracker::CounterRelation;
using tracker::CounterRow;
using tracker::Expected;
using tracker::Unproven;

std::optional<std::int64_t> figure(const CounterRow& row, const sources::KernelCounters& counters) {
  std::int64_t sum = 0;
  for (const std::string_view name : row.kernel) {
    if (name.empty()) continue;
    const auto value = counters.value(name);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum;
}

std::int64_t movement(const CounterRow& row, const sources::KernelCounters& from,
                      const sources::KernelCounters& to) {
  return figure(row, to).value_or(0) - figure(row, from).value_or(0);
}

// How far a counter that moved from `before` to `after` during the look was out of bounds at every
// moment of it.
std::int64_t difference(const Expected& expected, std::int64_t before, std::int64_t after) {
  const std::int64_t lowest = std::min(before, after);
  const std::int64_t highest = std::max(before, after);
  if (expected.at_most && lowest > *expected.at_most) return lowest - *expected.at_most;
  return highest < expected.at_least ? highest - expected.at_least : 0;
}

bool is_settled(const JudgedCounter& counter) {
  return std::abs(counter.looks_out_of_bounds) >= CounterWatch::kLooks;
}

void count_look(JudgedCounter& counter) {
  int& looks = counter.looks_out_of_bounds;
  if (counter.difference == 0) {
    looks = 0;
  } else if (counter.difference > 0) {
    looks = std::min(std::max(looks, 0) + 1, CounterWatch::kLooks);
  } else {
    looks = std::max(std::min(looks, 0) - 1, -CounterWatch::kLooks);
  }
}

CounterVerdict verdict_of(const JudgedCounter& counter, Unproven unproven) {
  if (unproven != Unproven::No) return CounterVerdict::CannotTell;
  if (counter.difference != 0) {
    return is_settled(counter) ? CounterVerdict::Differs : CounterVerdict::Settling;
  }
  const bool is_exact = counter.expected.at_most == counter.expected.at_least;
  return is_exact ? CounterVerdict::Agrees : CounterVerdict::Holds;
}

bool starts_from_nothing(const tracker::CounterLedger::Page& page,
                         const sources::KernelCounters& counters) {
  for (std::size_t i = 0; i < tracker::kCounterRows; ++i) {
    const auto kernel = figure(tracker::counter_rows()[i], counters);
    if (kernel && !tracker::expected(page, i).holds(*kernel)) return false;
  }
  return true;
}

}  // namespace

std::string_view label(CounterVerdict verdict) {
  switch (verdict) {
    case CounterVerdict::Agrees:
      return "agrees";
    case CounterVerdict::Holds:
      return "holds";
    case CounterVerdict::Settling:
      return "settling";
    case CounterVerdict::Differs:
      return "differs";
    case CounterVerdict::CannotTell:
      return "cannot_tell";
    case CounterVerdict::Absent:
      return "absent";
  }
  return "";
}

bool WatchedNamespace::differs() const {
  return std::ranges::any_of(counters, [](const JudgedCounter& counter) {
    return counter.verdict == CounterVerdict::Differs;
  });
}

bool WatchedNamespace::is_settling() const {
  return std::ranges::any_of(counters, [](const JudgedCounter& counter) {
    return counter.verdict == CounterVerdict::Settling;
  });
}

void CounterWatch::open(const Reading& reading) {
  ledger_.open_page(reading.netns, reading.from - kLag, reading.to + kLag);
  WatchedNamespace& watched = namespaces_[reading.netns];
  watched.is_own = reading.is_own;
  watched.since = reading.to;
  watched.at_start = reading.counters;
  watched.before = reading.counters;
  watched.counters = {};
}

// A namespace that nobody showed us at the start: a new one counts from zero, of which its figures
// are the proof. Any other is watched from here on.
void CounterWatch::meet(const Reading& reading) {
  const auto* page = ledger_.page(reading.netns);
  if (page == nullptr || !starts_from_nothing(*page, reading.counters)) {
    open(reading);
    return;
  }
  WatchedNamespace& watched = namespaces_[reading.netns];
  watched.is_own = reading.is_own;
  watched.since = reading.from;
}

void CounterWatch::first_reading(const Reading& reading) {
  if (!namespaces_.contains(reading.netns)) meet(reading);
  WatchedNamespace& watched = namespaces_[reading.netns];
  watched.before = reading.counters;
  const auto* page = ledger_.page(reading.netns);
  watched.steps_before = page == nullptr ? 0 : page->steps;
}

void CounterWatch::second_reading(const Reading& reading) {
  const auto found = namespaces_.find(reading.netns);
  const auto* page = ledger_.page(reading.netns);
  if (found == namespaces_.end() || page == nullptr) return;
  WatchedNamespace& watched = found->second;
  watched.steps = page->steps;
  watched.unproven = page->unproven;
  const bool is_quiet = page->steps == watched.steps_before;
  for (std::size_t i = 0; i < tracker::kCounterRows; ++i) {
    const CounterRow& row = tracker::counter_rows()[i];
    JudgedCounter& counter = watched.counters[i];
    if (!figure(row, reading.counters)) {
      counter.verdict = CounterVerdict::Absent;
      continue;
    }
    const std::int64_t before = movement(row, watched.at_start, watched.before);
    counter.kernel = movement(row, watched.at_start, reading.counters);
    counter.expected = tracker::expected(*page, i);
    // A level can rise and fall between two readings.
    if (row.is_level && !(is_quiet && before == counter.kernel)) {
      counter.difference = 0;
    } else {
      counter.difference = difference(counter.expected, before, counter.kernel);
      count_look(counter);
    }
    counter.verdict = verdict_of(counter, page->unproven);
  }
  if (page->unproven == Unproven::No) return;
  // What is lost stays lost: count anew from here.
  const std::array judged = watched.counters;
  const std::uint32_t restarts = watched.restarts + 1;
  open(reading);
  watched.restarts = restarts;
  watched.counters = judged;
  for (JudgedCounter& counter : watched.counters) counter.looks_out_of_bounds = 0;
}

void CounterWatch::forget(std::uint32_t netns) {
  ledger_.close_page(netns);
  const auto found = namespaces_.find(netns);
  if (found == namespaces_.end()) return;
  ++forgotten_;
  if (found->second.differs()) ++forgotten_differing_;
  namespaces_.erase(found);
}

}  // namespace tcptwin::commands
