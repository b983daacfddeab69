// SPDX-License-Identifier: MIT
#include "kernel/counter_check.h"

#include <optional>
#include <stdexcept>

#include "tracker/counter_ledger.h"

namespace tcptwin::testing {
namespace {

using tracker::CounterRow;
using tracker::Expected;

std::string bounds_text(const Expected& expected) {
  const std::string at_least = std::to_string(expected.at_least);
  if (!expected.at_most) return "at least " + at_least;
  if (*expected.at_most == expected.at_least) return at_least;
  return at_least + ".." + std::to_string(*expected.at_most);
}

std::string difference_text(const CounterRow& row, std::int64_t kernel, const Expected& expected,
                            const Findings& findings) {
  std::string text = "  " + std::string{row.name} + ": the kernel counted " +
                     std::to_string(kernel) + ", the steps predict " + bounds_text(expected) +
                     " (" + std::string{row.where} + ")\n";
  for (const tracker::Step& step : findings.steps) {
    const tracker::Increments moved = tracker::increments(row, step);
    if (moved.is_none()) continue;
    text += "    +" + std::to_string(moved.at_least) +
            (moved.at_most == moved.at_least ? "" : ".." + std::to_string(moved.at_most)) + " " +
            to_text(step) + "\n";
  }
  return text;
}

// How far the row's counters moved; nullopt if this kernel has none of them.
std::optional<std::int64_t> movement(const CounterRow& row, const sources::KernelCounters& before,
                                     const sources::KernelCounters& after) {
  std::int64_t moved = 0;
  for (const std::string_view name : row.kernel) {
    if (name.empty()) continue;
    const auto now = after.value(name);
    if (!now) return std::nullopt;
    moved += *now - before.value(name).value_or(0);
  }
  return moved;
}

}  // namespace

sources::KernelCounters counters_of(const NetworkNamespace& network) {
  const auto visit = network.enter();
  const auto counters = sources::read_kernel_counters("/proc/thread-self/net");
  if (!counters) throw std::runtime_error(counters.error().what);
  return counters.value();
}

std::string counter_differences(const sources::KernelCounters& before,
                                const sources::KernelCounters& after, std::uint32_t netns,
                                const Findings& findings,
                                const std::set<std::string, std::less<>>& excepted) {
  const tracker::CounterLedger::Page nothing;
  const auto* page = findings.ledger.page(netns);
  if (page == nullptr) page = &nothing;
  if (page->unproven != tracker::Unproven::No) return "";
  std::string differences;
  for (std::size_t i = 0; i < tracker::kCounterRows; ++i) {
    const CounterRow& row = tracker::counter_rows()[i];
    const auto kernel = movement(row, before, after);
    const Expected expected = tracker::expected(*page, i);
    if (!kernel || expected.holds(*kernel) || excepted.contains(row.name)) continue;
    differences += difference_text(row, *kernel, expected, findings);
  }
  return differences;
}

}  // namespace tcptwin::testing
