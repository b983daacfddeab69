// SPDX-License-Identifier: MIT
#include "commands/lab_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "sinks/json_text.h"
#include "sinks/ladder_text.h"

namespace tcptwin::commands {
namespace {

using lab::Property;

constexpr std::size_t kColumns = 80;
constexpr std::string_view kNoReason = "no reason is known";

lab::Questions all_asked(const std::vector<WorldResult>& results) {
  lab::Questions asked;
  for (const WorldResult& result : results) asked |= result.exploration.asked;
  return asked;
}

lab::StatePairs all_pairs(const std::vector<WorldResult>& results) {
  lab::StatePairs pairs;
  for (const WorldResult& result : results) pairs |= result.exploration.pairs;
  return pairs;
}

struct Tally {
  std::size_t worlds = 0;  // of the catalogue
  bool fails = false;
};

Tally tally(const std::vector<WorldResult>& results, Property property) {
  Tally tally;
  for (const WorldResult& result : results) {
    if (!result.bounds->claims.contains(property)) continue;
    ++tally.worlds;
    const auto& found = result.exploration.counterexample;
    if (found && found->property == property) tally.fails = true;
  }
  return tally;
}

std::string_view verdict_of(const Tally& tally) {
  return tally.fails ? "FAILS" : "holds";
}

std::string states_of(model::StateSet states) {
  std::string text;
  for (const model::State state : model::kAllStates) {
    if (!states.contains(state)) continue;
    text += (text.empty() ? "" : ", ") + std::string{model::rfc_name(state)};
  }
  return text;
}

void append_rows(std::string& text, const lab::Questions& asked) {
  const lab::RowCounts rows = lab::count_rows(asked);
  fmt::format_to(std::back_inserter(text),
                 "\nRows: {} arrows and {} that keep the state; {} of {} are exercised.\n",
                 rows.arrows, rows.stays, rows.exercised, rows.arrows + rows.stays);
  for (const lab::IdleRow& row : lab::idle_rows(asked)) {
    std::string line = fmt::format("  - {}: {}", model::name(row.stimulus), row.reason);
    const bool says_why = row.reason.starts_with("cannot occur");
    if (!says_why) line += fmt::format("; {}", row.why.empty() ? kNoReason : row.why);
    text += sinks::wrapped(line, kColumns, 4);
  }
}

void append_pairs(std::string& text, const lab::StatePairs& pairs) {
  text += "\nStates that two connected ends can be in at once:\n";
  for (const model::State one : model::kAllStates) {
    std::string others;
    for (const model::State other : model::kAllStates) {
      if (!pairs[model::index(one) * model::kStateCount + model::index(other)]) continue;
      others += (others.empty() ? "" : " ") + std::string{model::rfc_name(other)};
    }
    if (others.empty()) continue;
    const std::string line = fmt::format("  {:<13}{}", model::rfc_name(one), others);
    text += sinks::wrapped(line, kColumns, 15);
  }
}

}  // namespace

bool is_proved(const std::vector<WorldResult>& results) {
  return std::ranges::all_of(results, [](const WorldResult& result) {
    return result.exploration.is_whole && !result.exploration.counterexample;
  });
}

std::string verification_text(const std::vector<WorldResult>& results) {
  std::string text = "World           Worlds reached       Steps  Depth\n";
  for (const WorldResult& result : results) {
    const lab::Exploration& found = result.exploration;
    fmt::format_to(std::back_inserter(text), "{:<15} {:>14} {:>11} {:>6}\n", result.bounds->name,
                   grouped(found.worlds), grouped(found.steps), found.depth);
    text += sinks::wrapped(fmt::format("  {}", result.bounds->about), kColumns, 2);
  }
  text += "\nProperty                   in worlds\n";
  for (std::size_t i = 0; i < lab::kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    const Tally counted = tally(results, property);
    fmt::format_to(std::back_inserter(text), "{:<19} {:<6} {:>10}\n", text_of(property).label,
                   verdict_of(counted), counted.worlds);
    text += sinks::wrapped(fmt::format("  {}", text_of(property).text), kColumns, 2);
  }
  append_rows(text, all_asked(results));
  append_pairs(text, all_pairs(results));
  return text;
}

std::string verification_json(const std::vector<WorldResult>& results) {
  sinks::JsonText json;
  json.begin_object();
  json.number("schema", 1);
  json.string("type", "lab_verify");
  json.boolean("proved", is_proved(results));
  json.begin_array("worlds");
  for (const WorldResult& result : results) {
    const lab::Exploration& found = result.exploration;
    json.begin_element();
    json.string("name", result.bounds->name);
    json.string("about", result.bounds->about);
    json.number("worlds", found.worlds);
    json.number("steps", found.steps);
    json.number("depth", found.depth);
    json.boolean("whole", found.is_whole);
    json.end_object();
  }
  json.end_array();
  json.begin_array("properties");
  for (std::size_t i = 0; i < lab::kPropertyCount; ++i) {
    const auto property = static_cast<Property>(i);
    const Tally counted = tally(results, property);
    json.begin_element();
    json.string("name", text_of(property).label);
    json.string("text", text_of(property).text);
    json.boolean("holds", !counted.fails);
    json.number("worlds", counted.worlds);
    json.end_object();
  }
  json.end_array();
  const lab::Questions asked = all_asked(results);
  const lab::RowCounts rows = lab::count_rows(asked);
  json.begin_object("rows");
  json.number("arrows", rows.arrows);
  json.number("stays", rows.stays);
  json.number("exercised", rows.exercised);
  json.begin_array("idle");
  for (const lab::IdleRow& row : lab::idle_rows(asked)) {
    json.begin_element();
    json.string("states", states_of(row.from));
    json.string("stimulus", model::name(row.stimulus));
    json.string("why", row.why);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.begin_array("pairs");
  const lab::StatePairs pairs = all_pairs(results);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!pairs[i] || i / model::kStateCount > i % model::kStateCount) continue;
    json.element(fmt::format("{} {}", label(model::kAllStates[i / model::kStateCount]),
                             label(model::kAllStates[i % model::kStateCount])));
  }
  json.end_array();
  json.end_object();
  json.end_line();
  return std::string{json.view()};
}

}  // namespace tcptwin::commands
