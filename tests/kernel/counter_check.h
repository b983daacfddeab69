// SPDX-License-Identifier: MIT
// Holds the kernel's counters of a namespace against the steps that were found in it.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "sources/kernel_counters.h"
#include "support/network_namespace.h"
#include "support/trace_session.h"

namespace tcptwin::testing {

sources::KernelCounters counters_of(const NetworkNamespace& network);

// What the kernel counted otherwise than the findings predict, for a person: counter, kernel,
// predicted, the steps that count. "" if all agree, or if events were lost.
std::string counter_differences(const sources::KernelCounters& before,
                                const sources::KernelCounters& after, std::uint32_t netns,
                                const Findings& findings,
                                const std::set<std::string, std::less<>>& excepted);

}  // namespace tcptwin::testing
