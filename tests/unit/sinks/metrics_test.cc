// SPDX-License-Identifier: MIT
// The metrics: what is counted, that every series is there from the first scrape, and that the
// document says what /metrics says.
#include "sinks/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "sinks/metric_families.h"
#include "synthetic_findings.h"

namespace tcptwin::sinks {
namespace {

using ::testing::HasSubstr;

tracker::TrackerCounts some_counts() {
  tracker::TrackerCounts counts;
  counts.states[model::index(model::State::Established)] = 7;
  counts.states[model::kStateCount] = 3;
  counts.stuck_now[model::index(model::State::CloseWait)] = 2;
  counts.verdicts[0] = 11;
  counts.deviations[12] = 5;
  counts.divergences[1] = 1;
  return counts;
}

// A service's numbers, with two programs.
std::string scraped(const Metrics& metrics, const tracker::TrackerCounts& counts = {},
                    const tracker::HalfOpenByPort& half_open = {}) {
  const auto numbers = std::make_shared<const MetricNumbers>(
      metrics.numbers(counts, half_open, {}, Duration::zero()));
  ServiceNumbers service;
  service.programs = {{"state_changes", true, 10, 0.5, 1}, {"accepted"}};
  const auto shared = std::make_shared<const ServiceNumbers>(service);
  return metrics_text({[&] { return numbers; },
                       [&] { return shared; },
                       [] { return system::ProcessFacts{}; },
                       {"1.2.3", "abc", "v1.1"}});
}

std::string replayed(const Metrics& metrics) {
  const auto numbers =
      std::make_shared<const MetricNumbers>(metrics.numbers({}, {}, {}, Duration::zero()));
  return metrics_text({[&] { return numbers; }, {}, {}, {}});
}

// Value by series, "name{labels}".
std::map<std::string, double> samples(const std::string& text) {
  std::map<std::string, double> found;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t gap = line.rfind(' ');
    const bool is_new = found.emplace(line.substr(0, gap), std::stod(line.substr(gap))).second;
    EXPECT_TRUE(is_new) << "twice: " << line;
  }
  return found;
}

std::string read_document(const std::string& path) {
  std::ifstream file{std::string{TCPTWIN_SOURCE_DIR} + "/" + path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(MetricCatalogue, document_has_the_very_tables) {
  EXPECT_THAT(read_document("docs/metrics.md"), HasSubstr(catalogue_markdown()));
}

TEST(MetricCatalogue, names_follow_the_conventions) {
  std::set<std::string_view> names;
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  for (const MetricRow& row : metric_catalogue()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.name.starts_with("tcptwin_") || row.name.starts_with("process_")) << row.name;
    EXPECT_EQ(row.name.find_first_not_of(kLetters), std::string_view::npos) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == MetricKind::Counter) << row.name;
    EXPECT_FALSE(row.help.empty() || row.help.ends_with(".")) << row.name;
  }
}

TEST(MetricSeriesTest, possible_transitions_and_endings_are_those_of_the_model) {
  const auto transitions = possible_transitions();
  const auto has = [&](model::State from, model::State to, model::Cause cause) {
    const std::uint32_t key = packed(TransitionKey{model::index(from), model::index(to), cause});
    return std::ranges::find(transitions, key) != transitions.end();
  };
  using enum model::State;
  EXPECT_TRUE(has(Closed, SynSent, model::Cause::ActiveOpen));
  EXPECT_TRUE(has(SynSent, Established, model::Cause::SynackAccepted));
  EXPECT_TRUE(has(FinWait2, TimeWait, model::Cause::TimeWaitEntered));
  EXPECT_TRUE(has(TimeWait, Closed, model::Cause::TimeWaitExpired));
  EXPECT_FALSE(has(SynSent, TimeWait, model::Cause::TimeWaitEntered));
  EXPECT_FALSE(has(Established, Established, model::Cause::FinReceived));
  EXPECT_LT(transitions.size(), 250u);
  const auto endings = possible_endings();
  const model::Ending refused{model::EndedBy::Remote, model::EndedHow::Refused,
                              model::Cause::RstReceived};
  EXPECT_NE(std::ranges::find(endings, packed(refused)), endings.end());
  EXPECT_LT(endings.size(), 150u);
}

TEST(MetricSeriesTest, packing_loses_nothing) {
  for (const std::uint32_t key : possible_transitions()) {
    EXPECT_EQ(packed(unpacked_transition(key)), key);
    EXPECT_LT(key, kTransitionKeys);
  }
  for (const std::uint32_t key : possible_endings()) {
    EXPECT_EQ(packed(unpacked_ending(key)), key);
    EXPECT_LT(key, kEndingKeys);
  }
}

TEST(MetricSeriesTest, what_nobody_foresaw_gets_a_series_up_to_a_bound) {
  CountedSeries series{100, {5}, 2};
  for (const std::uint32_t key : {5u, 7u, 7u, 8u, 9u, 9u, 9u}) series.count(key);
  EXPECT_EQ(series.now().keys, (std::vector<std::uint32_t>{5, 7, 8}));
  EXPECT_EQ(series.now().counts, (std::vector<std::uint64_t>{1, 2, 1}));
  EXPECT_EQ(series.now().others, 3u);
}

TEST(MetricsTest, every_metric_has_its_series_at_zero_before_anything_happens) {
  const auto found = samples(scraped(Metrics{}));
  for (const MetricRow& row : metric_catalogue()) {
    const std::string begin{row.name};
    const auto at = found.lower_bound(begin);
    EXPECT_TRUE(at != found.end() && at->first.starts_with(begin)) << row.name;
  }
  EXPECT_EQ(found.at("tcptwin_transitions_total{from=\"syn_sent\",to=\"established\","
                     "cause=\"synack_accepted\"}"),
            0);
  EXPECT_EQ(found.at("tcptwin_divergences_total{kind=\"ghost\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_deviations_total{id=\"L56\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_events_lost_total{stage=\"recursion\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_handshake_failures_total{role=\"active\",reason=\"refused\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_sockets{state=\"new_syn_recv\"}"), 0);
  EXPECT_FALSE(found.contains("tcptwin_sockets{state=\"close\"}"));
  EXPECT_LT(found.size(), 1500u);
}

TEST(MetricsTest, steps_count_by_their_edge_and_fill_the_histograms) {
  Metrics metrics;
  const tracker::Step step = test::synack_step();
  ASSERT_TRUE(step.dwell);
  metrics.on_step(step);
  metrics.on_step(step);
  const auto found = samples(scraped(metrics));
  EXPECT_EQ(found.at("tcptwin_transitions_total{from=\"syn_sent\",to=\"established\","
                     "cause=\"synack_accepted\"}"),
            2);
  const double seconds = std::chrono::duration<double>(*step.dwell).count();
  EXPECT_EQ(found.at("tcptwin_handshake_duration_seconds_count{role=\"active\"}"), 2);
  EXPECT_EQ(found.at("tcptwin_handshake_duration_seconds_bucket{role=\"active\",le=\"60\"}"), 2);
  EXPECT_NEAR(found.at("tcptwin_handshake_duration_seconds_sum{role=\"active\"}"), 2 * seconds,
              1e-9);
  EXPECT_EQ(found.at("tcptwin_state_duration_seconds_count{state=\"syn_sent\"}"), 2);
  EXPECT_EQ(found.at("tcptwin_state_duration_seconds_count{state=\"established\"}"), 0);
}

TEST(MetricsTest, buckets_are_cumulative_and_bounds_belong_to_the_lower_bucket) {
  HistogramCounts<3> counts;
  const std::array<double, 3> bounds = {0.1, 1.0, 10.0};
  using namespace std::chrono_literals;
  for (const Duration duration : {Duration{100ms}, Duration{101ms}, Duration{1s}, Duration{11s}}) {
    counts.observe(bounds, duration);
  }
  EXPECT_EQ(counts.counts, (std::array<std::uint64_t, 4>{1, 2, 0, 1}));
}

TEST(MetricsTest, lives_count_by_their_ending_and_unfinished_handshakes_as_failures) {
  Metrics metrics;
  metrics.on_life(test::refused_life());
  metrics.on_life(test::served_life());
  const auto found = samples(scraped(metrics));
  EXPECT_EQ(found.at("tcptwin_handshake_failures_total{role=\"active\",reason=\"refused\"}"), 1);
  EXPECT_EQ(found.at("tcptwin_connections_closed_total{closed_by=\"remote\",how=\"refused\","
                     "why=\"rst_received\"}"),
            1);
  double failures = 0;
  for (const auto& [series, value] : found) {
    if (series.starts_with("tcptwin_handshake_failures_total")) failures += value;
  }
  EXPECT_EQ(failures, 1);
}

TEST(MetricsTest, counts_of_the_tracker_are_shown_as_they_are) {
  const auto found = samples(scraped(Metrics{}, some_counts()));
  EXPECT_EQ(found.at("tcptwin_sockets{state=\"established\"}"), 7);
  EXPECT_EQ(found.at("tcptwin_sockets{state=\"new_syn_recv\"}"), 3);
  EXPECT_EQ(found.at("tcptwin_stuck_sockets{state=\"close_wait\"}"), 2);
  EXPECT_EQ(found.at("tcptwin_verdicts_total{verdict=\"conformant\"}"), 11);
  EXPECT_EQ(found.at("tcptwin_deviations_total{id=\"L12\"}"), 5);
  EXPECT_EQ(found.at("tcptwin_divergences_total{kind=\"unjustified_edge\"}"), 1);
  EXPECT_EQ(found.at("tcptwin_bpf_program_attached{program=\"state_changes\"}"), 1);
  EXPECT_EQ(found.at("tcptwin_bpf_program_attached{program=\"accepted\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_bpf_program_run_seconds_total{program=\"state_changes\"}"), 0.5);
}

TEST(MetricsTest, losses_and_reconciliations_add_up) {
  Metrics metrics;
  metrics.on_loss(test::ring_loss());
  metrics.on_loss(test::ring_loss());
  tracker::Reconciliation census = test::first_census();
  metrics.on_reconciliation(census);
  tracker::TrackerCounts counts;
  counts.censuses = 1;
  const auto found = samples(scraped(metrics, counts));
  EXPECT_EQ(found.at("tcptwin_events_lost_total{stage=\"ring_buffer\"}"),
            2.0 * static_cast<double>(test::ring_loss().lost));
  EXPECT_EQ(found.at("tcptwin_reconcile_adopted_total"), static_cast<double>(census.adopted));
  EXPECT_EQ(found.at("tcptwin_reconcile_sockets"), static_cast<double>(census.sockets));
  EXPECT_GT(found.at("tcptwin_reconcile_last_timestamp_seconds"), 0);
}

TEST(MetricsTest, delay_of_verdicts_is_measured_only_where_there_is_a_clock) {
  const tracker::Step step = test::synack_step();
  using namespace std::chrono_literals;
  Metrics live{[&] { return step.time + 3ms; }};
  live.on_step(step);
  const auto found = samples(scraped(live));
  EXPECT_EQ(found.at("tcptwin_verdict_delay_seconds_bucket{le=\"0.002\"}"), 0);
  EXPECT_EQ(found.at("tcptwin_verdict_delay_seconds_bucket{le=\"0.005\"}"), 1);
}

TEST(MetricsTest, a_turn_reads_the_clock_anew_and_a_burst_only_now_and_then) {
  const tracker::Step step = test::synack_step();
  using namespace std::chrono_literals;
  int reads = 0;
  Metrics live{[&] { return step.time + ++reads * 3ms; }};
  for (int i = 0; i < 100; ++i) live.on_step(step);
  EXPECT_GT(reads, 1);
  EXPECT_LT(reads, 10);
  const int before = reads;
  live.end_turn();
  live.on_step(step);
  EXPECT_EQ(reads, before + 1);
  EXPECT_EQ(samples(scraped(live)).at("tcptwin_verdict_delay_seconds_count"), 101);
}

TEST(MetricsTest, a_replay_shows_nothing_of_a_service) {
  const std::string text = replayed(Metrics{});
  EXPECT_THAT(text, HasSubstr("tcptwin_sockets{"));
  EXPECT_EQ(text.find("process_"), std::string::npos);
  EXPECT_EQ(text.find("tcptwin_build_info"), std::string::npos);
  EXPECT_EQ(text.find("tcptwin_verdict_delay"), std::string::npos);
}

TEST(OwnerMetricsTest, units_and_ports_have_their_own_series) {
  test::SyntheticCgroups cgroups;
  Metrics metrics{{}, &cgroups};
  metrics.on_life(test::served_life());
  metrics.on_stuck(test::close_wait_stuck());
  const auto found = samples(scraped(metrics));
  double closed = 0;
  for (const auto& [series, value] : found) {
    if (!series.starts_with("tcptwin_unit_connections_closed_total") || value == 0) continue;
    EXPECT_EQ(series.find("unit=\"other\""), std::string::npos) << series;
    EXPECT_EQ(series.find("container=\"\""), std::string::npos) << series;
    closed += value;
  }
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(found.at("tcptwin_listener_requests_total{port=\"other\"}"), 0);
}

// Names that the test tells, and how often they were asked for.
struct TaughtCgroups final : CgroupDirectory {
  std::map<std::uint64_t, CgroupName> names;
  int asked = 0;
  const CgroupName* find(std::uint64_t id) override {
    ++asked;
    const auto found = names.find(id);
    return found == names.end() ? nullptr : &found->second;
  }
};

double closed_of(const Metrics& metrics, const std::string& unit) {
  double sum = 0;
  for (const auto& [series, value] : samples(scraped(metrics))) {
    const bool is_closed = series.starts_with("tcptwin_unit_connections_closed_total");
    if (is_closed && series.find("unit=\"" + unit + "\"") != std::string::npos) sum += value;
  }
  return sum;
}

TEST(OwnerMetricsTest, a_known_unit_is_asked_for_once_and_an_unknown_one_again_later) {
  using namespace std::chrono_literals;
  TaughtCgroups cgroups;
  Metrics metrics{{}, &cgroups};
  tracker::Life life = test::served_life();
  life.connection.cgroup = 7;
  for (int i = 0; i < 5; ++i) metrics.on_life(life);
  EXPECT_EQ(cgroups.asked, 1);
  cgroups.names[7].unit = "web.service";
  life.ended += 1s;
  for (int i = 0; i < 5; ++i) metrics.on_life(life);
  life.ended += 1h;
  metrics.on_life(life);
  EXPECT_EQ(cgroups.asked, 2);
  EXPECT_EQ(closed_of(metrics, "unknown"), 5);
  EXPECT_EQ(closed_of(metrics, "web.service"), 6);
}

// They share an entry of what was counted last.
TEST(OwnerMetricsTest, cgroups_1_and_257_are_two_units) {
  TaughtCgroups cgroups;
  for (const std::uint64_t id : {1u, 257u}) cgroups.names[id].unit = "u" + std::to_string(id);
  Metrics metrics{{}, &cgroups};
  tracker::Life life = test::served_life();
  for (const std::uint64_t id : {1u, 257u, 257u, 1u, 257u}) {
    life.connection.cgroup = id;
    metrics.on_life(life);
  }
  EXPECT_EQ(closed_of(metrics, "u1"), 2);
  EXPECT_EQ(closed_of(metrics, "u257"), 3);
}

TEST(OwnerMetricsTest, whose_row_was_given_to_another_is_counted_there_no_more) {
  TaughtCgroups cgroups;
  for (const std::uint64_t id : {1u, 2u, 257u}) cgroups.names[id].unit = "u" + std::to_string(id);
  Metrics metrics{{}, &cgroups, 1};
  tracker::Life life = test::served_life();
  const auto end_in = [&](std::uint64_t cgroup, Duration later) {
    life.connection.cgroup = cgroup;
    life.ended += later;
    metrics.on_life(life);
  };
  const Duration idle = UnitMetrics::kIdle;
  end_in(1, {});
  end_in(2, {});        // no room
  end_in(2, idle / 2);  // still none
  end_in(1, {});
  end_in(2, idle);  // takes the row: u1 was idle
  end_in(1, {});    // no room now
  end_in(257, {});  // nor for this
  EXPECT_EQ(closed_of(metrics, "u2"), 1);
  EXPECT_EQ(closed_of(metrics, "other"), 6);
  end_in(257, idle);
  end_in(2, {});
  EXPECT_EQ(closed_of(metrics, "u257"), 1);
  EXPECT_EQ(closed_of(metrics, "other"), 8);
}

TEST(OwnerMetricsTest, a_port_counts_what_came_to_it) {
  Metrics metrics;
  tracker::Step step = test::child_step();
  step.connection.tuple.local.port = 443;
  step.from = {model::State::Listen, model::Holder::Socket};
  step.to = {model::State::SynReceived, model::Holder::RequestSocket};
  metrics.on_step(step);
  metrics.on_step(step);
  step.from = step.to;
  step.to = {model::State::SynReceived, model::Holder::Socket};
  metrics.on_step(step);
  step.to = {model::State::Closed, model::Holder::Socket};
  step.cause = model::Cause::AcceptOverflowReset;
  metrics.on_step(step);
  const auto found = samples(scraped(metrics));
  EXPECT_EQ(found.at("tcptwin_listener_requests_total{port=\"443\"}"), 2);
  EXPECT_EQ(found.at("tcptwin_listener_handshakes_total{port=\"443\"}"), 1);
  EXPECT_EQ(
      found.at("tcptwin_listener_failures_total{port=\"443\",cause=\"accept_overflow_reset\"}"), 1);
}

TEST(OwnerMetricsTest, half_open_connections_show_at_their_port_or_at_the_others) {
  Metrics metrics{{}, nullptr, 2};
  tracker::Step syn = test::child_step();
  syn.connection.tuple.local.port = 443;
  syn.from = {model::State::Listen, model::Holder::Socket};
  syn.to = {model::State::SynReceived, model::Holder::RequestSocket};
  metrics.on_step(syn);
  tracker::Adopted older{};
  older.time = syn.time;
  older.connection = syn.connection;
  older.state = syn.to;
  older.connection.tuple.local.port = 80;
  metrics.on_adopted(older);
  older.connection.tuple.local.port = 8080;  // a third one: no room
  metrics.on_adopted(older);
  const auto found = samples(scraped(metrics, {}, {{80, 3}, {8080, 4}, {22, 1}}));
  EXPECT_EQ(found.at("tcptwin_half_open{port=\"443\"}"), 0) << "no more, but it had some";
  EXPECT_EQ(found.at("tcptwin_half_open{port=\"80\"}"), 3);
  EXPECT_EQ(found.at("tcptwin_half_open{port=\"other\"}"), 5);
  EXPECT_FALSE(found.contains("tcptwin_half_open{port=\"8080\"}"));
  EXPECT_EQ(found.at("tcptwin_listener_requests_total{port=\"80\"}"), 0);
}

TEST(OwnerMetricsTest, beyond_the_bound_it_is_others_and_the_idle_make_room) {
  PortMetrics ports{2};
  using namespace std::chrono_literals;
  KernelTime now = kernel_time_from_ns(1);
  ++ports.of(1, now).requests;
  ++ports.of(2, now + 1s).requests;
  ++ports.of(3, now + 2s).requests;
  EXPECT_EQ(ports.rows().size(), 2u);
  EXPECT_EQ(ports.others().requests, 1u);
  now += PortMetrics::kIdle;
  ++ports.of(3, now).requests;  // port 1 has been idle for so long
  ASSERT_EQ(ports.rows().size(), 2u);
  EXPECT_EQ(ports.rows()[0].name, 3);
  EXPECT_EQ(ports.rows()[0].counts.requests, 1u);
  EXPECT_EQ(ports.others().requests, 2u) << "nothing is forgotten";
  PortMetrics none{0};
  ++none.of(1, now).requests;
  EXPECT_EQ(none.others().requests, 1u);
}

// A name of its own for each cgroup: as on a host where containers come and go.
class EndlessCgroups final : public CgroupDirectory {
 public:
  const CgroupName* find(std::uint64_t id) override {
    name_.unit = "app-" + std::to_string(id % 7) + ".service";
    name_.container = "container-" + std::to_string(id);
    return &name_;
  }

