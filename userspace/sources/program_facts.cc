// SPDX-License-Identifier: MIT
#include "sources/program_facts.h"

#include <string>

#include "sources/helper_probe.h"

namespace tcptwin::sources {

namespace {

// Where functions of other files are inlined, a hook misses calls without anyone noticing.
constexpr char kLinkTimeOptimised[] =
    "this kernel was optimised at link time: a hook would miss inlined calls";

void probe_hooks(ProgramFacts& facts, const KernelBtf& kernel, HookProbe probe) {
  std::string host_refuses;
  bool is_probed = false;
  for (const PlannedProgram& planned : kPlannedPrograms) {
    const std::string name{planned.name};
    if (!planned.is_exact() || facts.useless.contains(name) || facts.obstacles.contains(name)) {
      continue;
    }
    if (!is_probed || probe == HookProbe::All) {
      const ProbeOutcome outcome = probe_function_entry(kernel, std::string{planned.target});
      host_refuses = outcome.allowed ? ""
                                     : "a hook on " + std::string{planned.target} +
                                           " is refused: " + outcome.reason;
      is_probed = true;
    }
    if (!host_refuses.empty()) facts.obstacles[name] = host_refuses;
  }
}

}  // namespace

ProgramFacts gather_facts(const KernelBtf& kernel, const KernelSymbols& symbols, HookProbe probe) {
  ProgramFacts facts;
  for (const PlannedProgram& planned : kPlannedPrograms) {
    const std::string name{planned.name};
    if (!is_of_use(planned, kernel)) facts.useless.insert(name);
    std::string reason = obstacle(planned, kernel);
    if (planned.is_exact() && symbols.is_link_time_optimised) reason = kLinkTimeOptimised;
    if (!reason.empty()) facts.obstacles[name] = std::move(reason);
  }
  if (probe != HookProbe::None) probe_hooks(facts, kernel, probe);
  return facts;
}

}  // namespace tcptwin::sources
