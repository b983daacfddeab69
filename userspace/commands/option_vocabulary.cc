// SPDX-License-Identifier: MIT
#include "commands/option_vocabulary.h"

#include <array>
#include <cstddef>
#include <span>

#include "commands/article_index.h"
#include "commands/demo_scenarios.h"
#include "lab/topics.h"
#include "model/ending.h"
#include "sinks/life_sorter.h"
#include "sinks/socket_row.h"

namespace tcptwin::commands {
namespace {

using Names = std::vector<std::string_view>;

struct Choice {
  std::string_view command;  // "": any
  std::string_view option;
  std::span<const std::string_view> words;
};

constexpr std::array<std::string_view, 3> kColours = {"auto", "always", "never"};
constexpr std::array<std::string_view, 2> kTiers = {"best", "t0"};
constexpr std::array<std::string_view, 3> kRights = {"none", "namespaces", "all"};
constexpr std::array<std::string_view, 2> kAnonymities = {"addresses", "all"};
constexpr std::array<std::string_view, 3> kGroups = {"process", "unit", "listener"};
constexpr std::array<std::string_view, 9> kTopColumns = {"total",     "established", "close-wait",
                                                         "time-wait", "half-open",   "syn-sent",
                                                         "opens",     "failures",    "stuck"};

constexpr std::array kChoices = {
    Choice{"", "color", kColours},
    Choice{"", "tier", kTiers},
    Choice{"", "keep-rights", kRights},
    Choice{"", "anonymise", kAnonymities},
    Choice{"top", "group", kGroups},
    Choice{"top", "sort", kTopColumns},
    Choice{"life", "sort", sinks::kLifeKeys},
    Choice{"snapshot", "sort", sinks::kSocketKeys},
};

template <typename Enumeration>
Names labels(std::size_t count) {
  Names names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(label(static_cast<Enumeration>(i)));
  return names;
}

Names state_names() {
  Names names;
  for (const model::State state : model::kAllStates) names.push_back(model::name(state));
  names.push_back("NEW_SYN_RECV");
  return names;
}

Names cause_labels() {
  Names names;
  for (const model::CauseRow& row : model::cause_table()) names.push_back(row.label);
  return names;
}

Names scenario_names() {
  Names names;
  for (const DemoScenario& scenario : demo_scenarios()) names.push_back(scenario.name);
  return names;
}

Names lab_words() {
  Names words{"verify", "why"};
  for (const lab::Topic& topic : lab::topics()) words.push_back(topic.name);
  return words;
}

Vocabulary vocabulary_of_name(std::string_view value) {
  if (value == "STATES") return {ValueShape::Words, state_names()};
  if (value == "CAUSES") return {ValueShape::Words, cause_labels()};
  if (value == "VERDICTS") {
    return {ValueShape::Words, labels<model::Verdict>(model::kVerdictCount)};
  }
  if (value == "PARTIES") return {ValueShape::Words, labels<model::EndedBy>(model::kEndedByCount)};
  if (value == "WAYS") return {ValueShape::Words, labels<model::EndedHow>(model::kEndedHowCount)};
  if (value.starts_with("FILE") || value == "OUT" || value == "CGROUP" || value == "PATH") {
    return {ValueShape::File};
  }
  if (value == "NETNS") return {ValueShape::NetworkNamespace};
  if (value == "PID") return {ValueShape::Process};
  return {};
}

struct Syntax {
  std::string_view value;
  std::string_view text;
};

constexpr std::array kSyntax = {
    Syntax{"PID", "The number of one process."},
    Syntax{"UID", "Numbers of users, comma separated: `0,33`."},
    Syntax{"NAMES",
           "Names of processes as the kernel keeps them (15 characters), comma "
           "separated: `nginx,php-fpm`."},
    Syntax{"PORTS", "Ports and ranges of ports, comma separated: `80,443,8000-8010`."},
    Syntax{"NETNS",
           "A network namespace: its name in /run/netns, a path such as "
           "`/proc/1234/ns/net`, or its inode number."},
    Syntax{"CGROUP", "A cgroup: a path such as `system.slice/ssh.service`, or its id."},
    Syntax{"STATES",
           "States, comma separated, in the spelling of the kernel (`FIN_WAIT1`), of the "
           "RFC (`FIN-WAIT-1`) or of ss (`fin-wait-1`), in capitals or not."},
    Syntax{"CAUSES",
           "Labels of causes, comma separated. `tcptwin explain` lists them and explains "
           "each."},
    Syntax{"VERDICTS", "Verdicts, comma separated."},
    Syntax{"PARTIES", "Who ended a connection, comma separated."},
    Syntax{"WAYS", "How connections end, comma separated."},
    Syntax{"TIME", "A span of time: `10` or `10s` (seconds), `500ms`, `2m` or `1h`."},
    Syntax{"BYTES", "A number of bytes: `512K`, `64M` or `2G`."},
};

}  // namespace

Vocabulary vocabulary_of(std::string_view command, const OptionRow& option) {
  for (const Choice& choice : kChoices) {
    if (choice.option != option.name || option.value.empty()) continue;
    if (!choice.command.empty() && choice.command != command) continue;
    return {ValueShape::Word, Names{choice.words.begin(), choice.words.end()}};
  }
  if (option.name == "scenario") return {ValueShape::Word, scenario_names()};
  return vocabulary_of_name(option.value);
}

Vocabulary operands_of(const CommandRow& command) {
  if (command.name == "explain") return {ValueShape::Word, explainable_words()};
  if (command.name == "lab") return {ValueShape::Word, lab_words()};
  return vocabulary_of_name(command.operands);
}

std::string_view syntax_of(std::string_view value_name) {
  for (const Syntax& syntax : kSyntax) {
    if (syntax.value == value_name) return syntax.text;
  }
  return "";
}

}  // namespace tcptwin::commands
