// SPDX-License-Identifier: MIT
#include "sinks/metric_families.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <initializer_list>
#include <sstream>
#include <string_view>
#include <utility>

namespace tcptwin::sinks {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Values = std::initializer_list<std::string_view>;

// Fills in the families of one scrape, in the catalogue's order.
class Families {
 public:
  explicit Families(bool with_service) {
    for (const MetricRow& row : metric_catalogue()) {
      if (row.group == MetricGroup::Service && !with_service) break;  // it is the last group
      families_.push_back({std::string{row.name}, std::string{row.help}, type_of(row.kind), {}});
    }
  }

  template <typename Number>
  void add(Metric metric, Values labels, Number number) {
    ClientMetric& added = begin(metric, labels);
    const auto value = static_cast<double>(number);
    if (row(metric).kind == MetricKind::Counter) {
      added.counter.value = value;
    } else {
      added.gauge.value = value;
    }
  }

  template <std::size_t N>
  void add(Metric metric, Values labels, const std::array<double, N>& bounds,
           const HistogramCounts<N>& counted) {
    ClientMetric::Histogram& histogram = begin(metric, labels).histogram;
    histogram.bucket.reserve(N);
    for (std::size_t i = 0; i < N; ++i) {
      histogram.sample_count += counted.counts[i];
      histogram.bucket.push_back({histogram.sample_count, bounds[i]});
    }
    histogram.sample_count += counted.counts[N];
    histogram.sample_sum = counted.sum;
  }

  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  static prometheus::MetricType type_of(MetricKind kind) {
    switch (kind) {
      case MetricKind::Counter:
        return prometheus::MetricType::Counter;
      case MetricKind::Gauge:
        return prometheus::MetricType::Gauge;
      case MetricKind::Histogram:
        return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
  }

  ClientMetric& begin(Metric metric, Values labels) {
    ClientMetric& added = families_[static_cast<std::size_t>(metric)].metric.emplace_back();
    const auto* name = row(metric).labels.begin();
    for (const std::string_view value : labels) {
      added.label.push_back({std::string{*name++}, std::string{value}});
    }
    return added;
  }

  std::vector<MetricFamily> families_;
};

constexpr std::array<std::string_view, kHandshakeRoles> kRoles = {"active", "passive"};

// The label of an enumeration's value number `i`.
template <typename E>
std::string_view label_of(std::size_t i) {
  return label(static_cast<E>(i));
}

std::string_view state_label(std::size_t i) {
  return label(model::labelled_state(i));
}

void add_states(Families& families, const MetricNumbers& numbers) {
  for (std::size_t i = 0; i < model::kLabelledStateCount; ++i) {
    if (i == model::index(model::State::Closed)) continue;
    families.add(Metric::Sockets, {state_label(i)}, numbers.counts.states[i]);
    families.add(Metric::StuckSockets, {state_label(i)}, numbers.counts.stuck_now[i]);
    families.add(Metric::StateDuration, {state_label(i)}, kStateBounds, numbers.state_durations[i]);
  }
}

void add_handshakes(Families& families, const MetricNumbers& numbers) {
  for (std::size_t role = 0; role < kHandshakeRoles; ++role) {
    families.add(Metric::Opened, {kRoles[role]}, numbers.opened[role]);
    families.add(Metric::HandshakeDuration, {kRoles[role]}, kHandshakeBounds,
                 numbers.handshakes[role]);
    for (std::size_t how = 0; how < model::kEndedHowCount; ++how) {
      families.add(Metric::HandshakeFailures, {kRoles[role], label_of<model::EndedHow>(how)},
                   numbers.failures[role][how]);
    }
  }
}

void add_transitions(Families& families, const SeriesCounts& counted) {
  for (std::size_t i = 0; i < counted.keys.size(); ++i) {
    const TransitionKey key = unpacked_transition(counted.keys[i]);
    families.add(Metric::Transitions,
                 {state_label(key.from), state_label(key.to), label(key.cause)}, counted.counts[i]);
  }
  families.add(Metric::Transitions, {"other", "other", "other"}, counted.others);
}

void add_endings(Families& families, const SeriesCounts& counted) {
  for (std::size_t i = 0; i < counted.keys.size(); ++i) {
    const model::Ending ending = unpacked_ending(counted.keys[i]);
    families.add(Metric::Closed, {label(ending.by), label(ending.how), label(ending.why)},
                 counted.counts[i]);
  }
  families.add(Metric::Closed, {"other", "other", "other"}, counted.others);
}

void add_unit(Families& families, const UnitName& name, const UnitCounts& counts) {
  for (std::size_t role = 0; role < kHandshakeRoles; ++role) {
    families.add(Metric::UnitOpened, {name.unit, name.container, kRoles[role]},
                 counts.opened[role]);
  }
  for (std::size_t how = 0; how < model::kEndedHowCount; ++how) {
    families.add(Metric::UnitClosed, {name.unit, name.container, label_of<model::EndedHow>(how)},
                 counts.closed[how]);
  }
  families.add(Metric::UnitStuck, {name.unit, name.container}, counts.stuck);
}

void add_port(Families& families, const std::string& port, const PortCounts& counts) {
  families.add(Metric::PortRequests, {port}, counts.requests);
  families.add(Metric::PortHandshakes, {port}, counts.handshakes);
  for (std::size_t i = 0; i < counts.failures.size(); ++i) {
    const bool is_named = i < kRequestFailures.size();
    families.add(Metric::PortFailures, {port, is_named ? label(kRequestFailures[i]) : "other"},
                 counts.failures[i]);
  }
}

// The ports that have counters of their own, and all others together.
void add_half_open(Families& families, const MetricNumbers& numbers) {
  std::size_t others = 0;
  for (const auto& [port, count] : numbers.half_open) others += count;
  for (const auto& row : numbers.ports.rows()) {
    const auto found = numbers.half_open.find(row.name);
    const std::size_t count = found == numbers.half_open.end() ? 0 : found->second;
    others -= count;
    families.add(Metric::PortHalfOpen, {std::to_string(row.name)}, count);
  }
  families.add(Metric::PortHalfOpen, {"other"}, others);
}

void add_owners(Families& families, const MetricNumbers& numbers) {
  add_unit(families, {"other", "other"}, numbers.units.others());
  for (const auto& row : numbers.units.rows()) add_unit(families, row.name, row.counts);
  add_port(families, "other", numbers.ports.others());
  for (const auto& row : numbers.ports.rows()) {
    add_port(families, std::to_string(row.name), row.counts);
  }
  add_half_open(families, numbers);
}

void add_judgement(Families& families, const tracker::TrackerCounts& counts) {
  for (std::size_t i = 0; i < tracker::kStuckKindCount; ++i) {
    families.add(Metric::StuckFound, {label_of<tracker::StuckKind>(i)}, counts.stuck[i]);
  }
  for (std::size_t i = 0; i < model::kVerdictCount; ++i) {
    families.add(Metric::Verdicts, {label_of<model::Verdict>(i)}, counts.verdicts[i]);
  }
  for (std::size_t i = 0; i < model::kDivergenceKindCount; ++i) {
    families.add(Metric::Divergences, {label_of<model::DivergenceKind>(i)}, counts.divergences[i]);
  }
  for (std::uint8_t number = 1; number <= model::kDialectCount; ++number) {
    families.add(Metric::Deviations, {label(model::dialect(number))}, counts.deviations[number]);
  }
}

void add_sight(Families& families, const MetricNumbers& numbers) {
  const tracker::TrackerCounts& counts = numbers.counts;
  families.add(Metric::RecordsEmitted, {}, numbers.stream.emitted);
  families.add(Metric::RecordsReceived, {}, numbers.stream.received);
  for (std::size_t i = 0; i < tracker::kLossPlaceCount; ++i) {
    families.add(Metric::Lost, {label_of<tracker::LossPlace>(i)}, numbers.lost[i]);
  }
  families.add(Metric::MptcpSkipped, {}, numbers.stream.mptcp_skipped);
  families.add(Metric::GapsHealed, {}, counts.healed);
  families.add(Metric::SettledEarly, {}, counts.settled_early);
  families.add(Metric::TableEntries, {}, counts.twins);
  families.add(Metric::TableCapacity, {}, counts.capacity);
  families.add(Metric::TableEvictions, {}, counts.evicted);
  families.add(Metric::Reconciliations, {}, counts.censuses);
  families.add(Metric::ReconcileDifferences, {"missing"}, counts.missing);
  families.add(Metric::ReconcileDifferences, {"ghost"}, counts.ghosts);
  families.add(Metric::ReconcileDifferences, {"mismatch"}, counts.mismatches);
  families.add(Metric::ReconcileAdopted, {}, numbers.adopted);
  families.add(Metric::ReconcileSockets, {}, numbers.reconciliation.sockets);
  families.add(Metric::ReconcileNamespaces, {"listed"}, numbers.reconciliation.namespaces);
  families.add(Metric::ReconcileNamespaces, {"refused"}, numbers.reconciliation.refused);
  families.add(Metric::ReconcileComplete, {}, numbers.reconciliation.is_complete ? 1 : 0);
  families.add(Metric::ReconcileTime, {}, numbers.reconciled_at.value_or(0));
}

void add_service(Families& families, const MetricNumbers& numbers, const ServiceNumbers& service,
                 const BuildFacts& build) {
  constexpr std::array<std::string_view, 3> kTiers = {"t0", "t1", "t2"};
  families.add(Metric::VerdictDelay, {}, kDelayBounds, numbers.verdict_delays);
  families.add(Metric::RingBytes, {}, service.ring_bytes);
  for (std::size_t i = 0; i < kTiers.size(); ++i) {
    families.add(Metric::Tier, {kTiers[i]}, service.tiers[i] ? 1 : 0);
  }
  for (const ServiceNumbers::Program& program : service.programs) {
    families.add(Metric::ProgramAttached, {program.name}, program.attached ? 1 : 0);
    families.add(Metric::ProgramRuns, {program.name}, program.runs);
    families.add(Metric::ProgramSeconds, {program.name}, program.run_seconds);
    families.add(Metric::ProgramMisses, {program.name}, program.recursion_misses);
  }
  families.add(Metric::BpfStatistics, {}, service.has_bpf_statistics ? 1 : 0);
  families.add(Metric::ConfigReloaded, {}, service.config_is_good ? 1 : 0);
  families.add(Metric::ConfigReloadTime, {}, service.config_read_at);
  const ControlNumbers& control = service.control;
  families.add(Metric::ControlClients, {}, control.clients);
  for (std::size_t i = 0; i < kControlRequests.size(); ++i) {
    families.add(Metric::ControlRequests, {kControlRequests[i]}, control.requests[i]);
  }
  for (std::size_t i = 0; i < kControlRefusals.size(); ++i) {
    families.add(Metric::ControlRefused, {kControlRefusals[i]}, control.refused[i]);
  }
  families.add(Metric::ControlMissed, {}, control.missed);
  families.add(Metric::ControlPause, {}, control.pause_seconds);
  families.add(Metric::BuildInfo, {build.version, build.revision, build.libbpf}, 1);
}

void add_process(Families& families, const system::ProcessFacts& process) {
  families.add(Metric::ProcessCpu, {}, process.cpu_seconds);
  families.add(Metric::ProcessResident, {}, process.resident_bytes);
  families.add(Metric::ProcessVirtual, {}, process.virtual_bytes);
  families.add(Metric::ProcessOpenFds, {}, process.open_descriptors);
  families.add(Metric::ProcessMaxFds, {}, process.most_descriptors);
  families.add(Metric::ProcessStart, {}, process.start_seconds);
}

// Reads at scrape time; counts nothing itself.
class Collector final : public prometheus::Collectable {
 public:
  explicit Collector(const MetricSources& sources) : sources_(sources) {}

  std::vector<MetricFamily> Collect() const override {
    const auto numbers = sources_.numbers();
    const auto service = sources_.service ? sources_.service() : nullptr;
    Families families{service != nullptr};
    if (!numbers) return {};
    add_states(families, *numbers);
    add_handshakes(families, *numbers);
    add_transitions(families, numbers->transitions);
    add_endings(families, numbers->closed);
    add_owners(families, *numbers);
    add_judgement(families, numbers->counts);
    add_sight(families, *numbers);
    if (service) {
      add_service(families, *numbers, *service, sources_.build);
      add_process(families, sources_.process());
    }
    return families.take();
  }

 private:
  const MetricSources& sources_;
};

}  // namespace

std::string metrics_text(const MetricSources& sources) {
  std::ostringstream text;
  prometheus::TextSerializer{}.Serialize(text, Collector{sources}.Collect());
  return text.str();
}

}  // namespace tcptwin::sinks
