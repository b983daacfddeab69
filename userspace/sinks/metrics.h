// SPDX-License-Identifier: MIT
// Findings as numbers: what happens is counted here by the thread that judges; /metrics is made
// from a copy, which another thread may read as long as it likes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/metric_catalogue.h"
#include "sinks/metric_series.h"
#include "sinks/owner_metrics.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin::sinks {

template <std::size_t N>
struct HistogramCounts {
  std::array<std::uint64_t, N + 1> counts{};  // not cumulative; the last one has no bound
  double sum = 0;

  void observe(const std::array<double, N>& bounds, Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    std::size_t place = 0;
    while (place < N && seconds > bounds[place]) ++place;
    ++counts[place];
    sum += seconds;
  }
};

enum class HandshakeRole : std::uint8_t { Active, Passive };

// What has been counted since the start, and what is so now. All of one moment.
struct MetricNumbers {
  SeriesCounts transitions;
  SeriesCounts closed;
  std::array<HistogramCounts<kStateBounds.size()>, model::kLabelledStateCount> state_durations{};
  std::array<HistogramCounts<kHandshakeBounds.size()>, kHandshakeRoles> handshakes{};
  std::array<std::array<std::uint64_t, model::kEndedHowCount>, kHandshakeRoles> failures{};
  std::array<std::uint64_t, kHandshakeRoles> opened{};
  HistogramCounts<kDelayBounds.size()> verdict_delays;
  std::array<std::uint64_t, tracker::kLossPlaceCount> lost{};
  tracker::Reconciliation reconciliation;  // the latest
  std::optional<double> reconciled_at;     // seconds since 1970
  std::uint64_t adopted = 0;               // by reconciliation
  UnitMetrics units{0};
  PortMetrics ports{0};
  tracker::HalfOpenByPort half_open;
  tracker::TrackerCounts counts;
  tracker::StreamStatus stream;
};

// Who asks the control socket, and what became of them.
inline constexpr std::array<std::string_view, 3> kControlRequests = {"table", "stuck", "findings"};
enum class ControlRefusal : std::uint8_t { Permission, Busy, Malformed, Slow };
inline constexpr std::array<std::string_view, 4> kControlRefusals = {"permission", "busy",
                                                                     "malformed", "slow"};
struct ControlNumbers {
  std::uint64_t clients = 0;  // now
  std::array<std::uint64_t, kControlRequests.size()> requests{};
  std::array<std::uint64_t, kControlRefusals.size()> refused{};
  std::uint64_t missed = 0;
  double pause_seconds = 0;
};

// What only a running service can tell.
struct ServiceNumbers {
  struct Program {
    std::string name;
    bool attached = false;
    std::uint64_t runs = 0;
    double run_seconds = 0;
    std::uint64_t recursion_misses = 0;
  };
  std::vector<Program> programs;
  bool has_bpf_statistics = false;
  std::size_t ring_bytes = 0;
  std::array<bool, 3> tiers{};  // t0, t1, t2
  bool config_is_good = true;
  double config_read_at = 0;  // seconds since 1970, when it was last good
  ControlNumbers control;
};

struct BuildFacts {
  std::string version;
  std::string revision;
  std::string libbpf;
};

inline constexpr std::size_t kDefaultOwners = 50;

class Metrics final : public tracker::FindingHandler {
 public:
  // Without a clock (a replay has none) the delay of verdicts is not measured. At most `owners`
  // units and as many ports have series of their own.
  explicit Metrics(std::function<KernelTime()> clock = {}, CgroupDirectory* cgroups = nullptr,
                   std::size_t owners = kDefaultOwners);

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence&) override {}  // TrackerCounts has them
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override;
  void on_stuck(const tracker::Stuck& stuck) override { owners_.on_stuck(stuck); }
  void on_adopted(const tracker::Adopted& adopted) override { owners_.on_adopted(adopted); }
  void on_reconciliation(const tracker::Reconciliation& found) override;

  // What was ready has been judged: the clock is read anew before the next step.
  void end_turn() { steps_to_clock_ = 0; }

  // `realtime_minus_monotonic`: where the wall clock stands.
  MetricNumbers numbers(const tracker::TrackerCounts& counts,
                        const tracker::HalfOpenByPort& half_open,
                        const tracker::StreamStatus& stream,
                        Duration realtime_minus_monotonic) const;

 private:
  void observe_delay(const tracker::Step& step);

  std::function<KernelTime()> clock_;
  KernelTime read_;              // what the clock said last
  unsigned steps_to_clock_ = 0;  // so many more are taken to have come at that time
  CountedSeries transitions_;
  CountedSeries closed_;
  OwnerMetrics owners_;
  MetricNumbers now_;  // all but the parts that numbers() adds
};

// Hands the latest numbers from the thread that judges to those that answer scrapes. Neither waits
// for the other longer than a pointer takes to change hands.
template <typename T>
class LatestOf {
 public:
  void publish(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::scoped_lock lock{mutex_};
    latest_.swap(next);
  }
  // Null before the first.
  std::shared_ptr<const T> get() const {
    const std::scoped_lock lock{mutex_};
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> latest_;
};

}  // namespace tcptwin::sinks
