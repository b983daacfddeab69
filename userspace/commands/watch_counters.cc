// SPDX-License-Identifier: MIT
#include "commands/watch_counters.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "commands/counter_report.h"
#include "commands/counter_watch.h"
#include "commands/live_run.h"
#include "commands/surroundings.h"
#include "sinks/output.h"
#include "sources/kernel_counters.h"
#include "sources/network_namespaces.h"

namespace tcptwin::commands {
namespace {

constexpr Duration kBetweenLooks = std::chrono::seconds{1};
// Looks take at most this part of the time, however many namespaces there are.
constexpr int kShare = 10;
// By then whatever had happened is judged: later than the tracker waits for evidence (20 ms, 50 ms
// for a half-open connection).
constexpr Duration kSettled = std::chrono::milliseconds{100};
constexpr std::chrono::milliseconds kTurn{20};
constexpr std::string_view kOwnCounters = "/proc/thread-self/net";
constexpr std::string_view kRedraw = "\x1b[H\x1b[J";  // home, and clear what is below

struct WatchOptions {
  LiveRunOptions run;
  ColourChoice colour = ColourChoice::Auto;
  bool json = false;
  bool exit_code = false;
};

Result<WatchOptions> watch_options(const Arguments& arguments) {
  OptionReader reader(arguments);
  WatchOptions options;
  read_run(reader, options.run);
  reader.value("netns", parse_netns,
               [&](std::uint32_t netns) { options.run.live.filter.netns = netns; });
  reader.value("color", parse_colour, [&](ColourChoice colour) { options.colour = colour; });
  options.json = reader.has("json");
  options.exit_code = reader.has("exit-code");
  if (reader.error()) return *reader.error();
  return options;
}

std::size_t terminal_lines() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

// The kernel's figures of every namespace that can be entered.
class Readings {
 public:
  static Result<Readings> open(std::optional<std::uint32_t> only) {
    auto home = sources::HomeNamespace::open();
    if (!home) return home.error();
    return Readings{std::move(home.value()), only};
  }

  // Shows each namespace once. An error is fatal: this thread is in the wrong namespace.
  Status take(const std::function<void(const CounterWatch::Reading&)>& show) const {
    return sources::for_each_network_namespace(
        search_, [&](const sources::FoundNamespace& found) -> Status {
          if (found.descriptor < 0) return Done{};
          std::optional<Result<sources::KernelCounters>> counters;
          CounterWatch::Reading reading{found.inode, found.is_own, monotonic_now(), {}, {}};
          const auto entered = home_.work_in(
              found, [&] { counters = sources::read_kernel_counters(std::string{kOwnCounters}); });
          if (!entered) return entered.error();
          reading.to = monotonic_now();
          if (!counters || !*counters) return Done{};
          reading.counters = std::move(counters->value());
          show(reading);
          return Done{};
        });
  }

 private:
  Readings(sources::HomeNamespace home, std::optional<std::uint32_t> only)
      : home_(std::move(home)) {
    search_.only = only;
  }

  sources::HomeNamespace home_;
  sources::NamespaceSearch search_;
};

// The looks, between the turns of the run.
class Watcher {
 public:
  Watcher(const WatchOptions& options, LiveRun& run, Readings readings)
      : options_(options),
        run_(run),
        readings_(std::move(readings)),
        clock_(clock_mapping(run.start())),
        redraws_(!options.json && ::isatty(STDOUT_FILENO) == 1) {}

  Status begin() {
    const Status opened =
        readings_.take([&](const CounterWatch::Reading& reading) { watch_.open(reading); });
    if (!opened) return opened.error();
    next_look_ = monotonic_now() + kBetweenLooks;
    return run_.begin(watch_.ledger());
  }

  Status run() {
    Status looked = Done{};
    const Status ran = run_.run_until([&] {
      looked = look_if_due();
      return !looked || !out_.is_usable();
    });
    return looked ? ran : looked;
  }

