// SPDX-License-Identifier: MIT
#include "commands/service_run.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "commands/host_cgroups.h"
#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// What Ctrl-C and the end of --duration may be late by.
constexpr std::chrono::milliseconds kWait{50};
constexpr std::chrono::milliseconds kAnswerPatience{30'000};
// Messages that one turn takes at most, so that what is printed comes out in time.
constexpr int kMessagesATurn = 4096;

}  // namespace

void ServiceCgroups::add(const sinks::NamedCgroup& named) {
  constexpr std::size_t kMost = 65'536;
  if (names_.size() >= kMost) names_.clear();  // what is used is named again
  names_.insert_or_assign(named.id, named.name);
}

const sinks::CgroupName* ServiceCgroups::find(std::uint64_t id) {
  const auto found = names_.find(id);
  return found == names_.end() ? nullptr : &found->second;
}

sinks::ClockMapping clock_of(const sinks::ServiceHead& head) {
  sinks::ClockMapping clock = clock_mapping(head.started);
  clock.realtime_minus_monotonic = head.realtime_minus_monotonic;
  return clock;
}

std::string service_text(const sinks::ServiceHead& head, const sinks::ClockMapping& clock) {
  std::string text = fmt::format("tcptwin: asks the service (pid {}), which has watched since {}",
                                 head.pid, rfc3339_time(clock, head.started).view().substr(0, 19));
  text += "Z";
  if (head.netns) text += fmt::format(", network namespace {} only", *head.netns);
  return text + "\n";
}

std::function<bool(std::uint64_t)> in_cgroup(const std::string& words,
                                             sinks::CgroupDirectory& cgroups) {
  // An id means what is below it as well: by its path, where this host still has it.
  std::string path = words;
  HostCgroups host;
  std::uint64_t id = 0;
  if (const auto known = parse_cgroup(words)) id = known.value();
  if (const sinks::CgroupName* name = host.find(id)) path = name->path;
  return [path, id, &cgroups](std::uint64_t found) {
    return found == id || is_in_cgroup(path, found, cgroups.find(found));
  };
}

ServiceRun::ServiceRun(ServiceClient client, const LiveRunOptions& options, const ServiceWish& wish,
                       sinks::Output& diagnostics, system::TerminationSignals signals)
    : client_(std::move(client)),
      duration_(options.duration.value_or(Duration{})),
      cgroup_(options.cgroup),
      wish_(wish),
      diagnostics_(diagnostics),
      signals_(std::move(signals)),
      clock_(clock_of(client_.head())),
      asked_(monotonic_now()),
      counts_(client_.head().counts),
      stream_(client_.head().stream) {}

Result<std::unique_ptr<ServiceRun>> ServiceRun::open(ServiceClient client,
                                                     const LiveRunOptions& options,
                                                     const ServiceWish& wish,
                                                     sinks::Output& diagnostics) {
  auto signals = system::TerminationSignals::open();
  if (!signals) return signals.error();
  std::unique_ptr<ServiceRun> run{
      new ServiceRun(std::move(client), options, wish, diagnostics, std::move(signals.value()))};
  diagnostics.write(service_text(run->client_.head(), run->clock_));
  if (wish.past) run->say_missed(run->client_.head().missed);
  diagnostics.flush();
  return run;
}

void ServiceRun::fill_in_filter(sinks::FindingConditions& conditions, std::string&) {
  if (!cgroup_.empty()) conditions.in_cgroup = in_cgroup(cgroup_, cgroups_);
}

Status ServiceRun::begin(tracker::FindingHandler& findings) {
  findings_ = &findings;
  findings.on_reconciliation(client_.head().census);
  if (wish_.stuck) {
    const Status listed = list_stuck();
    if (!listed) return listed;
  }
  return Done{};
}

Status ServiceRun::list_stuck() {
  ControlRequest request;
  request.ask = Ask::Stuck;
  auto answer = ServiceClient::ask(client_.path(), request);
  if (!answer) return answer.error();
  stuck_listed_ = answer.value().head().stream.time;
  for (;;) {
    const auto message = answer.value().next(kAnswerPatience);
    if (!message) return message.error();
    if (!message.value()) return Error{ErrorCode::Failed, "the service stopped answering", ""};
    if (std::holds_alternative<sinks::ServiceEnd>(*message.value())) return Done{};
    if (const auto* named = std::get_if<sinks::NamedCgroup>(&*message.value()))
      cgroups_.add(*named);
    if (const auto* stuck = std::get_if<tracker::Stuck>(&*message.value())) {
      findings_->on_stuck(*stuck);
    }
  }
}

Status ServiceRun::turn() {
  if (failed_) return *failed_;
  std::chrono::milliseconds wait = kWait;
  for (int i = 0; i < kMessagesATurn && !is_complete_; ++i) {
    const auto message = client_.next(wait);
    if (!message) return message.error();
    if (!message.value()) break;
    take(*message.value());
    wait = std::chrono::milliseconds{0};
  }
  diagnostics_.flush();
  if (failed_) return *failed_;
  return Done{};
}

