// SPDX-License-Identifier: MIT
#include "sources/program_plan.h"

#include <utility>

namespace tcptwin::sources {

namespace {

// A program finds what a function returned behind its arguments (bpf/exact.bpf.c, returned()).
constexpr unsigned kMostArgumentsBeforeResult = 4;

std::string function_obstacle(const PlannedProgram& program, const KernelBtf& kernel) {
  const std::string function{program.target};
  const auto arguments = kernel.function_arguments(function);
  if (!arguments) return "this kernel has no function " + function + " that can be hooked";
  const bool too_many = program.kind == "fexit" && *arguments > kMostArgumentsBeforeResult;
  if (*arguments < program.arguments || too_many) {
    return "function " + function + " has " + std::to_string(*arguments) +
           " arguments on this kernel";
  }
  return "";
}

std::string iterator_obstacle(const PlannedProgram& program, const KernelBtf& kernel) {
  const std::string target{program.target};
  if (!kernel.function_type("bpf_iter_" + target)) return "this kernel has no iterator " + target;
  const std::string helper{program.helper};
  if (helper.empty() || kernel.function_type(helper)) return "";
  return helper + " needs Linux " + std::string{program.helper_since};
}

}  // namespace

std::string obstacle(const PlannedProgram& program, const KernelBtf& kernel) {
  if (program.is_iterator()) return iterator_obstacle(program, kernel);
  if (program.is_exact()) return function_obstacle(program, kernel);
  const std::string tracepoint{program.target};
  const auto arguments = kernel.tracepoint_arguments(tracepoint);
  if (!arguments) return "this kernel has no tracepoint " + tracepoint;
  if (*arguments < program.arguments) {
    return "tracepoint " + tracepoint + " has only " + std::to_string(*arguments) +
           " arguments on this kernel";
  }
  return "";
}

std::string_view label(Part part) {
  switch (part) {
    case Part::None:
      return "";
    case Part::Timers:
      return "timers";
    case Part::Minisockets:
      return "minisockets";
    case Part::Requests:
      return "request sockets";
    case Part::Segments:
      return "segments at minisockets";
    case Part::Accepts:
      return "accept()";
    case Part::Wire:
      return "segments";
  }
  return "";
}

std::string_view degrades(Part part) {
  switch (part) {
    case Part::None:
    case Part::Timers:
    case Part::Wire:
      return "";
    case Part::Minisockets:
      return "TIME_WAIT shows by its timer, and every timer of the kernel costs a look";
    case Part::Requests:
      return "half-open connections show by their timer, and every timer of the kernel costs a "
             "look";
    case Part::Segments:
      return kSegmentsUnseen;
    case Part::Accepts:
      return "when accept() was called is known within bounds, and by whom from its next call on";
  }
  return "";
}

bool is_of_use(const PlannedProgram& program, const KernelBtf& kernel) {
  return program.only_with.empty() || kernel.function_type(std::string{program.only_with});
}

namespace {

// Why T2 does not show this part; "" if it does.
std::string why_inexact(Part part, const ProgramFacts& facts, TierChoice choice) {
  if (choice == TierChoice::TracepointsOnly) return "switched off";
  for (const PlannedProgram& program : kPlannedPrograms) {
    if (program.part != part || facts.useless.contains(program.name)) continue;
    const auto obstacle = facts.obstacles.find(program.name);
    const bool is_obstructed = obstacle != facts.obstacles.end();
    if (program.is_exact() && is_obstructed) return obstacle->second;
    if (!program.is_exact() && !is_obstructed) return "the tracepoint shows it";
  }
  return "";
}

// Whether the plan has room for this program if nothing speaks against it.
bool is_wanted(const PlannedProgram& program, const TierPlan& plan, TierChoice choice) {
  if (program.is_exact()) return plan.is_exact(program.part);
  if (program.part == Part::Segments) return !plan.is_exact(Part::Segments);
  if (program.part != Part::Timers || choice == TierChoice::Both) return true;
  return !plan.is_exact(Part::Minisockets) || !plan.is_exact(Part::Requests);
}

}  // namespace

TierPlan plan_tiers(const ProgramFacts& facts, TierChoice choice) {
  TierPlan plan;
  for (const Part part : kExactParts) {
    std::string reason = why_inexact(part, facts, choice);
    if (!reason.empty()) plan.inexact[part] = std::move(reason);
  }
  for (const PlannedProgram& program : kPlannedPrograms) {
    const std::string name{program.name};
    if (facts.useless.contains(name) || !is_wanted(program, plan, choice)) continue;
    const auto obstacle = facts.obstacles.find(name);
    if (obstacle == facts.obstacles.end()) {
      plan.chosen.insert(name);
    } else {
      plan.missing[name] = obstacle->second;
    }
  }
  return plan;
}

}  // namespace tcptwin::sources
