// SPDX-License-Identifier: MIT
#include "tracker/counter_ledger.h"

#include <algorithm>

namespace tcptwin::tracker {

std::string_view label(CounterRelation relation) {
  switch (relation) {
    case CounterRelation::Exact:
      return "exact";
    case CounterRelation::AtLeast:
      return "at_least";
    case CounterRelation::AtMost:
      return "at_most";
  }
  return "";
}

std::string_view label(Unproven unproven) {
  switch (unproven) {
    case Unproven::No:
      return "";
    case Unproven::Lost:
      return "lost";
    case Unproven::Corrected:
      return "corrected";
  }
  return "";
}

std::string_view summary(Unproven unproven) {
  switch (unproven) {
    case Unproven::No:
      return "";
    case Unproven::Lost:
      return "events were lost, so steps are missing";
    case Unproven::Corrected:
      return "a census had to set the mirror right, so steps are missing";
  }
  return "";
}

std::int64_t Expected::difference(std::int64_t kernel) const {
  if (kernel < at_least) return kernel - at_least;
  if (at_most && kernel > *at_most) return kernel - *at_most;
  return 0;
}

Expected expected(const CounterLedger::Page& page, std::size_t index) {
  const Increments sum = page.rows[index];
  switch (counter_rows()[index].relation) {
    case CounterRelation::Exact:
      return {sum.at_least, sum.at_most};
    case CounterRelation::AtLeast:
      return {sum.at_least, std::nullopt};
    case CounterRelation::AtMost:
      return {0, sum.at_most};
  }
  return {};
}

void CounterLedger::open_page(std::uint32_t netns, KernelTime from, KernelTime to) {
  pages_.erase(netns);
  Page* page = page_for(netns);
  if (page == nullptr) return;
  page->from = from;
  page->to = to;
}

const CounterLedger::Page* CounterLedger::page(std::uint32_t netns) const {
  const auto found = pages_.find(netns);
  return found == pages_.end() ? nullptr : &found->second;
}

CounterLedger::Page* CounterLedger::page_for(std::uint32_t netns) {
  const auto found = pages_.find(netns);
  if (found != pages_.end()) return &found->second;
  if (pages_.size() >= kPages) return nullptr;
  return &pages_[netns];
}

void CounterLedger::on_step(const Step& step) {
  Page* page = page_for(step.connection.tuple.netns);
  if (page == nullptr) {
    ++left_out_;
    return;
  }
  if (step.time < page->from) return;
  const bool while_opening = step.time <= page->to;
  const bool is_judged =
      step.verdict == model::Verdict::Conformant || step.verdict == model::Verdict::Deviation;
  ++page->steps;
  if (!is_judged) ++page->not_judged;
  if (step.connection.mptcp) ++page->mptcp;
  if (while_opening) ++page->while_opening;
  // The twin was set right: what came before this step is missing.
  if (step.verdict == model::Verdict::Gap) page->unproven = Unproven::Lost;
  for (std::size_t i = 0; i < kCounterRows; ++i) {
    Increments moved = increments(counter_rows()[i], step);
    if (while_opening) {
      moved = {std::min<std::int64_t>(moved.at_least, 0), std::max<std::int64_t>(moved.at_most, 0)};
    }
    page->rows[i].at_least += moved.at_least;
    page->rows[i].at_most += moved.at_most;
  }
}

void CounterLedger::on_loss(const Loss& loss) {
  if (loss.lost > 0) mark_all(Unproven::Lost);
}

void CounterLedger::on_reconciliation(const Reconciliation& reconciliation) {
  const bool corrected =
      reconciliation.missing + reconciliation.ghosts + reconciliation.mismatches > 0;
  if (corrected) mark_all(Unproven::Corrected);
}

// A loss names no namespace.
void CounterLedger::mark_all(Unproven unproven) {
  for (auto& [netns, page] : pages_) {
    if (page.unproven == Unproven::No) page.unproven = unproven;
  }
}

}  // namespace tcptwin::tracker
