// SPDX-License-Identifier: MIT
#include "sinks/life_text.h"

#include <gtest/gtest.h>

#include "sinks/life_statistics.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LifeText, spans_are_short_at_every_size) {
  EXPECT_EQ(sinks::span_text(Duration{}), "0us");
  EXPECT_EQ(sinks::span_text(microseconds{850}), "850us");
  EXPECT_EQ(sinks::span_text(milliseconds{12}), "12ms");
  EXPECT_EQ(sinks::span_text(milliseconds{4'200}), "4.2s");
  EXPECT_EQ(sinks::span_text(seconds{190}), "3m10s");
  EXPECT_EQ(sinks::span_text(seconds{7'500}), "2h05m");
  EXPECT_EQ(sinks::span_text(seconds{273'600}), "3d04h");
  EXPECT_EQ(sinks::span_text(-milliseconds{12}), "-12ms");
  EXPECT_EQ(sinks::span_text(std::nullopt, seconds{2}), ">=2.0s");
  EXPECT_EQ(sinks::span_text(std::nullopt, std::nullopt), "?");
}

TEST(LifeText, bytes_never_take_more_than_five_characters) {
  EXPECT_EQ(sinks::bytes_text(0), "0");
  EXPECT_EQ(sinks::bytes_text(999), "999");
  EXPECT_EQ(sinks::bytes_text(1000), "1.0K");
  EXPECT_EQ(sinks::bytes_text(1536), "1.5K");
  EXPECT_EQ(sinks::bytes_text(102'400), "100K");
  EXPECT_EQ(sinks::bytes_text(1'048'576), "1.0M");
  for (std::uint64_t bytes = 1; bytes != 0; bytes <<= 1) {
    for (const std::uint64_t near : {bytes - 1, bytes, bytes + bytes / 2}) {
      EXPECT_LE(sinks::bytes_text(near).size(), 5u) << near;
    }
  }
}

TEST(LifeText, nobody_owns_what_an_interrupt_did) {
  EXPECT_EQ(sinks::owner_text({}), "-");
  EXPECT_EQ(sinks::closer_text(adopted_life()), "kernel");
  EXPECT_EQ(sinks::closer_text(refused_life()), "peer");
  EXPECT_EQ(sinks::closer_text(client_life()), "curl/812(acted)");
}

TEST(LifeText, the_path_names_every_state_with_its_span) {
  EXPECT_EQ(sinks::path_text(client_life()),
            "SYN_SENT 0.312 > ESTABLISHED 140.100 > FIN_WAIT1 0.045 > FIN_WAIT2 3.260 > TIME_WAIT");
  EXPECT_EQ(sinks::path_text(adopted_life()), "ESTABLISHED >=90000000.000 > CLOSE");
  EXPECT_EQ(sinks::path_text({}), "");
}

TEST(LifeText, the_first_census_is_told_and_later_ones_only_what_they_found) {
  const tracker::Reconciliation first = first_census();
  EXPECT_EQ(sinks::reconciliation_text(first, nullptr),
            "tcptwin: census 1: 57 sockets there before, in 3 network namespaces, 1 network "
            "namespace could not be entered\n");
  EXPECT_EQ(sinks::reconciliation_text(quiet_census(), &first), "");
  EXPECT_EQ(sinks::reconciliation_text(healing_census(), &first),
            "tcptwin: census 3: 2 missing, 1 ghost, 4 in another state; set right\n");
  tracker::Reconciliation more = quiet_census();
  more.refused = 2;
  EXPECT_NE(sinks::reconciliation_text(more, &first), "");
}

TEST(LifeStatistics, endings_and_owners_come_most_frequent_first) {
  struct Nowhere final : sinks::LifeReceiver {
    void on_life_record(const sinks::LifeRecord&) override { ++count; }
    int count = 0;
  } nowhere;
  sinks::LifeStatistics statistics{nowhere};
  for (int i = 0; i < 3; ++i) statistics.on_life_record({refused_life()});
  statistics.on_life_record({client_life(), served_life()});
  statistics.on_life_record({half_open_life()});
  const sinks::LifeFigures figures = statistics.figures();
  EXPECT_EQ(nowhere.count, 5);
  ASSERT_EQ(figures.endings.size(), 3u);
  EXPECT_EQ(figures.endings[0].count, 3u);
  EXPECT_EQ(figures.endings[0].ending.why, model::Cause::RstReceived);
  ASSERT_EQ(figures.owners.size(), 2u);
  EXPECT_EQ(figures.owners[0].comm, "curl");
  EXPECT_EQ(figures.owners[0].count, 4u);
  EXPECT_EQ(figures.owners[1].count, 2u);
  EXPECT_EQ(figures.joined, 1u);
  EXPECT_EQ(figures.never_accepted, 1u);
}

TEST(LifeStatistics, a_process_that_renames_itself_cannot_fill_the_memory) {
  struct Nowhere final : sinks::LifeReceiver {
    void on_life_record(const sinks::LifeRecord&) override {}
  } nowhere;
  sinks::LifeStatistics statistics{nowhere};
  for (int i = 0; i < 5'000; ++i) {
    tracker::Life life = refused_life();
    life.owners.creator.actor.comm = tracker::Comm{std::to_string(i)};
    statistics.on_life_record({life});
  }
  EXPECT_EQ(statistics.figures().owners.size(), 4096u);
  EXPECT_EQ(statistics.figures().owners_beyond, 5'000u - 4096u);
}

}  // namespace
}  // namespace tcptwin::test