 private:
  CgroupName name_;
};

TEST(OwnerMetricsTest, millions_of_connections_make_no_more_series_than_the_document_says) {
  EndlessCgroups cgroups;
  Metrics metrics{{}, &cgroups};
  const std::size_t at_first = samples(scraped(metrics)).size();
  tracker::Step syn = test::child_step();
  syn.from = {model::State::Listen, model::Holder::Socket};
  syn.to = {model::State::SynReceived, model::Holder::RequestSocket};
  tracker::Life life = test::served_life();
  constexpr std::uint64_t kConnections = 1'000'000;
  using namespace std::chrono_literals;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    syn.time += 10ms;  // three hours in all: idle ones make room again and again
    syn.connection.cgroup = i / 100 + 1;
    syn.connection.tuple.local.port = static_cast<std::uint16_t>(i * 7919);
    metrics.on_step(syn);
    life.ended = syn.time;
    life.connection.cgroup = syn.connection.cgroup;
    // Also endings and changes that no table foresees.
    life.ending.how = static_cast<model::EndedHow>(i % model::kEndedHowCount);
    life.ending.why = static_cast<model::Cause>(i % model::kCauseCount);
    metrics.on_life(life);
  }
  const auto found = samples(scraped(metrics));
  EXPECT_LE(at_first, 750u);
  EXPECT_LE(found.size(), at_first + 320 + 11 * kDefaultOwners + 8 * kDefaultOwners);
  std::map<std::string, double> sums;
  for (const auto& [series, value] : found) sums[series.substr(0, series.find('{'))] += value;
  EXPECT_EQ(sums["tcptwin_listener_requests_total"], kConnections) << "and none is missing";
  EXPECT_EQ(sums["tcptwin_unit_connections_closed_total"], kConnections);
  EXPECT_EQ(sums["tcptwin_connections_closed_total"], kConnections);
}

TEST(LatestOfTest, readers_keep_what_they_got) {
  LatestOf<int> latest;
  EXPECT_EQ(latest.get(), nullptr);
  latest.publish(1);
  const auto kept = latest.get();
  latest.publish(2);
  EXPECT_EQ(*kept, 1);
  EXPECT_EQ(*latest.get(), 2);
}

}  // namespace
}  // namespace tcptwin::sinks
