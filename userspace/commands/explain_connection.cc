// SPDX-License-Identifier: MIT
#include "commands/explain_connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "commands/connection_story.h"
#include "commands/service_run.h"
#include "commands/story_text.h"
#include "commands/surroundings.h"
#include "sinks/json_lines.h"
#include "sinks/life_text.h"
#include "sinks/terminal.h"

namespace tcptwin::commands {
namespace {

std::string title(const Story& story) {
  const tracker::ConnectionIdentity& connection = story.connection;
  const ConnectionName name{std::nullopt, connection.tuple.local, connection.tuple.remote};
  return fmt::format("{}: {}, network namespace {}, id {:#x}.{}{}\n", text(name),
                     label(connection.role), connection.tuple.netns, connection.id.cookie,
                     connection.id.generation,
                     connection.adopted ? ", older than the watching" : "");
}

// "now         CLOSE_WAIT for 4.2s, python3/812"
std::string state_text(const sinks::TableRow& row, KernelTime now) {
  const sinks::SocketRow socket = sinks::socket_row(sinks::view_of(row), now);
  return fmt::format("  {:<11} {} for {}, {}\n", "now", name(row.state),
                     sinks::span_text(socket.age, socket.age_at_least),
                     sinks::owner_text(row.owners.best(), "no process known"));
}

std::string life_text(const tracker::Life& life) {
  return fmt::format("  {:<11} {} after {}, {} in, {} out; {}\n", "ended",
                     sinks::ending_text({life, std::nullopt}),
                     sinks::span_text(life.duration, life.duration_at_least),
                     sinks::bytes_text(life.bytes_in), sinks::bytes_text(life.bytes_out),
                     sinks::owner_text(life.owners.best(), "no process known"));
}

// What the table lacks, if anything.
std::string gaps_text(const Story& story) {
  std::string text;
  if (story.left_out != 0) {
    text += fmt::format("  {:<11} {} later state changes\n", "left out", story.left_out);
  }
  const bool begins_late =
      story.steps.empty() || (story.steps.front().from.state != model::State::Closed &&
                              story.steps.front().from.state != model::State::Listen);
  if (begins_late) {
    text += fmt::format("  {:<11} how it came there: it was not watched, or is kept no longer\n",
                        "not known");
  }
  if (story.steps.empty() && story.life) {
    text += fmt::format("  {:<11} {}\n", "states", sinks::path_text(*story.life));
  }
  return text;
}

class Teller {
 public:
  Teller(const WatchedRun& run, KernelTime now, const LookOptions& look)
      : now_(now), clock_(run.clock()), look_(look) {}

  void tell(const std::vector<Story>& stories, sinks::CgroupDirectory& cgroups) {
    for (const Story& story : stories) {
      look_.format == Format::JsonLines ? tell_json(story, cgroups) : tell_text(story);
    }
    out_.flush();
  }
  Status status() const { return written(out_); }

 private:
  template <typename Sink>
  static void tell_findings(const Story& story, Sink& sink) {
    for (const tracker::Step& step : story.steps) sink.on_step(step);
    for (const tracker::Divergence& divergence : story.divergences) sink.on_divergence(divergence);
  }

  void tell_json(const Story& story, sinks::CgroupDirectory& cgroups) {
    sinks::JsonLinesSink sink{out_, diagnostics_, {.clock = clock_, .cgroups = &cgroups}};
    tell_findings(story, sink);
    if (story.life) sink.on_life_record({*story.life, std::nullopt});
    if (story.now) sink.on_socket(sinks::socket_row(sinks::view_of(*story.now), now_));
  }

  void tell_text(const Story& story) {
    out_.write(title(story));
    sinks::TerminalSink sink{out_, diagnostics_, table_options(look_, clock_)};
    if (!story.steps.empty()) sink.on_start();
    tell_findings(story, sink);
    std::string text = gaps_text(story);
    if (story.life) text += life_text(*story.life);
    if (story.now) text += state_text(*story.now, now_);
    out_.write(text + "\n" + story_text(story) + "\n");
  }

  KernelTime now_;
  sinks::ClockMapping clock_;
  LookOptions look_;
  sinks::Output out_{STDOUT_FILENO};
  sinks::Output diagnostics_{STDERR_FILENO};
};

Error no_service() {
  return {ErrorCode::Failed, "no service runs here that could tell a connection's story",
          "tcptwin explain CONNECTION --from RECORDING, or tcptwin serve --control-socket PATH; "
          "tcptwin snapshot shows what it is in now"};
}

Error not_seen(const ConnectionName& name, bool asks_service) {
  return {ErrorCode::Failed,
          fmt::format("{} knows no connection {}", asks_service ? "the service" : "the recording",
                      text(name)),
          "tcptwin snapshot --json and tcptwin life --json show what there is, each with its id"};
}

ServiceWish wish_for(const ConnectionName& name) {
  return {.kinds = sinks::kinds_of<tracker::Step, tracker::Life, tracker::Divergence>(),
          .past = true,
          .follow = false,
          .otherwise = no_service(),
          .connection = name};
}

Result<std::vector<Story>> gather(WatchedRun& run, const ConnectionName& name) {
  StoryCollector collector{name};
  Status ran = run.run_through(collector, [] { return false; });
  if (ran) ran = run.visit([&](const tracker::TwinView& twin) { collector.add(twin); });
  if (!ran) return ran.error();
  return collector.take();
}

Result<LiveRunOptions> run_options(const Arguments& arguments, LookOptions& look) {
  LiveRunOptions options;
  OptionReader reader{arguments};
  look = read_look(reader);
  options.from = arguments.values("from");
  read_service(reader, arguments, {}, options);
  if (reader.error()) return *reader.error();
  return options;
}

}  // namespace

int run_explain_connection(const Arguments& arguments) {
  const auto name = parse_connection(arguments.operands().front());
  if (!name) return report(name.error());
  LookOptions look;
  auto options = run_options(arguments, look);
  if (!options) return report(options.error());
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = open_run(options.value(), wish_for(name.value()), diagnostics);
  if (!opened) return report(opened.error());
  WatchedRun& run = *opened.value();
  const auto stories = gather(run, name.value());
  diagnostics.flush();
  if (!stories) return report(stories.error());
  if (stories.value().empty()) return report(not_seen(name.value(), run.asks_service()));
  Teller teller{run, run.end(), look};
  teller.tell(stories.value(), run.cgroups());
  const Status status = teller.status();
  return status ? kExitOk : report(status.error());
}

}  // namespace tcptwin::commands
