// SPDX-License-Identifier: MIT
// What live_bpf tells the kernel side before it is loaded: the user's choices and what was found
// out about this kernel, as knobs and as filter maps.
#pragma once

#include <cstdint>
#include <map>

#include "knobs.h"
#include "sources/kernel_btf.h"
#include "sources/kernel_symbols.h"
#include "sources/live_bpf.h"
#include "sources/program_plan.h"

namespace tcptwin::sources {

tcptwin_knobs knobs_for(const LiveOptions& options, const KernelBtf& kernel,
                        const KernelSymbols& symbols, const TierPlan& plan);

// Which lists of ports are not empty (tcptwin_port_bit).
std::uint8_t port_lists(const KernelFilter& filter);
// Which port belongs to which lists (tcptwin_port_bit).
std::map<std::uint32_t, std::uint32_t> listed_ports(const KernelFilter& filter);

// How long a jiffy of this kernel is (its CONFIG_HZ); 0 if the answer is none that a kernel gives.
std::uint64_t ns_per_jiffy();

}  // namespace tcptwin::sources
