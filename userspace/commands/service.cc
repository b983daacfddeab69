// SPDX-License-Identifier: MIT
#include "commands/service.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "commands/surroundings.h"
#include "system/privileges.h"
#include "system/process_facts.h"

namespace tcptwin::commands {
namespace {

// How old the numbers of a scrape may be, and those of the programs, which cost a call each.
constexpr Duration kPublishEvery = std::chrono::milliseconds{50};
constexpr Duration kPublishQuietEvery = std::chrono::milliseconds{500};
constexpr Duration kReadProgramsEvery = std::chrono::seconds{1};
// A turn lasts 50 ms, a census of a million sockets a second.
constexpr Duration kHangsAfter = std::chrono::seconds{10};

constexpr Duration kTellStatusEvery = std::chrono::seconds{10};

constexpr const char* kText = "text/plain; charset=utf-8";

std::string landing_page() {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><title>tcptwin</title></head><body>\n"
      "<h1>tcptwin {}</h1>\n<p>The state of this host's TCP connections, held against RFC 9293."
      "</p>\n<ul>\n<li><a href=\"/metrics\">metrics</a></li>\n"
      "<li><a href=\"/healthz\">healthz</a>: the service is at work</li>\n"
      "<li><a href=\"/readyz\">readyz</a>: it sees the kernel's events</li>\n"
      "</ul>\n</body></html>\n",
      TCPTWIN_VERSION);
}

}  // namespace

Service::Service(const ServeOptions& options, ServeSettings settings, ReadSettings read_again,
                 LiveRun& run, system::CaughtSignals& signals)
    : options_(options),
      thresholds_(options.run.stuck),
      settings_(std::move(settings)),
      read_again_(std::move(read_again)),
      settings_read_at_(monotonic_now()),
      run_(run),
      signals_(signals),
      dump_(options.dump_file),
      metrics_(monotonic_now, &run.cgroups(), options.owners),
      log_(run.clock(), [this](const system::JournalLine& line) { journal_.write(line); }),
      last_turn_(monotonic_now()) {
  log_.advance(last_turn_);
  if (!options.control.path.empty()) control_.emplace(options.control, run);
}

void Service::open_control(ControlListener listener) {
  control_->turn(monotonic_now(), thresholds_, options_.run.live.filter.netns);
  control_->start(std::move(listener));
}

void Service::on_reconciliation(const tracker::Reconciliation& found) {
  metrics_.on_reconciliation(found);
  if (!control_) return;
  control_->note_census(found);
  control_->history().on_reconciliation(found);
}

void Service::on_divergence(const tracker::Divergence& divergence) {
  metrics_.on_divergence(divergence);
  if (control_) control_->history().on_divergence(divergence);
  log_.on_divergence(divergence);
}

void Service::on_loss(const tracker::Loss& loss) {
  metrics_.on_loss(loss);
  if (control_) control_->history().on_loss(loss);
  log_.on_loss(loss);
}

void Service::say(sinks::LogKind kind, std::string message) {
  journal_.write(sinks::log_line(kind, std::move(message)));
}

Status Service::give_up_rights() {
  const bool has_any = system::Privileges::read().has_any();
  const Status given_up = commands::give_up_rights(options_.keep_rights);
  if (!given_up || !has_any) return given_up;
  std::string lost;
  for (const LostAbility& ability : lost_abilities(options_.keep_rights)) {
    lost += fmt::format("{}{} ({})", lost.empty() ? "" : "; ", ability.what, ability.instead);
  }
  if (lost.empty()) return Done{};
  say(sinks::LogKind::RightsDropped, "gave up capabilities; not possible from now on: " + lost);
  return Done{};
}

void Service::ready() {
  std::string places;
  for (const system::ListenAddress& address : options_.listen) {
    places += (places.empty() ? "" : ", ") + text(address);
  }
  if (control_) places += "; commands may ask at " + options_.control.path;
  say(sinks::LogKind::Ready, "serves /metrics on " + places);
  manager_.ready(status_text());
}

void Service::turn(KernelTime now) {
  last_turn_ = now;
  metrics_.end_turn();
  log_.advance(now);
  manager_.alive(now);
  answer_signals(now);
  if (control_) control_->turn(now, thresholds_, options_.run.live.filter.netns);
  if (!published_ || now - *published_ >= kPublishEvery) {
    if (!is_quiet(now)) publish(now);
  }
  if (!status_told_ || now - *status_told_ >= kTellStatusEvery) {
    if (status_told_) manager_.status(status_text());
    status_told_ = now;
  }
}

void Service::answer_signals(KernelTime now) {
  while (const auto signal = signals_.take()) {
    if (*signal == SIGUSR1) begin_dump(now);
    if (*signal == SIGHUP) reload(now);
  }
  const auto outcome = dump_.take_outcome();
  if (!outcome) return;
  say(sinks::LogKind::TableWritten,
      *outcome ? "wrote the table of connections to " + dump_.path() : outcome->error().what);
}

void Service::begin_dump(KernelTime now) {
  const Status begun = dump_.begin(run_.tracker(), run_.clock(), now);
  if (begun) return;
  const Error& error = begun.error();
  say(sinks::LogKind::TableWritten,
      error.hint.empty() ? error.what : error.what + "; " + error.hint);
}

