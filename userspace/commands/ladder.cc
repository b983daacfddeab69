// SPDX-License-Identifier: MIT
// `tcptwin ladder`: findings gathered by connection, each drawn when it is over.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "base/text.h"
#include "commands/command.h"
#include "commands/ladder_options.h"
#include "commands/live_run.h"
#include "commands/surroundings.h"
#include "sinks/diagnostics.h"
#include "sinks/exchange_ladder.h"
#include "sinks/json_lines.h"
#include "sinks/ladder_collector.h"
#include "sinks/ladder_svg.h"
#include "sinks/ladder_text.h"
#include "sinks/table_text.h"
#include "sinks/words.h"
#include "system/terminal_screen.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {
namespace {

constexpr std::size_t kColumns = 80;    // where no terminal says
constexpr std::size_t kPictures = 100;  // ladders in one SVG

bool is_named(const ConnectionName& name, const sinks::Exchange& exchange) {
  for (std::size_t i = 0; i < 2; ++i) {
    const sinks::ExchangeEnd& end = exchange.ends[i];
    tracker::ConnectionIdentity identity;
    if (end.connection) identity = *end.connection;
    identity.tuple = {end.netns, end.endpoint, exchange.ends[1 - i].endpoint};
    if (match(name, identity) != NameMatch::No) return true;
  }
  return false;
}

// Prints the ladders that are asked for, or keeps them for the picture.
class Teller final : public sinks::ExchangeReceiver {
 public:
  Teller(const LadderOptions& options, LiveRun& run, sinks::Output& out, sinks::Output& diagnostics)
      : options_(options),
        clock_(run.clock()),
        out_(out),
        diagnostics_(out, diagnostics),
        json_(out, diagnostics, sinks::JsonOptions{.clock = run.clock()}) {
    const std::size_t terminal = terminal_columns(STDOUT_FILENO);
    look_.columns = options.columns > 0 ? options.columns : terminal > 0 ? terminal : kColumns;
    look_.repertoire = options.ascii ? system::Repertoire::Ascii : system::locale_repertoire();
    look_.colour =
        wants_colour(options.colour, STDOUT_FILENO) ? sinks::Colour::Always : sinks::Colour::Never;
  }

  void on_exchange(const sinks::Exchange& exchange) override {
    if (options_.name && !is_named(*options_.name, exchange)) return;
    if (is_done()) return;
    ++told_;
    if (options_.json) {
      json_.on_exchange(exchange);
    } else if (!options_.svg.empty()) {
      if (pictures_.size() < kPictures) pictures_.push_back(picture_of(exchange));
    } else {
      print(exchange);
    }
    out_.flush();
  }

  void on_loss(const tracker::Loss& loss) {
    options_.json ? json_.on_loss(loss) : diagnostics_.loss(loss);
  }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) {
    options_.json ? json_.on_reconciliation(reconciliation)
                  : diagnostics_.reconciliation(reconciliation);
    out_.flush();
  }
  void on_end(const sinks::Summary& summary) {
    options_.json ? json_.on_end(summary) : diagnostics_.end(summary);
  }

  bool is_done() const { return options_.count && told_ >= *options_.count; }
  std::uint64_t told() const { return told_; }
  const std::vector<sinks::LadderPicture>& pictures() const { return pictures_; }

 private:
  sinks::LadderPicture picture_of(const sinks::Exchange& exchange) const {
    return {sinks::heading_of(exchange, clock_), sinks::ladder_of(exchange)};
  }

  void print(const sinks::Exchange& exchange) {
    std::string text = told_ > 1 ? "\n" : "";
    std::string heading;
    sinks::append_wrapped(heading, "", "  ", sinks::heading_of(exchange, clock_), look_.columns);
    const bool is_bold = look_.colour == sinks::Colour::Always;
    text += is_bold ? fmt::format("{}{}{}", sinks::kBold, heading, sinks::kNormal) : heading;
    out_.write(text + sinks::ladder_text(sinks::ladder_of(exchange), look_));
  }

  const LadderOptions& options_;
  sinks::ClockMapping clock_;
  sinks::Output& out_;
  sinks::Diagnostics diagnostics_;
  sinks::JsonLinesSink json_;
  sinks::LadderLook look_;
  std::uint64_t told_ = 0;
  std::vector<sinks::LadderPicture> pictures_;
};

