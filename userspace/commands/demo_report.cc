// SPDX-License-Identifier: MIT
#include "commands/demo_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "commands/surroundings.h"
#include "model/verdict.h"
#include "sinks/json_text.h"
#include "system/terminal_screen.h"

namespace tcptwin::commands {
namespace {

constexpr std::size_t kUsual = 80;
constexpr std::size_t kNarrowest = 72;
constexpr std::size_t kWidest = 120;

using VerdictCounts = std::array<std::size_t, model::kVerdictCount>;

VerdictCounts verdicts_of(const DemoRun& run) {
  VerdictCounts counts{};
  for (const tracker::Step& step : run.steps) ++counts[static_cast<std::size_t>(step.verdict)];
  return counts;
}

std::string verdicts_text(const DemoRun& run) {
  const VerdictCounts counts = verdicts_of(run);
  std::string text = fmt::format("{} state changes:", run.steps.size());
  std::string_view separator = " ";
  for (std::size_t verdict = 0; verdict < counts.size(); ++verdict) {
    if (counts[verdict] == 0) continue;
    text += fmt::format("{}{} {}", separator, counts[verdict],
                        label(static_cast<model::Verdict>(verdict)));
    separator = ", ";
  }
  return text;
}

std::string conclusion(const ShownScenario& shown) {
  const DemoJudgement& judgement = shown.run.judgement;
  switch (judgement.outcome) {
    case DemoOutcome::AsExpected:
      return "As the reference says.";
    case DemoOutcome::Differs:
      return fmt::format("NOT as the reference says: {}.", judgement.reason);
    case DemoOutcome::Incomplete:
      return fmt::format("Unverified: {}. A policy of this host may hide events from BPF.",
                         judgement.reason);
    case DemoOutcome::Failed:
      return fmt::format("It could not be played: {}.", judgement.reason);
  }
  return "";
}

void append_texts(sinks::JsonText& json, std::string_view key,
                  const std::vector<std::string>& texts) {
  json.begin_array(key);
  for (const std::string& text : texts) json.element(text);
  json.end_array();
}

}  // namespace

DemoLook demo_look(ColourChoice colour) {
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  return {system::locale_repertoire(),
          wants_colour(colour, STDOUT_FILENO) ? sinks::Colour::Always : sinks::Colour::Never,
          columns == 0 ? kUsual : std::clamp(columns, kNarrowest, kWidest)};
}

std::string demo_text(const ShownScenario& shown, const DemoLook& look) {
  const DemoScenario& scenario = *shown.scenario;
  std::string text = fmt::format("{}: {}\n\n", scenario.name, scenario.title);
  text += sinks::wrapped(std::string{scenario.story}, look.columns, 0);
  text += sinks::wrapped(std::string{scenario.wire}, look.columns, 0);
  text += '\n';
  for (const sinks::Ladder& ladder : shown.ladders) text += ladder_text(ladder, look) + '\n';
  text += sinks::wrapped(fmt::format("{}. {}", verdicts_text(shown.run), conclusion(shown)),
                         look.columns, 0);
  return text + '\n';
}

std::string demo_summary(const DemoCounts& counts) {
  const std::size_t all = counts[0] + counts[1] + counts[2] + counts[3];
  std::string text = fmt::format("{} of {} scenarios went as the reference says", counts[0], all);
  constexpr std::array<std::string_view, 4> kWords = {"", "went otherwise", "unverified",
                                                      "not played"};
  for (std::size_t outcome = 1; outcome < counts.size(); ++outcome) {
    if (counts[outcome] != 0) text += fmt::format(", {} {}", counts[outcome], kWords[outcome]);
  }
  return text + ".\n";
}

std::string demo_json(const ShownScenario& shown) {
  const DemoJudgement& judgement = shown.run.judgement;
  sinks::JsonText json;
  json.begin_object();
  json.number("schema", 1);
  json.string("type", "demo_scenario");
  json.string("name", shown.scenario->name);
  json.string("title", shown.scenario->title);
  json.string("story", shown.scenario->story);
  json.string("wire", shown.scenario->wire);
  json.string("source", shown.source == DemoSource::Live ? "live" : "recording");
  json.number("attempts", shown.attempts);
  json.string("outcome", label(judgement.outcome));
  if (!judgement.reason.empty()) json.string("reason", judgement.reason);
  for (const DemoEnd& end : judgement.ends) {
    json.begin_object(end.name);
    append_texts(json, "expected", end.expected);
    append_texts(json, "seen", end.seen);
    json.end_object();
  }
  json.begin_object("verdicts");
  const VerdictCounts counts = verdicts_of(shown.run);
  for (std::size_t verdict = 0; verdict < counts.size(); ++verdict) {
    json.number(label(static_cast<model::Verdict>(verdict)), counts[verdict]);
  }
  json.end_object();
  json.end_object();
  json.end_line();
  return std::string{json.view()};
}

std::string demo_list() {
  std::string text;
  for (const DemoScenario& scenario : demo_scenarios()) {
    text += fmt::format("{:18}  {}\n", scenario.name, scenario.title);
  }
  return text;
}

std::string demo_list_json() {
  std::string text;
  for (const DemoScenario& scenario : demo_scenarios()) {
    sinks::JsonText json;
    json.begin_object();
    json.number("schema", 1);
    json.string("type", "demo_listing");
    json.string("name", scenario.name);
    json.string("title", scenario.title);
    json.end_object();
    json.end_line();
    text += json.view();
  }
  return text;
}

}  // namespace tcptwin::commands
