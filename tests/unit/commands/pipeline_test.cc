// SPDX-License-Identifier: MIT
// Records on their way to the tracker: what a stream lacks at its end.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <vector>

#include "tcptwin/wire.h"
#include "unit/sources/decoding.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Losses final : tracker::FindingHandler {
  std::vector<tracker::Loss> all;
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss& loss) override { all.push_back(loss); }
  void on_call_path(const tracker::CallPath&) override {}
};

std::vector<std::byte> status_at(std::uint64_t time_ns) {
  return altered<tcptwin_status>("status", [&](tcptwin_status& status) {
    status = {.header = status.header, .counters = {}};
    status.header.time_ns = time_ns;
  });
}

TEST(Pipeline, a_loss_at_the_end_may_have_hit_everything_since_the_last_status) {
  tracker::Tracker tracker;
  Losses losses;
  Pipeline pipeline(tracker, losses);
  pipeline.on_record(status_at(1 * kSecond));
  pipeline.on_record(altered<tcptwin_state_change>(
      "state_change_established_fin_wait1",
      [](tcptwin_state_change& change) { change.header.time_ns = 5 * kSecond; }));
  pipeline.on_lost(3);
  pipeline.end();
  ASSERT_EQ(losses.all.size(), 1u);
  EXPECT_EQ(losses.all[0].where, tracker::LossPlace::Recording);
  EXPECT_EQ(losses.all[0].lost, 3u);
  EXPECT_EQ(losses.all[0].time, KernelTime{std::chrono::seconds{5}});
}

TEST(Pipeline, a_stream_that_lacks_nothing_ends_without_a_word) {
  tracker::Tracker tracker;
  Losses losses;
  Pipeline pipeline(tracker, losses);
  pipeline.on_record(status_at(1 * kSecond));
  pipeline.end();
  EXPECT_TRUE(losses.all.empty());
}

}  // namespace
}  // namespace tcptwin::testing
