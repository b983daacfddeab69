// SPDX-License-Identifier: MIT
// Asks the running kernel what speaks against each program of the kernel side.
#pragma once

#include "sources/kernel_btf.h"
#include "sources/kernel_symbols.h"
#include "sources/program_plan.h"

namespace tcptwin::sources {

// How far hooks on functions (tier T2) are tried out, which patches the kernel's code for a moment.
enum class HookProbe {
  None,
  One,  // whether this host permits any
  All,  // each
};

ProgramFacts gather_facts(const KernelBtf& kernel, const KernelSymbols& symbols, HookProbe probe);

}  // namespace tcptwin::sources
