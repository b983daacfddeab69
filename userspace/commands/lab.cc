// SPDX-License-Identifier: MIT
// `tcptwin lab verify` and `tcptwin lab why TOPIC`: the reference's table proved within bounds, and
// what happens without one of its rules.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "commands/command.h"
#include "commands/lab_report.h"
#include "commands/lab_story.h"
#include "commands/option_values.h"
#include "commands/surroundings.h"
#include "lab/catalogue.h"
#include "lab/topics.h"
#include "sinks/json_text.h"
#include "sinks/output.h"
#include "system/terminal_screen.h"

namespace tcptwin::commands {
namespace {

constexpr std::size_t kNarrowest = 72;
constexpr std::size_t kWidest = 100;
constexpr std::size_t kUsual = 80;

// Progress and times: on stderr, since they differ from run to run.
class Progress {
 public:
  void begin(std::string_view what) {
    began_ = monotonic_now();
    if (!is_terminal_) return;
    diagnostics_.write(fmt::format("tcptwin: {} ...\n", what));
    diagnostics_.flush();
  }
  void end(std::string_view what, const lab::Exploration& found) {
    const auto spent = std::chrono::duration<double>(monotonic_now() - began_).count();
    diagnostics_.write(
        fmt::format("tcptwin: {}: {} worlds in {:.2f} s\n", what, grouped(found.worlds), spent));
    diagnostics_.flush();
  }