void ServiceRun::take(const sinks::ServiceMessage& message) {
  if (const auto* tick = std::get_if<sinks::ServiceTick>(&message)) {
    counts_ = tick->counts;
    stream_ = tick->stream;
  } else if (const auto* named = std::get_if<sinks::NamedCgroup>(&message)) {
    cgroups_.add(*named);
  } else if (const auto* missed = std::get_if<sinks::MissedFindings>(&message)) {
    say_missed(*missed);
  } else if (const auto* step = std::get_if<tracker::Step>(&message)) {
    findings_->on_step(*step);
  } else if (const auto* life = std::get_if<tracker::Life>(&message)) {
    findings_->on_life(*life);
  } else if (const auto* divergence = std::get_if<tracker::Divergence>(&message)) {
    findings_->on_divergence(*divergence);
  } else if (const auto* loss = std::get_if<tracker::Loss>(&message)) {
    findings_->on_loss(*loss);
  } else if (const auto* found = std::get_if<tracker::Reconciliation>(&message)) {
    findings_->on_reconciliation(*found);
  } else if (const auto* stuck = std::get_if<tracker::Stuck>(&message)) {
    // Those up to then were in the list.
    if (stuck->time > stuck_listed_) findings_->on_stuck(*stuck);
  } else if (const auto* end = std::get_if<sinks::ServiceEnd>(&message)) {
    take_end(*end);
  }
}

void ServiceRun::take_end(const sinks::ServiceEnd& end) {
  is_complete_ = end.is_complete;
  if (is_complete_) return;
  failed_ = Error{ErrorCode::Failed, fmt::format("the service at {} was stopped", client_.path()),
                  "what it found before was shown; ask again once it runs"};
}

// Of the lives that `life` is about; of steps only where they are what was asked for.
void ServiceRun::say_missed(const sinks::MissedFindings& missed) {
  if (missed.lives != 0 && (wish_.kinds & sinks::kinds_of<tracker::Life>()) != 0) {
    diagnostics_.write(fmt::format(
        "tcptwin: {} connections that ended are not shown: the service's --history had no room for "
        "them, or we were too slow\n",
        missed.lives));
  }
  if (missed.steps != 0 && (wish_.kinds & sinks::kinds_of<tracker::Step>()) != 0) {
    diagnostics_.write(fmt::format(
        "tcptwin: {} state changes are not in the service's --history any more\n", missed.steps));
  }
}

bool ServiceRun::is_over() {
  if (signals_ && signals_->take()) interrupted_ = true;
  return interrupted_ || is_complete_ ||
         (duration_ != Duration{} && monotonic_now() - asked_ >= duration_);
}

Status ServiceRun::finish() {
  end_ = monotonic_now();
  signals_.reset();
  if (failed_) return *failed_;
  return Done{};
}

Status ServiceRun::read_table(const tracker::TwinVisitor& visitor) {
  ControlRequest request;
  request.connection = wish_.connection;
  auto answer = ServiceClient::ask(client_.path(), request);
  if (!answer) return answer.error();
  return read_rows(answer.value(), cgroups_,
                   [&](sinks::TableRow& row) { visitor(sinks::view_of(row)); });
}

Status ServiceRun::visit(const tracker::TwinVisitor& visitor) {
  Status read = read_table(visitor);
  if (!read && !failed_) failed_ = read.error();
  return read;
}

sinks::Summary ServiceRun::summary(const sinks::FindingFilter& filter) const {
  sinks::Summary summary;
  summary.end = end_;
  summary.duration = end_ - (wish_.past ? start() : asked_);
  summary.seen = filter.seen();
  summary.shown = filter.shown();
  summary.counts = counts_;
  summary.stream = stream_;
  summary.lost = filter.lost();
  return summary;
}

Status read_rows(ServiceClient& client, ServiceCgroups& cgroups,
                 const std::function<void(sinks::TableRow&)>& take) {
  for (;;) {
    auto message = client.next(kAnswerPatience);
    if (!message) return message.error();
    if (!message.value()) return Error{ErrorCode::Failed, "the service stopped answering", ""};
    if (std::holds_alternative<sinks::ServiceEnd>(*message.value())) return Done{};
    if (const auto* named = std::get_if<sinks::NamedCgroup>(&*message.value())) cgroups.add(*named);
    if (auto* row = std::get_if<sinks::TableRow>(&*message.value())) take(*row);
  }
}

Result<std::unique_ptr<WatchedRun>> open_run(const LiveRunOptions& options, const ServiceWish& wish,
                                             sinks::Output& diagnostics) {
  FoundService service;
  if (options.from.empty()) {
    ControlRequest request;
    request.ask = Ask::Findings;
    request.kinds = wish.kinds;
    request.past = wish.past;
    request.follow = wish.follow;
    auto found = find_service(options.service, request);
    if (!found) return found.error();
    service = std::move(found.value());
  }
  if (service.client) {
    auto run = ServiceRun::open(std::move(*service.client), options, wish, diagnostics);
    if (!run) return run.error();
    return std::unique_ptr<WatchedRun>{std::move(run.value())};
  }
  if (wish.otherwise && options.from.empty()) {
    return service.why_not ? *service.why_not : *wish.otherwise;
  }
  auto run = LiveRun::open(options, diagnostics);
  if (!run) return cannot_watch(run.error(), service.why_not);
  if (service.why_not) {
    diagnostics.write(fmt::format("tcptwin: watches itself: {}\n", service.why_not->what));
    diagnostics.flush();
  }
  return std::unique_ptr<WatchedRun>{std::move(run.value())};
}

}  // namespace tcptwin::commands
