// SPDX-License-Identifier: MIT
// Which steps the kernel's counters must show. The live scenarios prove the table against the
// kernel; here are its edges, and what makes it modest.
#include "tracker/counter_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>

namespace tcptwin::tracker {
namespace {

using namespace std::chrono_literals;
using enum model::State;
using model::Cause;
using model::Holder;
using model::MirrorState;
using model::ResetSent;
using model::Verdict;

constexpr std::uint32_t kNetns = 42;

KernelTime at(Duration time) {
  return KernelTime{time};
}

std::size_t place_of(std::string_view name) {
  const auto rows = counter_rows();
  const auto found = std::ranges::find(rows, name, &CounterRow::name);
  if (found == rows.end()) throw std::out_of_range(std::string{name});
  return static_cast<std::size_t>(found - rows.begin());
}

Increments increments(std::string_view name, const Step& step) {
  return tracker::increments(counter_rows()[place_of(name)], step);
}

Step step(MirrorState from, MirrorState to, Cause cause, Verdict verdict = Verdict::Conformant) {
  Step step{};
  step.time = at(1s);
  step.connection.tuple.netns = kNetns;
  step.from = from;
  step.to = to;
  step.cause = cause;
  step.verdict = verdict;
  step.evidence = model::Evidence{};
  return step;
}
Step step(model::State from, model::State to, Cause cause, Verdict verdict = Verdict::Conformant) {
  return step(MirrorState{from}, MirrorState{to}, cause, verdict);
}

Step with_reset_after(Step step, ResetSent reset) {
  step.evidence->reset_sent_after = reset;
  return step;
}

constexpr Increments kNone{0, 0};
constexpr Increments kOne{1, 1};
constexpr Increments kPerhaps{0, 1};

const Step kUnreadAbort = step(Established, Closed, Cause::CloseUnreadAbort);

TEST(CounterRows, are_as_many_as_they_say_and_have_different_names) {
  std::set<std::string_view> names;
  for (const CounterRow& row : counter_rows()) {
    EXPECT_FALSE(row.name.empty());
    EXPECT_FALSE(row.kernel[0].empty()) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const bool needs_reason = row.relation != CounterRelation::Exact;
    EXPECT_FALSE(needs_reason && row.note.empty()) << row.name << ": a bound needs its reason";
  }
  EXPECT_EQ(names.size(), kCounterRows);
}

TEST(CounterRows, a_connect_that_never_got_its_syn_out_is_taken_back) {
  EXPECT_EQ(increments("ActiveOpens", step(Closed, SynSent, Cause::ActiveOpen)), kOne);
  EXPECT_EQ(increments("ActiveOpens", step(SynSent, Closed, Cause::ConnectFailedLocal)),
            (Increments{-1, -1}));
  EXPECT_EQ(increments("ActiveOpens", step(Closed, SynSent, Cause::RepairOpen)), kNone);
  EXPECT_EQ(increments("ActiveOpens", step(SynSent, Closed, Cause::RstReceived)), kNone);
}

TEST(CounterRows, a_deferred_fast_open_counts_once_its_syn_is_known_to_be_sent) {
  const Step opened = step(Closed, SynSent, Cause::TfoDeferredOpen);
  Step left = step(SynSent, Closed, Cause::CloseInSynSent);
  left.evidence->snapshot.fastopen_connect = true;
  EXPECT_EQ(increments("ActiveOpens", opened), kPerhaps);
  EXPECT_EQ(increments("ActiveOpens", left), (Increments{0, -1}));
  left.evidence->snapshot.segs_out = 1;
  EXPECT_EQ(increments("ActiveOpens", left), (Increments{1, 0}));
  left.connection.adopted = true;  // it may have been sent before we came
  EXPECT_EQ(increments("ActiveOpens", left), kPerhaps);
}

TEST(CounterRows, every_birth_of_a_child_is_a_passive_open_and_nothing_else_is) {
  const MirrorState half_open{SynReceived, Holder::RequestSocket};
  EXPECT_EQ(increments("PassiveOpens", step(half_open, {SynReceived}, Cause::ChildFromRequest)),
            kOne);
  EXPECT_EQ(increments("PassiveOpens", step(Listen, SynReceived, Cause::ChildFromTfo)), kOne);
  EXPECT_EQ(increments("PassiveOpens", step({Listen}, half_open, Cause::SynReceived)), kNone);
  EXPECT_EQ(increments("PassiveOpens", step(SynSent, SynReceived, Cause::SimultaneousOpen)), kNone);
}

TEST(CounterRows, a_reset_fast_open_child_is_counted_twice) {
  Step reset = step(SynReceived, Closed, Cause::RstReceived);
  EXPECT_EQ(increments("AttemptFails", reset), kOne);  // simultaneous open
  reset.connection.role = Role::Passive;
  EXPECT_EQ(increments("AttemptFails", reset), (Increments{2, 2}));
}

TEST(CounterRows, a_dropped_request_may_or_may_not_count) {
  const Step dropped = step({SynReceived, Holder::RequestSocket}, {Closed}, Cause::RequestDropped);
  EXPECT_EQ(increments("AttemptFails", dropped), kPerhaps);
  EXPECT_EQ(increments("EmbryonicRsts", dropped), kPerhaps);
}

TEST(CounterRows, close_wait_counts_as_established) {
  EXPECT_EQ(increments("CurrEstab", step(SynSent, Established, Cause::SynackAccepted)), kOne);
  EXPECT_EQ(increments("CurrEstab", step(Established, CloseWait, Cause::FinReceived)), kNone);
  EXPECT_EQ(increments("CurrEstab", step(CloseWait, LastAck, Cause::LocalCloseAfterFin)),
            (Increments{-1, -1}));
  EXPECT_EQ(increments("EstabResets", step(CloseWait, Closed, Cause::RstReceived)), kOne);
  EXPECT_EQ(increments("EstabResets", step(FinWait1, Closed, Cause::RstReceived)), kNone);
}

TEST(CounterRows, the_reset_tells_which_linger2_it_was) {
  const Step abort = step(FinWait2, Closed, Cause::Linger2Abort);
  const Step by_close = with_reset_after(abort, ResetSent::Active);
  const Step by_segment = with_reset_after(abort, ResetSent::AnsweringSegment);
  EXPECT_EQ(increments("TCPAbortOnLinger", by_close), kOne);
  EXPECT_EQ(increments("TCPAbortOnData", by_close), kNone);
  EXPECT_EQ(increments("TCPAbortOnLinger", by_segment), kNone);
  EXPECT_EQ(increments("TCPAbortOnData", by_segment), kOne);
}

TEST(CounterRows, an_orphan_given_up_by_its_keepalive_timer_is_no_lack_of_memory) {
  Step step_of = step(FinWait2, Closed, Cause::OrphanResourceAbort);
  EXPECT_EQ(increments("TCPAbortOnMemory", step_of), kPerhaps);
  step_of.evidence->reset_sent_before = ResetSent::Active;
  EXPECT_EQ(increments("TCPAbortOnMemory", step_of), kNone);
  step_of.from = {FinWait1};
  EXPECT_EQ(increments("TCPAbortOnMemory", step_of), kOne);
}

TEST(CounterRows, only_a_socket_starts_a_minisocket) {
  const MirrorState fin_wait2{FinWait2, Holder::Minisocket};
  const MirrorState time_wait{TimeWait, Holder::Minisocket};
  EXPECT_EQ(increments("TW+TWKilled", step({FinWait2}, time_wait, Cause::TimeWaitEntered)), kOne);
  EXPECT_EQ(increments("TW+TWKilled", step({FinWait2}, fin_wait2, Cause::OrphanFinWait2Handover)),
            kOne);
  EXPECT_EQ(increments("TW+TWKilled", step(fin_wait2, time_wait, Cause::TimeWaitEntered)), kNone);
}

TEST(CounterRows, what_is_not_proven_only_may_count_but_states_are_facts) {
  for (const Verdict verdict : {Verdict::Unverified, Verdict::Divergence}) {
    Step open_question = kUnreadAbort;
    open_question.verdict = verdict;
    EXPECT_EQ(increments("TCPAbortOnClose", open_question), kPerhaps);
    EXPECT_EQ(increments("TCPAbortOnData", open_question), kPerhaps);
    EXPECT_EQ(increments("AttemptFails", open_question), kNone);  // not out of a handshake
    EXPECT_EQ(increments("EstabResets", open_question), kOne);
    EXPECT_EQ(increments("CurrEstab", open_question), (Increments{-1, -1}));
  }
  Step subflow = kUnreadAbort;
  subflow.connection.mptcp = true;
  EXPECT_EQ(increments("TCPAbortOnClose", subflow), kPerhaps);
}

TEST(CounterLedger, adds_up_by_namespace) {
  CounterLedger ledger;
  ledger.on_step(kUnreadAbort);
  ledger.on_step(kUnreadAbort);
  Step elsewhere = kUnreadAbort;
  elsewhere.connection.tuple.netns = 43;
  ledger.on_step(elsewhere);
  const std::size_t row = place_of("TCPAbortOnClose");
  EXPECT_EQ(expected(*ledger.page(kNetns), row), (Expected{2, 2}));
  EXPECT_EQ(expected(*ledger.page(43), row), (Expected{1, 1}));
  EXPECT_EQ(ledger.page(44), nullptr);
}

TEST(CounterLedger, bounds_are_as_the_relation_says) {
  CounterLedger ledger;
  ledger.on_step(with_reset_after(kUnreadAbort, ResetSent::Active));
  const auto& page = *ledger.page(kNetns);
  EXPECT_EQ(expected(page, place_of("OutRsts")), (Expected{1, std::nullopt}));
  EXPECT_EQ(expected(page, place_of("TCPAbortFailed")), (Expected{0, 1}));
}

TEST(CounterLedger, what_was_before_its_page_does_not_count_and_what_was_beside_it_may) {
  CounterLedger ledger;
  ledger.open_page(kNetns, at(2s), at(3s));
  Step step = kUnreadAbort;
  const std::size_t row = place_of("TCPAbortOnClose");
  step.time = at(1s);
  ledger.on_step(step);
  EXPECT_EQ(expected(*ledger.page(kNetns), row), (Expected{0, 0}));
  step.time = at(2500ms);
  ledger.on_step(step);
  EXPECT_EQ(expected(*ledger.page(kNetns), row), (Expected{0, 1}));
  EXPECT_EQ(expected(*ledger.page(kNetns), place_of("CurrEstab")), (Expected{-1, 0}));
  step.time = at(4s);
  ledger.on_step(step);
  EXPECT_EQ(expected(*ledger.page(kNetns), row), (Expected{1, 2}));
  EXPECT_EQ(ledger.page(kNetns)->steps, 2u);
}

TEST(CounterLedger, a_gap_spoils_its_page_and_a_loss_all_of_them) {
  CounterLedger ledger;
  Step elsewhere = kUnreadAbort;
  elsewhere.connection.tuple.netns = 43;
  elsewhere.verdict = Verdict::Gap;
  ledger.on_step(kUnreadAbort);
  ledger.on_step(elsewhere);
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::No);
  EXPECT_EQ(ledger.page(43)->unproven, Unproven::Lost);
  ledger.on_loss(Loss{at(1s), LossPlace::RingBuffer, 0});
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::No);
  ledger.on_loss(Loss{at(1s), LossPlace::RingBuffer, 1});
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::Lost);
  ledger.open_page(kNetns, at(5s), at(5s));
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::No);
}

