// SPDX-License-Identifier: MIT
// `tcptwin top`: the live view of states, rates, failures and what is stuck; on a terminal, or with
// --batch as plain text.
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <memory>
#include <string>

#include "commands/command.h"
#include "commands/live_run.h"
#include "commands/service_run.h"
#include "commands/surroundings.h"
#include "commands/top_options.h"
#include "commands/top_session.h"
#include "sinks/words.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {
namespace {

// Keeps messages while the screen is drawn on; they would be lost between its lines.
class HeldMessages {
 public:
  HeldMessages() : file_(::memfd_create("tcptwin-messages", MFD_CLOEXEC)) {}
  HeldMessages(const HeldMessages&) = delete;
  HeldMessages& operator=(const HeldMessages&) = delete;
  ~HeldMessages() { release(); }

  // Without a place to keep them, they go to stderr at once.
  int descriptor() const { return file_.is_open() ? file_.get() : STDERR_FILENO; }

  void release() {
    if (!file_.is_open()) return;
    sinks::Output diagnostics{STDERR_FILENO};
    std::array<char, 4096> part{};
    ssize_t size = 0;
    while ((size = ::pread(file_.get(), part.data(), part.size(), read_)) > 0) {
      diagnostics.write({part.data(), static_cast<std::size_t>(size)});
      read_ += size;
    }
  }

 private:
  system::UniqueFd file_;
  off_t read_ = 0;
};

// tracker -> filters -> model.
class Intake final : public tracker::FindingHandler, public sinks::LifeReceiver {
 public:
  Intake(const sinks::FindingConditions& conditions, sinks::TopModel& model)
      : model_(model), steps_(conditions, model, this), stuck_(of_stuck(conditions), model) {}

  void on_step(const tracker::Step& step) override {
    steps_.on_step(step);
    stuck_.on_step(step);  // only learns which connections are the wanted process's
  }
  void on_divergence(const tracker::Divergence& divergence) override {
    steps_.on_divergence(divergence);
  }
  void on_loss(const tracker::Loss& loss) override { steps_.on_loss(loss); }
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override { steps_.on_life_record({life, std::nullopt}); }
  void on_life_record(const sinks::LifeRecord& record) override { model_.on_life(record.life); }
  void on_stuck(const tracker::Stuck& stuck) override { stuck_.on_stuck(stuck); }
  void on_reconciliation(const tracker::Reconciliation& found) override {
    model_.on_reconciliation(found);
  }
  bool matches(const tracker::TwinView& twin) const { return steps_.matches(twin); }

 private:
  static sinks::FindingConditions of_stuck(sinks::FindingConditions conditions) {
    conditions.subject = sinks::Subject::Stuck;
    return conditions;
  }

  sinks::TopModel& model_;
  sinks::FindingFilter steps_;
  sinks::FindingFilter stuck_;
};

sinks::TopHost host(const TopOptions& options) {
  utsname names{};
  ::uname(&names);
  return {static_cast<const char*>(names.nodename), static_cast<const char*>(names.release),
          options.filter_words};
}

// A container says more than the unit that it runs in.
std::string unit_name(const sinks::CgroupName& name) {
  constexpr std::size_t kShortId = 12;  // as `docker ps` shows it
  if (!name.container.empty()) return name.runtime + " " + name.container.substr(0, kShortId);
  return name.unit.empty() ? name.path : name.unit;
}

class TopRun {
 public:
  TopRun(const TopOptions& options, const sinks::FindingConditions& conditions, WatchedRun& run)
      : options_(options),
        run_(run),
        model_(run.asks_service() ? monotonic_now() : run.start()),
        intake_(conditions, model_) {}

  Status begin() { return run_.begin(intake_); }

  Status draw() {
    const ColourChoice colour = options_.colour;
    auto screen = system::TerminalScreen::open(
        wants_colour(colour, STDOUT_FILENO) ? system::ScreenColour::On : system::ScreenColour::Off);
    if (!screen) return screen.error();
    TopSession session{model_,          sources(),       host(options_),
                       options_.choice, *screen.value(), monotonic_now};
    return run_.run_until([&] { return !session.turn(); });
  }

  Status print() {
    sinks::Output out{STDOUT_FILENO};
    TopBatch batch{model_,          sources(),           host(options_),
                   options_.choice, options_.batch_size, options_.batch.value_or(1),
                   monotonic_now()};
    const Status ran =
        run_.run_until([&] { return !batch.turn(monotonic_now(), out) || !out.is_usable(); });
    return ran ? written(out) : ran;
  }

  Status finish() { return run_.finish(); }

 private:
  sinks::TopSources sources() {
    sinks::TopSources sources;
    // A service that is gone is said by the run's next turn.
    sources.visit = [this](const tracker::TwinVisitor& visitor) {
      has_mirror_ = static_cast<bool>(run_.visit(visitor));
    };
    sources.wants = [this](const tracker::TwinView& twin) { return intake_.matches(twin); };
    sources.unit_of = [this](std::uint64_t id) {
      const sinks::CgroupName* const name = run_.cgroups().find(id);
      return name == nullptr ? std::string{} : unit_name(*name);
    };
    return sources;
  }

  const TopOptions& options_;
  WatchedRun& run_;
  sinks::TopModel model_;
  Intake intake_;
  bool has_mirror_ = true;
};

Status watch(const TopOptions& options, HeldMessages& messages) {
  sinks::Output diagnostics{messages.descriptor()};
  const ServiceWish wish{
      .kinds = sinks::kinds_of<tracker::Step, tracker::Life, tracker::Stuck, tracker::Divergence,
                               tracker::Loss, tracker::Reconciliation>(),
      .stuck = true};
  const auto opened = open_run(options.run, wish, diagnostics);
  if (!opened) return opened.error();
  sinks::FindingConditions conditions = options.conditions;
  std::string words = options.filter_words;
  opened.value()->fill_in_filter(conditions, words);
  TopRun top{options, conditions, *opened.value()};
  Status ran = top.begin();
  diagnostics.flush();
  messages.release();
  if (ran) ran = options.batch ? top.print() : top.draw();
  const Status finished = top.finish();
  return ran ? finished : ran;
}

}  // namespace

int run_top(const Arguments& arguments) {
  const auto options = top_options(arguments);
  if (!options) return report(options.error());
  if (!options.value().batch) {
    const Status terminal = system::TerminalScreen::check();
    if (!terminal) return report(terminal.error());
  }
  Status watched = Done{};
  try {
    HeldMessages messages;
    watched = watch(options.value(), messages);
  } catch (const std::exception& exception) {
    // Caught so that the stack is unwound, and with it the terminal given back.
    watched = Error{ErrorCode::Failed, std::string{"top failed: "} + exception.what(), ""};
  }
  return watched ? kExitOk : report(watched.error());
}

}  // namespace tcptwin::commands
