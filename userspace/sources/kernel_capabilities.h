// SPDX-License-Identifier: MIT
// What the running kernel and our rights allow, item by item, for `tcptwin doctor` and for the
// choice of programs. Probing loads a few trivial BPF programs and changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tcptwin::sources {

// The tiers of the design, in the order in which doctor shows them.
enum class Tier : std::uint8_t {
  Foundation,   // without it nothing runs: kernel release, BTF, capabilities, ring buffer
  Tracepoints,  // T0: state changes, their evidence, the timers of minisockets
  Iterators,    // T1: kernel truth, iter/tcp and iter/task_file
  Functions,    // T2: fentry and fexit
  Symbols,      // names for call paths and handlers: kallsyms, %ps, BCC
};
inline constexpr std::array<Tier, 5> kAllTiers = {Tier::Foundation, Tier::Tracepoints,
                                                  Tier::Iterators, Tier::Functions, Tier::Symbols};
std::string_view label(Tier tier);    // "foundation", "T0", "T1", "T2", "symbols"
std::string_view summary(Tier tier);  // one line: what this tier gives

struct Capability {
  Tier tier = Tier::Foundation;
  std::string item;       // "kernel release", "CAP_BPF", "tp_btf/tcp_send_reset", "iter/tcp"
  bool required = false;  // tcptwin trace cannot run without it
  bool available = false;
  std::string reason;    // what was found ("6.18.44"), or why it is not available
  std::string degrades;  // what is lost without it; "" if nothing the user would notice
};

struct KernelCapabilities {
  std::string release;                   // uname -r
  std::string machine;                   // uname -m
  std::vector<Capability> capabilities;  // grouped by tier, in the order of kAllTiers

  // Everything required is there.
  bool can_trace() const;
};

KernelCapabilities probe_kernel();

}  // namespace tcptwin::sources
