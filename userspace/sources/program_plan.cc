// SPDX-License-Identifier: MIT
#include "sources/program_plan.h"

namespace tcptwin::sources {

std::string obstacle(const PlannedProgram& program, const KernelBtf& kernel) {
  const std::string tracepoint{program.tracepoint};
  const auto arguments = kernel.tracepoint_arguments(tracepoint);
  if (!arguments) return "this kernel has no tracepoint " + tracepoint;
  if (*arguments < program.arguments) {
    return "tracepoint " + tracepoint + " has only " + std::to_string(*arguments) +
           " arguments on this kernel";
  }
  return "";
}

}  // namespace tcptwin::sources