TEST(CounterLedger, a_census_that_had_to_correct_the_mirror_spoils_every_page) {
  CounterLedger ledger;
  ledger.on_step(kUnreadAbort);
  Reconciliation reconciliation{};
  ledger.on_reconciliation(reconciliation);
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::No);
  reconciliation.ghosts = 1;
  ledger.on_reconciliation(reconciliation);
  EXPECT_EQ(ledger.page(kNetns)->unproven, Unproven::Corrected);
}

TEST(CounterLedger, namespaces_beyond_the_limit_are_counted_not_kept) {
  CounterLedger ledger;
  Step step = kUnreadAbort;
  for (std::uint32_t netns = 1; netns <= CounterLedger::kPages + 2; ++netns) {
    step.connection.tuple.netns = netns;
    ledger.on_step(step);
  }
  EXPECT_EQ(ledger.pages().size(), CounterLedger::kPages);
  EXPECT_EQ(ledger.left_out(), 2u);
  ledger.close_page(1);
  ledger.on_step(step);
  EXPECT_EQ(ledger.left_out(), 2u);
}

TEST(Expected, difference_is_how_far_out_of_bounds) {
  const Expected between{2, 4};
  EXPECT_EQ(between.difference(1), -1);
  EXPECT_EQ(between.difference(2), 0);
  EXPECT_EQ(between.difference(4), 0);
  EXPECT_EQ(between.difference(7), 3);
  EXPECT_TRUE((Expected{2, std::nullopt}).holds(1000));
}

// docs/cross-check.md shows the table; this makes its lines.
std::string table_line(const CounterRow& row) {
  std::string counters = "`" + std::string{row.kernel[0]} + "`";
  if (!row.kernel[1].empty()) counters += " + `" + std::string{row.kernel[1]} + "`";
  std::string where;
  for (std::string_view left = row.where; !left.empty();) {
    const std::size_t comma = std::min(left.find(", "), left.size());
    where += (where.empty() ? "`" : ", `") + std::string{left.substr(0, comma)} + "`";
    left.remove_prefix(std::min(comma + 2, left.size()));
  }
  return "| " + counters + " | " + std::string{label(row.relation)} + " | " +
         std::string{row.counts} + " | " + where + " | " + std::string{row.note} + " |\n";
}

TEST(CrossCheckDocument, shows_the_table_as_it_is) {
  std::ifstream file(TCPTWIN_SOURCE_DIR "/docs/cross-check.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  std::string table;
  for (const CounterRow& row : counter_rows()) table += table_line(row);
  EXPECT_NE(document.find(table), std::string::npos)
      << "docs/cross-check.md must contain exactly these lines:\n"
      << table;
}

}  // namespace
}  // namespace tcptwin::tracker