  // A last look, and more of them if one of the counters has still to settle.
  Status finish() {
    for (int looks = 0; looks < CounterWatch::kLooks; ++looks) {
      const Status first = take_first();
      if (!first) return first.error();
      while (!is_settled()) {
        const Status turned = run_.turn(kTurn);
        if (!turned) return turned.error();
      }
      const Status second = take_second();
      if (!second) return second.error();
      const bool settling = std::ranges::any_of(
          watch_.namespaces(), [](const auto& entry) { return entry.second.is_settling(); });
      if (!settling) break;
    }
    const Status finished = run_.finish();
    const KernelTime now = monotonic_now();
    const CounterSummary summary = summarize(watch_);
    if (options_.json) {
      out_.write(counter_summary_json(summary, now, clock_));
    } else {
      out_.write(counter_summary_text(summary, now - run_.start()));
    }
    out_.flush();
    if (!finished) return finished.error();
    return written(out_);
  }

  bool differs() const { return summarize(watch_).differ != 0; }

 private:
  Status look_if_due() {
    if (first_at_) return is_settled() ? take_second() : Done{};
    return monotonic_now() >= next_look_ ? take_first() : Done{};
  }

  bool is_settled() const { return run_.stream().time >= *first_at_ + kSettled; }

  Status take_first() {
    const KernelTime begin = monotonic_now();
    std::set<std::uint32_t> seen;
    const Status taken = readings_.take([&](const CounterWatch::Reading& reading) {
      seen.insert(reading.netns);
      watch_.first_reading(reading);
    });
    if (!taken) return taken.error();
    forget_others(seen);
    first_at_ = monotonic_now();
    cost_ = *first_at_ - begin;
    return Done{};
  }

  Status take_second() {
    const KernelTime begin = monotonic_now();
    const Status taken = readings_.take(
        [&](const CounterWatch::Reading& reading) { watch_.second_reading(reading); });
    if (!taken) return taken.error();
    const KernelTime now = monotonic_now();
    cost_ += now - begin;
    next_look_ = std::max(*first_at_ + kBetweenLooks, now + kShare * cost_);
    first_at_.reset();
    show(now);
    return Done{};
  }

  // Namespaces that are gone, or hide: their pages must not pile up.
  void forget_others(const std::set<std::uint32_t>& seen) {
    std::vector<std::uint32_t> others;
    for (const auto& [netns, page] : watch_.ledger().pages()) {
      if (!seen.contains(netns)) others.push_back(netns);
    }
    for (const auto& [netns, watched] : watch_.namespaces()) {
      if (!seen.contains(netns)) others.push_back(netns);
    }
    for (const std::uint32_t netns : others) watch_.forget(netns);
  }

  void show(KernelTime now) {
    const CounterTableOptions table{wants_colour(options_.colour, STDOUT_FILENO),
                                    redraws_ ? terminal_lines() : 0};
    if (redraws_) {
      out_.write(std::string{kRedraw} + counter_table(watch_, now, table));
      out_.flush();
      return;
    }
    // The same figures at another age are nothing new.
    std::string figures = counter_table(watch_, KernelTime{}, {});
    if (figures == shown_) return;
    shown_ = std::move(figures);
    if (options_.json) {
      out_.write(counter_json(watch_, now, clock_));
    } else {
      out_.write(counter_table(watch_, now, table) + "\n");
    }
    out_.flush();
  }

  const WatchOptions& options_;
  LiveRun& run_;
  Readings readings_;
  sinks::ClockMapping clock_;
  CounterWatch watch_;
  bool redraws_;
  sinks::Output out_{STDOUT_FILENO};
  std::optional<KernelTime> first_at_;  // between the two readings of a look
  KernelTime next_look_{};
  Duration cost_{};
  std::string shown_;
};

}  // namespace

int watch_counters(const Arguments& arguments) {
  const auto options = watch_options(arguments);
  if (!options) return report(options.error());
  auto readings = Readings::open(options.value().run.live.filter.netns);
  if (!readings) return report(readings.error());
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.value().run, diagnostics);
  if (!opened) return report(opened.error());
  Watcher watcher{options.value(), *opened.value(), std::move(readings.value())};
  for (const auto& part : {&Watcher::begin, &Watcher::run, &Watcher::finish}) {
    const Status done = (watcher.*part)();
    if (!done) return report(done.error());
  }
  return options.value().exit_code && watcher.differs() ? kExitDivergence : kExitOk;
}

}  // namespace tcptwin::commands
