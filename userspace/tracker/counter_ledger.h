// SPDX-License-Identifier: MIT
// What the kernel's own counters must show for the steps we reported, per network namespace: the
// cross-check of our labels against /proc/net/snmp and /proc/net/netstat. `doctor --watch` and the
// live tests compare; docs/cross-check.md shows the table. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "tracker/finding.h"

namespace tcptwin::tracker {

// How far a counter moved, or may have moved.
struct Increments {
  std::int64_t at_least = 0;
  std::int64_t at_most = 0;

  constexpr bool is_none() const { return at_least == 0 && at_most == 0; }
  friend constexpr bool operator==(const Increments&, const Increments&) = default;
};

// What a row's prediction is worth.
enum class CounterRelation : std::uint8_t {
  Exact,    // every increment belongs to a step, and every such step increments
  AtLeast,  // the kernel also counts what is no step
  AtMost,   // the kernel counts only some of these steps
};
std::string_view label(CounterRelation relation);  // "exact", "at_least", "at_most"

struct CounterRow {
  std::string_view name;  // "TW+TWKilled": their sum
  // The kernel's counters, "Tcp.ActiveOpens"; the second is "" unless two are added up.
  std::array<std::string_view, 2> kernel;
  CounterRelation relation;
  std::string_view counts;  // what we count, in our words
  std::string_view where;   // the kernel functions that count
  std::string_view note;    // why no more than a bound, or what to know; may be ""
  // Whether the row depends on why a change happened, not just on that it did: then a step whose
  // cause is not proven only may count.
  bool by_cause;
  bool is_level;                     // goes up and down
  bool (*is_place)(const Step&);     // whether such a change can count at all
  Increments (*count)(const Step&);  // asked only if it is
};

std::span<const CounterRow> counter_rows();
inline constexpr std::size_t kCounterRows = 21;

// How `step` moves the row's counter; nothing if it does not count.
Increments increments(const CounterRow& row, const Step& step);

// What the ledger expects of one counter since the namespace's page was opened. Without an upper
// bound nothing is too much.
struct Expected {
  std::int64_t at_least = 0;
  std::optional<std::int64_t> at_most;

  bool holds(std::int64_t kernel) const {
    return kernel >= at_least && (!at_most || kernel <= *at_most);
  }
  // 0 if it holds; else how far the kernel's figure is out of bounds.
  std::int64_t difference(std::int64_t kernel) const;
  friend bool operator==(const Expected&, const Expected&) = default;
};

// Why a page proves nothing.
enum class Unproven : std::uint8_t {
  No,
  Lost,       // events were lost: steps are missing
  Corrected,  // a census found that steps are missing
};
std::string_view label(Unproven unproven);    // "", "lost", "corrected"
std::string_view summary(Unproven unproven);  // one sentence

class CounterLedger final : public FindingHandler {
 public:
  // Steps with the time of their event inside [from, to] may or may not be in the kernel's figures
  // that the page is compared with; earlier ones are. A page is opened by itself, at the beginning
  // of time, for a namespace that was not there before.
  void open_page(std::uint32_t netns, KernelTime from, KernelTime to);

  void on_step(const Step& step) override;
  void on_divergence(const Divergence&) override {}
  void on_loss(const Loss& loss) override;
  void on_call_path(const CallPath&) override {}
  void on_reconciliation(const Reconciliation& reconciliation) override;

  struct Page {
    std::array<Increments, kCounterRows> rows{};
    Unproven unproven = Unproven::No;
    std::uint64_t steps = 0;          // counted here
    std::uint64_t not_judged = 0;     // of these, without a proven cause: bounds are wider
    std::uint64_t mptcp = 0;          // of these, of MPTCP subflows: likewise
    std::uint64_t while_opening = 0;  // of these, in the moment the page was opened: likewise
    KernelTime from{};
    KernelTime to{};
  };
  const std::map<std::uint32_t, Page>& pages() const { return pages_; }
  const Page* page(std::uint32_t netns) const;
  void close_page(std::uint32_t netns) { pages_.erase(netns); }
  // Steps of namespaces beyond the limit.
  std::uint64_t left_out() const { return left_out_; }

  static constexpr std::size_t kPages = 4096;  // containers on one host, with room

 private:
  Page* page_for(std::uint32_t netns);
  void mark_all(Unproven unproven);

  std::map<std::uint32_t, Page> pages_;
  std::uint64_t left_out_ = 0;
};

// A page's row as it can be compared: `index` counts in counter_rows().
Expected expected(const CounterLedger::Page& page, std::size_t index);

}  // namespace tcptwin::tracker
