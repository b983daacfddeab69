// SPDX-License-Identifier: MIT
// The one table of every metric: name, type, help, labels. /metrics is made from it, and
// docs/metrics.md is compared with it by a test. Names are a contract: never rename one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tcptwin::sinks {

enum class Metric : std::uint8_t {
  // Connections.
  Sockets,
  StuckSockets,
  Opened,
  Transitions,
  StateDuration,
  HandshakeDuration,
  HandshakeFailures,
  Closed,
  StuckFound,
  // By owner.
  UnitOpened,
  UnitClosed,
  UnitStuck,
  PortRequests,
  PortHandshakes,
  PortFailures,
  PortHalfOpen,
  // Judgement.
  Verdicts,
  Divergences,
  Deviations,
  // How well it sees.
  RecordsEmitted,
  RecordsReceived,
  Lost,
  MptcpSkipped,
  GapsHealed,
  SettledEarly,
  TableEntries,
  TableCapacity,
  TableEvictions,
  Reconciliations,
  ReconcileDifferences,
  ReconcileAdopted,
  ReconcileSockets,
  ReconcileNamespaces,
  ReconcileComplete,
  ReconcileTime,
  // The service itself.
  VerdictDelay,
  RingBytes,
  Tier,
  ProgramAttached,
  ProgramRuns,
  ProgramSeconds,
  ProgramMisses,
  BpfStatistics,
  ConfigReloaded,
  ConfigReloadTime,
  ControlClients,
  ControlRequests,
  ControlRefused,
  ControlMissed,
  ControlPause,
  BuildInfo,
  ProcessCpu,
  ProcessResident,
  ProcessVirtual,
  ProcessOpenFds,
  ProcessMaxFds,
  ProcessStart,
};
inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(Metric::ProcessStart) + 1;

enum class MetricKind : std::uint8_t { Counter, Gauge, Histogram };
std::string_view label(MetricKind kind);  // "counter", "gauge", "histogram"

enum class MetricGroup : std::uint8_t { Connections, Owners, Judgement, Sight, Service };
std::string_view title(MetricGroup group);

struct MetricRow {
  Metric metric;
  MetricGroup group;  // a replay has none of Service
  MetricKind kind;
  std::string_view name;
  std::string_view help;                   // one sentence, without a full stop
  std::array<std::string_view, 3> labels;  // "" behind the last
  std::string_view values;                 // for the document: what the labels say; may be ""
};

// In the order of Metric.
std::span<const MetricRow> metric_catalogue();
const MetricRow& row(Metric metric);

// The tables of docs/metrics.md.
std::string catalogue_markdown();

// Upper bounds of the histograms' buckets, in seconds.
inline constexpr std::array kStateBounds = {0.0001, 0.0003, 0.001, 0.003, 0.01,   0.03,  0.1,
                                            0.3,    1.0,    3.0,   10.0,  30.0,   59.0,  65.0,
                                            120.0,  300.0,  1e3,   3.6e3, 14.4e3, 86.4e3};
inline constexpr std::array kHandshakeBounds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                0.01,   0.02,   0.05,   0.1,   0.2,   0.5,
                                                1.0,    2.0,    5.0,    10.0,  30.0,  60.0};
inline constexpr std::array kDelayBounds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                            0.03,   0.05,   0.1,    0.2,   0.5,   1.0,   5.0};

}  // namespace tcptwin::sinks
