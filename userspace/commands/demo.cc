// SPDX-License-Identifier: MIT
// `tcptwin demo`: real connections through every phase of TCP's life, each told and drawn: played
// on this kernel in a network of their own, or, without rights, from recordings.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "commands/command.h"
#include "commands/demo_report.h"
#include "commands/demo_run.h"
#include "commands/live_run.h"
#include "commands/option_values.h"
#include "commands/surroundings.h"
#include "sinks/exchange_ladder.h"
#include "sinks/ladder_collector.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {
namespace {

// A policy of the host can hide events from BPF: what was not wholly seen is played again.
constexpr int kAttempts = 3;

// The ladders of one scenario, each when all is known.
class Drawings final : public sinks::ExchangeReceiver {
 public:
  void on_exchange(const sinks::Exchange& exchange) override {
    ladders_.push_back(sinks::ladder_of(exchange));
  }
  sinks::LadderCollector& collector() { return collector_; }
  std::vector<sinks::Ladder> finish() {
    collector_.finish();
    return std::move(ladders_);
  }

 private:
  std::vector<sinks::Ladder> ladders_;
  sinks::LadderCollector collector_{*this, {.linger = std::nullopt}};
};

Result<std::vector<const DemoScenario*>> chosen_scenarios(const Arguments& arguments) {
  std::vector<const DemoScenario*> chosen;
  std::vector<std::string_view> names;
  for (const DemoScenario& scenario : demo_scenarios()) names.push_back(scenario.name);
  for (const std::string& name : arguments.values("scenario")) {
    const auto found = std::ranges::find(demo_scenarios(), name, &DemoScenario::name);
    if (found == demo_scenarios().end()) {
      const auto near = nearest(name, names);
      return Error{ErrorCode::Usage, fmt::format("demo: unknown scenario '{}'", name),
                   near ? fmt::format("did you mean {}?", *near)
                        : std::string{"tcptwin demo --list tells them"}};
    }
    chosen.push_back(&*found);
  }
  if (!chosen.empty()) return chosen;
  for (const DemoScenario& scenario : demo_scenarios()) chosen.push_back(&scenario);
  return chosen;
}

// Beside the program, as it is installed and as it is built: bin/tcptwin, share/tcptwin/demo/.
std::filesystem::path recordings_folder() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return program.parent_path().parent_path() / "share/tcptwin/demo";
}

class Demo {
 public:
  Demo(const Arguments& arguments, DemoLook look)
      : arguments_(arguments), look_(look), is_json_(arguments.has("json")) {}

  int run(const std::vector<const DemoScenario*>& scenarios) {
    is_live_ = !arguments_.has("recorded");
    for (const DemoScenario* scenario : scenarios) {
      const int code = show(*scenario);
      if (code != kExitOk) return code;
      if (was_interrupted_ || out_.reader_is_gone()) break;
    }
    return finish();
  }

 private:
  int show(const DemoScenario& scenario) {
    auto shown = is_live_ ? live(scenario) : recorded(scenario);
    if (!shown && is_live_ && may_fall_back(shown.error())) {
      report(shown.error());
      say("showing the recordings that come with tcptwin instead\n");
      is_live_ = false;
      shown = recorded(scenario);
    }
    if (!shown) return report(shown.error());
    const DemoOutcome outcome = shown.value().run.judgement.outcome;
    if (was_interrupted_ && outcome != DemoOutcome::AsExpected) return kExitOk;
    ++count_[static_cast<std::size_t>(outcome)];
    return write(is_json_ ? demo_json(shown.value()) : demo_text(shown.value(), look_));
  }

  // Only before anything was shown: a demo is live or recorded, not half of each.
  bool may_fall_back(const Error& error) const {
    return error.code == ErrorCode::NotPermitted && !arguments_.has("live") && shown() == 0;
  }

  Result<ShownScenario> live(const DemoScenario& scenario) {
    const std::string folder = arguments_.value("record-to");
    const std::string file = folder.empty() ? "" : fmt::format("{}/{}.twin", folder, scenario.name);
    for (int attempt = 1;; ++attempt) {
      Drawings drawings;
      auto run = play_live(scenario, file, drawings.collector(), quiet_);
      if (!run) return run.error();
      was_interrupted_ = run.value().was_interrupted;
      const bool is_last = attempt == kAttempts || was_interrupted_;
      if (run.value().judgement.outcome != DemoOutcome::Incomplete || is_last) {
        return ShownScenario{&scenario, std::move(run.value()), drawings.finish(), DemoSource::Live,
                             attempt};
      }
      say(fmt::format("{}: {}; playing it again\n", scenario.name, run.value().judgement.reason));
    }
  }

  Result<ShownScenario> recorded(const DemoScenario& scenario) {
    const auto file = recordings_folder() / fmt::format("{}.twin", scenario.name);
    Drawings drawings;
    auto run = play_recorded(scenario, file.string(), drawings.collector(), quiet_);
    if (!run) return run.error();
    return ShownScenario{&scenario, std::move(run.value()), drawings.finish(),
                         DemoSource::Recording, 1};
  }

  std::size_t shown() const { return count_[0] + count_[1] + count_[2] + count_[3]; }

  int finish() {
    if (!is_json_ && shown() != 0) {
      const int printed = write(demo_summary(count_));
      if (printed != kExitOk) return printed;
    }
    if (was_interrupted_) say("interrupted: the rest was not played\n");
    const auto of = [&](DemoOutcome outcome) { return count_[static_cast<std::size_t>(outcome)]; };
    if (of(DemoOutcome::Differs) != 0) return kExitDivergence;
    return was_interrupted_ || of(DemoOutcome::AsExpected) != shown() ? kExitFailed : kExitOk;
  }

  int write(const std::string& text) {
    out_.write(text);
    out_.flush();
    const Status done = written(out_);
    return done ? kExitOk : report(done.error());
  }

  void say(const std::string& what) {
    diagnostics_.write("tcptwin: " + what);
    diagnostics_.flush();
  }

  const Arguments& arguments_;
  DemoLook look_;
  bool is_json_;
  bool is_live_ = true;
  bool was_interrupted_ = false;
  DemoCounts count_{};
  sinks::Output out_{STDOUT_FILENO};
  sinks::Output diagnostics_{STDERR_FILENO};
  // What a run on the kernel says of itself is no part of the story.
  system::UniqueFd nowhere_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  sinks::Output quiet_{nowhere_.get()};
};

}  // namespace

int run_demo(const Arguments& arguments) {
  if (arguments.has("live") && arguments.has("recorded")) {
    return report({ErrorCode::Usage, "--live and --recorded exclude each other", ""});
  }
  const auto colour = parse_colour(arguments.value("color", "auto"));
  if (!colour) return report(colour.error());
  const auto scenarios = chosen_scenarios(arguments);
  if (!scenarios) return report(scenarios.error());
  if (arguments.has("list")) {
    return print(arguments.has("json") ? demo_list_json() : demo_list());
  }
  return Demo{arguments, demo_look(colour.value())}.run(scenarios.value());
}

}  // namespace tcptwin::commands