 private:
  sinks::Output diagnostics_{STDERR_FILENO};
  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  KernelTime began_{};
};

int verify(const Arguments& arguments) {
  std::vector<WorldResult> results;
  Progress progress;
  for (const lab::Bounds& bounds : lab::catalogue()) {
    progress.begin(bounds.name);
    results.push_back({&bounds, lab::explore_reference(bounds)});
    progress.end(bounds.name, results.back().exploration);
  }
  const int printed =
      print(arguments.has("json") ? verification_json(results) : verification_text(results));
  if (printed != kExitOk) return printed;
  return is_proved(results) ? kExitOk : kExitFailed;
}

std::string topics_text() {
  std::string text = "tcptwin lab why TOPIC, where TOPIC is one of\n\n";
  for (const lab::Topic& topic : lab::topics()) {
    fmt::format_to(std::back_inserter(text), "  {:<18} {}\n", topic.name, topic.question);
  }
  return text;
}

struct Answer {
  const lab::Harm* harm;
  lab::Exploration without;
  lab::Exploration with;
};

// An answer is one only if the rule makes the difference.
bool is_conclusive(const Answer& answer) {
  return answer.without.counterexample && answer.with.is_whole && !answer.with.counterexample;
}

void append_answer(std::string& text, const lab::Topic& topic, const Answer& answer,
                   const sinks::LadderLook& look) {
  const auto wrap = [&](const std::string& words) {
    text += sinks::wrapped(words, look.columns, 0);
  };
  const lab::Harm& harm = *answer.harm;
  text += '\n';
  wrap(std::string{harm.lead});
  text += '\n';
  if (answer.without.counterexample) {
    const lab::OwnTable own = lab::table_without_rule(topic, harm);
    const lab::Bounds bounds = topic.bounds(lab::world_named(harm.world), false);
    text += ladder_text(ladder_of(*answer.without.counterexample, bounds, own.table()), look);
    text += '\n';
    wrap(std::string{harm.conclusion});
  } else {
    wrap("Nothing happens: the lab finds no counterexample.");
  }
  text += '\n';
  wrap(fmt::format("With the rule: {} worlds, {} steps, up to {} deep, and in {} of them {}.",
                   grouped(answer.with.worlds), grouped(answer.with.steps), answer.with.depth,
                   answer.with.counterexample ? "at least one" : "none",
                   harm.property == lab::Property::Opens
                       ? std::string{"do the two ends miss each other for ever"}
                       : fmt::format("is this broken: {}", text_of(harm.property).text)));
}

std::string why_text(const lab::Topic& topic, const std::vector<Answer>& answers,
                     const sinks::LadderLook& look) {
  std::string text = fmt::format("{}\n\n", topic.question);
  text += sinks::wrapped(fmt::format("The rule:    {}.", topic.rule), look.columns, 13);
  text += sinks::wrapped(fmt::format("Without it:  {}.", topic.without), look.columns, 13);
  for (const Answer& answer : answers) append_answer(text, topic, answer, look);
  return text;
}

void append_rungs(sinks::JsonText& json, const sinks::Ladder& ladder) {
  constexpr std::array<std::string_view, 4> kCourses = {"arrives", "leaves", "arrives_late",
                                                        "lost"};
  json.begin_array("ladder");
  for (const sinks::LadderRung& rung : ladder.rungs) {
    json.begin_element();
    json.string("sentence", rung.sentence);
    json.string("left", rung.states[0]);
    json.string("right", rung.states[1]);
    if (rung.arrow) {
      json.string("segment", rung.arrow->label);
      json.string("from", rung.arrow->to_the_right ? "left" : "right");
      json.string("course", kCourses[static_cast<std::size_t>(rung.arrow->course)]);
    }
    json.end_object();
  }
  json.end_array();
}

std::string why_json(const lab::Topic& topic, const std::vector<Answer>& answers) {
  sinks::JsonText json;
  json.begin_object();
  json.number("schema", 1);
  json.string("type", "lab_why");
  json.string("topic", topic.name);
  json.string("question", topic.question);
  json.string("rule", topic.rule);
  json.string("without", topic.without);
  json.begin_array("answers");
  for (const Answer& answer : answers) {
    json.begin_element();
    json.string("world", answer.harm->world);
    json.string("property", text_of(answer.harm->property).label);
    json.boolean("conclusive", is_conclusive(answer));
    json.number("worlds_with_rule", answer.with.worlds);
    if (answer.without.counterexample) {
      const lab::OwnTable own = lab::table_without_rule(topic, *answer.harm);
      const lab::Bounds bounds = topic.bounds(lab::world_named(answer.harm->world), false);
      append_rungs(json, ladder_of(*answer.without.counterexample, bounds, own.table()));
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_line();
  return std::string{json.view()};
}

int why(const Arguments& arguments, const std::string& name, sinks::Colour colour) {
  const lab::Topic* topic = lab::topic_named(name);
  if (topic == nullptr) {
    std::vector<std::string_view> names;
    for (const lab::Topic& known : lab::topics()) names.push_back(known.name);
    const auto near = nearest(name, names);
    return report({ErrorCode::Usage, fmt::format("lab why: unknown topic '{}'", name),
                   near ? fmt::format("did you mean {}?", *near)
                        : std::string{"tcptwin lab why, without a topic, lists them"}});
  }
  std::vector<Answer> answers;
  Progress progress;
  for (const lab::Harm& harm : topic->harms) {
    progress.begin("without the rule");
    lab::Exploration without = lab::explore_without_rule(*topic, harm);
    progress.end("without the rule", without);
    progress.begin("with the rule");
    answers.push_back({&harm, std::move(without), lab::explore_with_rule(*topic, harm)});
    progress.end("with the rule", answers.back().with);
  }
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  const sinks::LadderLook look{system::locale_repertoire(), colour,
                               columns == 0 ? kUsual : std::clamp(columns, kNarrowest, kWidest)};
  const int printed =
      print(arguments.has("json") ? why_json(*topic, answers) : why_text(*topic, answers, look));
  if (printed != kExitOk) return printed;
  return std::ranges::all_of(answers, is_conclusive) ? kExitOk : kExitFailed;
}

}  // namespace

int run_lab(const Arguments& arguments) {
  const auto& operands = arguments.operands();
  const auto colour = parse_colour(arguments.value("color", "auto"));
  if (!colour) return report(colour.error());
  const auto chosen =
      wants_colour(colour.value(), STDOUT_FILENO) ? sinks::Colour::Always : sinks::Colour::Never;
  if (operands.size() == 1 && operands[0] == "verify") return verify(arguments);
  if (operands.size() == 1 && operands[0] == "why") return print(topics_text());
  if (operands.size() == 2 && operands[0] == "why") return why(arguments, operands[1], chosen);
  return report({ErrorCode::Usage,
                 operands.empty() ? std::string{"lab needs to know what to do"}
                                  : fmt::format("lab does not know '{}'", fmt::join(operands, " ")),
                 "tcptwin lab verify, or tcptwin lab why TOPIC"});
}

}  // namespace tcptwin::commands