// Takes what can be changed while it runs; gives the names of what cannot.
Result<std::vector<std::string>> Service::take_settings() {
  auto settings = read_again_();
  if (!settings) return settings.error();
  const auto options = serve_options(settings.value().arguments);
  if (!options) return options.error();
  thresholds_ = options.value().run.stuck;
  run_.change(options.value().run.stuck, options.value().run.reconcile);
  auto changes = changes_for_restart(settings_, settings.value());
  settings_.file = settings.value().file;
  return changes;
}

void Service::reload(KernelTime now) {
  manager_.reloading(now);
  const auto changes = take_settings();
  settings_are_good_ = static_cast<bool>(changes);
  programs_read_.reset();  // the metrics shall say it at once
  published_.reset();
  if (!changes) {
    const Error& error = changes.error();
    say(sinks::LogKind::ReloadRefused,
        "the configuration is refused, the former one holds: " + error.what);
  } else {
    settings_read_at_ = now;
    std::string restart;
    for (const std::string& name : changes.value()) restart += (restart.empty() ? "" : ", ") + name;
    say(sinks::LogKind::Reloaded,
        "read the configuration again" +
            (restart.empty() ? "" : "; this takes a restart to change: " + restart));
  }
  manager_.ready(status_text());
}

void Service::stopping() {
  manager_.stopping();
  if (control_) control_->stop();
}

void Service::ended() {
  log_.finish();
  say(sinks::LogKind::Ended, "ends; " + status_text());
}

std::string Service::status_text() const {
  const tracker::TrackerCounts counts = run_.counts();
  std::uint64_t divergences = 0;
  for (const std::uint64_t count : counts.divergences) divergences += count;
  const tracker::StreamStatus& stream = run_.stream();
  return fmt::format("{} connections and listeners now, {} state changes, {} divergences, {} lost",
                     counts.twins, counts.steps, divergences,
                     stream.lost_in_ring + stream.recursion_misses + stream.malformed);
}

// Nothing has happened that a scrape could show; what only time changes can wait.
bool Service::is_quiet(KernelTime now) const {
  return published_ && now - *published_ < kPublishQuietEvery &&
         published_received_ == run_.stream().received;
}

void Service::publish(KernelTime now) {
  published_ = now;
  published_received_ = run_.stream().received;
  if (!programs_read_ || now - *programs_read_ >= kReadProgramsEvery) {
    programs_read_ = now;
    service_numbers_.publish(service_numbers());
  }
  const Duration clock = run_.clock().realtime_minus_monotonic;
  numbers_.publish(
      metrics_.numbers(run_.counts(), run_.tracker().half_open_by_port(), run_.stream(), clock));
}

sinks::ServiceNumbers Service::service_numbers() const {
  const sources::LiveBpf& live = *run_.live();
  sinks::ServiceNumbers numbers;
  const auto all_runs = live.program_runs();
  for (const sources::ProgramReport& report : live.programs()) {
    sinks::ServiceNumbers::Program program{report.name, report.attached};
    const auto runs =
        std::ranges::find(all_runs, report.name, [](const auto& entry) { return entry.first; });
    if (runs != all_runs.end()) {
      program.runs = runs->second.runs;
      program.run_seconds = std::chrono::duration<double>(runs->second.time).count();
      program.recursion_misses = runs->second.recursion_misses;
    }
    numbers.programs.push_back(std::move(program));
  }
  numbers.has_bpf_statistics = sources::bpf_statistics_are_on();
  numbers.ring_bytes = live.ring_bytes();
  numbers.config_is_good = settings_are_good_;
  if (control_) numbers.control = control_->numbers();
  const Duration read_at =
      settings_read_at_.time_since_epoch() + run_.clock().realtime_minus_monotonic;
  numbers.config_read_at = std::chrono::duration<double>(read_at).count();
  const bool is_exact = std::ranges::any_of(
      sources::kExactParts, [&](sources::Part part) { return live.why_inexact(part).empty(); });
  numbers.tiers = {true, live.is_attached("existing_sockets"), is_exact};
  return numbers;
}

system::HttpAnswer Service::health() const {
  const Duration silent = monotonic_now() - last_turn_.load();
  if (silent < kHangsAfter) return {200, kText, "ok\n", {}};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(silent).count();
  return {503, kText, fmt::format("no turn of the event loop for {} s\n", seconds), {}};
}

system::HttpAnswer Service::answer(const system::HttpRequest& request) {
  if (request.path == "/metrics") {
    const sinks::MetricSources sources{[this] { return numbers_.get(); },
                                       [this] { return service_numbers_.get(); },
                                       system::read_process_facts, build_facts()};
    return {200, sinks::kMetricsContentType, sinks::metrics_text(sources), {}};
  }
  if (request.path == "/") return {200, "text/html; charset=utf-8", landing_page(), {}};
  if (request.path == "/healthz") return health();
  // It answers only once its programs are attached and the first census is done.
  if (request.path == "/readyz") return {200, kText, "ready\n", {}};
  return {404, kText, "there are /metrics, /healthz and /readyz\n", {}};
}

}  // namespace tcptwin::commands