// Lives pass beside the filter, which knows steps and segments: the collector takes those of the
// ends that it has. Losses are said at once as well.
class Feed final : public tracker::FindingHandler {
 public:
  Feed(sinks::FindingFilter& filter, sinks::LadderCollector& collector, Teller& teller)
      : filter_(filter), collector_(collector), teller_(teller) {}

  void on_step(const tracker::Step& step) override { filter_.on_step(step); }
  void on_segment(const tracker::SegmentFound& found) override { filter_.on_segment(found); }
  void on_divergence(const tracker::Divergence& divergence) override {
    filter_.on_divergence(divergence);
  }
  void on_loss(const tracker::Loss& loss) override {
    filter_.on_loss(loss);
    teller_.on_loss(loss);
  }
  void on_call_path(const tracker::CallPath& path) override { filter_.on_call_path(path); }
  void on_life(const tracker::Life& life) override { collector_.on_life(life); }
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    teller_.on_reconciliation(reconciliation);
  }

 private:
  sinks::FindingFilter& filter_;
  sinks::LadderCollector& collector_;
  Teller& teller_;
};

Status write_svg(const LadderOptions& options, const Teller& teller, sinks::Output& out) {
  if (options.svg.empty()) return Done{};
  const std::string picture = sinks::ladder_svg(teller.pictures());
  if (options.svg == "-") {
    out.write(picture);
    return Done{};
  }
  system::UniqueFd file{
      ::open(options.svg.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (!file.is_open()) {
    return Error{ErrorCode::Failed, "cannot write " + options.svg + ": " + std::strerror(errno),
                 ""};
  }
  sinks::Output target{file.get()};
  target.write(picture);
  target.flush();
  return written(target);
}

// What the reader must know of what was not drawn.
std::string notes_of(const LadderOptions& options, const Teller& teller,
                     const sinks::LadderCollector& collector) {
  std::string text;
  if (collector.left_out() > 0) {
    text += fmt::format(
        "tcptwin: {} ends of connections were left out: more were open at once than are kept\n"
        "  choose with -P, -p, --comm ...\n",
        grouped(collector.left_out()));
  }
  if (!options.svg.empty() && teller.told() > teller.pictures().size()) {
    text += fmt::format("tcptwin: {} ladders, of which the first {} are in the picture\n",
                        grouped(teller.told()), teller.pictures().size());
  }
  return text;
}

Status found(const LadderOptions& options, const Teller& teller) {
  if (!options.name || teller.told() > 0) return Done{};
  return Error{ErrorCode::Failed,
               fmt::format("{} {}", text(*options.name),
                           options.run.from.empty() ? "was not seen" : "is not in the recording"),
               "tcptwin life --json shows what there is, each with its id"};
}

}  // namespace

int run_ladder(const Arguments& arguments) {
  auto parsed = ladder_options(arguments);
  if (!parsed) return report(parsed.error());
  LadderOptions& options = parsed.value();
  sinks::Output messages{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, messages);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  run.fill_in_filter(options.conditions, options.filter_words);
  sinks::Output out{STDOUT_FILENO};
  Teller teller{options, run, out, messages};
  sinks::LadderCollector collector{teller};
  sinks::FindingFilter filter{options.conditions, collector};
  Feed feed{filter, collector, teller};
  const Status ran = run.run_through(feed, [&] {
    if (run.live() != nullptr) collector.advance(monotonic_now());
    return teller.is_done() || !out.is_usable();
  });
  collector.advance(run.end());
  collector.finish();
  const Status drawn = write_svg(options, teller, out);
  sinks::Summary summary = run.summary(filter);
  summary.filter = options.filter_words;
  teller.on_end(summary);
  out.flush();
  messages.write(notes_of(options, teller, collector));
  messages.flush();
  for (const Status& status : {ran, drawn, written(out), found(options, teller)}) {
    if (!status) return report(status.error());
  }
  return exit_code_of(summary, options.exit_code_on_divergence, options.strict);
}

}  // namespace tcptwin::commands
