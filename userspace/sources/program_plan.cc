// SPDX-License-Identifier: MIT
#include "sources/program_plan.h"

namespace tcptwin::sources {

namespace {

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
  const std::string tracepoint{program.target};
  const auto arguments = kernel.tracepoint_arguments(tracepoint);
  if (!arguments) return "this kernel has no tracepoint " + tracepoint;
  if (*arguments < program.arguments) {
    return "tracepoint " + tracepoint + " has only " + std::to_string(*arguments) +
           " arguments on this kernel";
  }
  return "";
}

}  // namespace tcptwin::sources
