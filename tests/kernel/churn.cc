// SPDX-License-Identifier: MIT
// As many connections as the machine can make: nothing is lost in silence, nothing is accused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/counter_check.h"
#include "kernel/kernels_differ.h"
#include "kernel/load.h"
#include "kernel/stage.h"

namespace tcptwin::testing {
namespace {

constexpr std::uint64_t kConnections = 20'000;
constexpr std::size_t kSmallestRing = 64 * 1024;
constexpr std::chrono::minutes kDeadline{3};

// The sanitizers make the reader several times slower, but not the kernel that fills the ring; and
// in an emulated guest it shares one processor with the load. Only a plain build on a machine can
// show that the default is large enough.
std::size_t ring_wanted() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 256 * 1024 * 1024;
#else
  return nothing_is_hidden() ? 64 * 1024 * 1024 : 0;
#endif
}

// What a host's policy may hide (docs/loss.md).
double gaps_allowed() {
  return nothing_is_hidden() ? 0 : 0.005;
}

std::chrono::microseconds own_processor_time() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec});
}

class Churn : public ::testing::Test {
 protected:
  void SetUp() override {
    TCPTWIN_NEEDS_LIVE_KERNEL();
    network_ = std::make_unique<NetworkNamespace>();
    network_->set_ipv4("ip_local_port_range", "1024 65535");
  }

  void open_trace(std::size_t ring_bytes) {
    sources::LiveOptions options;
    options.filter.netns = network_->inode();
    options.ring_bytes = ring_bytes;
    auto session = TraceSession::open(options);
    ASSERT_TRUE(session) << session.error().what;
    trace_ = std::move(session.value());
    trace_->findings().keeps_steps = false;
    counters_ = counters_of(*network_);
  }

  // Tens of thousands of steps against what the kernel itself counted; nothing follows if a gap was
  // seen.
  void expect_same_counters() const {
    trace_->settle();
    EXPECT_EQ(counter_differences(counters_, counters_of(*network_), network_->inode(),
                                  trace_->findings(), {}),
              "");
  }

  // The end of a namespace purges its minisockets; that too is to be understood.
  void end_namespace() {
    trace_->settle();
    network_.reset();
    trace_->settle();
  }

  void expect_no_divergence() const {
    const auto& divergences = trace_->findings().divergences;
    EXPECT_TRUE(divergences.empty()) << divergences.size() << " divergences, the first of them:";
    for (std::size_t shown = 0; shown < std::min<std::size_t>(divergences.size(), 5); ++shown) {
      ADD_FAILURE() << to_detailed_text(divergences[shown]);
    }
  }

  // On 7.2 a process can be preempted in the middle of a BPF program, and a whole time
  // slice of others then meets the recursion guard (docs/loss.md). Before, nothing of this load
  // does.
  std::uint64_t lost_to_the_guard() const {
    std::uint64_t lost = 0;
    for (const tracker::Loss& loss : trace_->findings().losses) {
      if (loss.where == tracker::LossPlace::Recursion) lost += loss.lost;
    }
    if (!kernel_is_at_least(7, 0) && nothing_is_hidden()) {
      EXPECT_EQ(lost, 0u);
    }
    return lost;
  }

  std::unique_ptr<NetworkNamespace> network_;
  std::unique_ptr<TraceSession> trace_;
  sources::KernelCounters counters_;
};

TEST_F(Churn, nothing_is_lost_and_nothing_diverges) {
  const std::uint64_t wanted = scaled("TCPTWIN_CHURN_CONNECTIONS", kConnections);
  open_trace(ring_wanted());
  {
    const Load load(*network_, wanted);
    EXPECT_TRUE(trace_->await([&](const Findings&) { return load.is_done(); }, kDeadline));
    EXPECT_TRUE(load.succeeded());
  }
  expect_same_counters();
  end_namespace();

  const auto& status = trace_->status();
  const auto counts = trace_->counts();
  RecordProperty("twins", std::to_string(counts.connections));
  RecordProperty("records", std::to_string(status.received));
  RecordProperty("gaps", std::to_string(counts.gaps));
  RecordProperty("reader_microseconds", std::to_string(own_processor_time().count()));
  EXPECT_EQ(status.emitted, status.received + status.lost_in_ring);
  EXPECT_EQ(status.lost_in_ring, 0u);
  EXPECT_EQ(status.malformed, 0u);
  expect_no_divergence();
  const auto both_ends = static_cast<double>(wanted * 2);
  const auto allowed = both_ends * gaps_allowed() + static_cast<double>(lost_to_the_guard());
  EXPECT_GE(static_cast<double>(counts.connections), both_ends - allowed);
  EXPECT_LE(static_cast<double>(counts.gaps), allowed);
}

TEST_F(Churn, what_does_not_fit_the_ring_is_counted_and_accuses_nobody) {
  open_trace(kSmallestRing);
  {
    const Load load(*network_, 2000);
    while (!load.is_done()) std::this_thread::yield();  // nobody reads meanwhile
    trace_->settle();
    EXPECT_GT(trace_->status().lost_in_ring, 0u);
  }
  // From here on the ring is read again: later connections run into the gaps of the earlier ones.
  {
    const Load load(*network_, 500);
    EXPECT_TRUE(trace_->await([&](const Findings&) { return load.is_done(); }, kDeadline));
  }
  end_namespace();

  const auto& status = trace_->status();
  EXPECT_EQ(status.emitted, status.received + status.lost_in_ring);
  const auto& losses = trace_->findings().losses;
  std::uint64_t reported = 0;
  for (const tracker::Loss& loss : losses) {
    if (loss.where == tracker::LossPlace::RingBuffer) reported += loss.lost;
  }
  EXPECT_EQ(reported, status.lost_in_ring);
  expect_no_divergence();
}

}  // namespace
}  // namespace tcptwin::testing
