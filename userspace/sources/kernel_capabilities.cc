// SPDX-License-Identifier: MIT
#include "sources/kernel_capabilities.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "sources/call_path_symbols.h"
#include "sources/helper_probe.h"
#include "sources/kernel_btf.h"
#include "sources/kernel_symbols.h"
#include "sources/libbpf_log.h"
#include "sources/network_namespaces.h"
#include "sources/prerequisites.h"
#include "sources/program_facts.h"
#include "sources/program_plan.h"
#include "system/privileges.h"

namespace tcptwin::sources {

namespace {

using system::Privileges;
using system::Right;

enum class Need { Required, Optional };

Capability capability(Tier tier, std::string item, Need need, const ProbeOutcome& outcome,
                      std::string degrades) {
  return {tier,           std::move(item),    need == Need::Required, outcome.allowed,
          outcome.reason, std::move(degrades)};
}

std::string machine_name() {
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "";
}

void add_foundation(std::vector<Capability>& list, const KernelBtf& kernel) {
  const KernelRelease release = running_kernel();
  const Privileges privileges = Privileges::read();
  const auto add = [&list](std::string item, Need need, const ProbeOutcome& outcome,
                           std::string degrades) {
    list.push_back(
        capability(Tier::Foundation, std::move(item), need, outcome, std::move(degrades)));
  };
  add("kernel release", Need::Required, {release.is_at_least(5, 8), release.text},
      "needs Linux 5.8 or newer");
  add("BTF", Need::Required,
      {kernel.is_present(),
       kernel.is_present() ? "/sys/kernel/btf/vmlinux" : "/sys/kernel/btf/vmlinux cannot be read"},
      "needs a kernel with CONFIG_DEBUG_INFO_BTF=y");
  for (const Right right : {Right::Bpf, Right::Perfmon}) {
    const bool held = privileges.has(right);
    add(std::string{label(right)}, Need::Required, {held, held ? "held" : "not held"},
        "run as root, or: setcap cap_bpf,cap_perfmon=ep on the program");
  }
  add("no lockdown", Need::Required,
      {!is_locked_down(), is_locked_down() ? "confidentiality mode" : ""},
      "needs lockdown=none or lockdown=integrity");
  add("ring buffer", Need::Required, probe_ring_buffer(), "needs Linux 5.8 or newer");
}

// What speaks against a program: its tracepoint's prototype, or the kernel's word.
ProbeOutcome probe_planned(const PlannedProgram& planned, const KernelBtf& kernel) {
  std::string reason = obstacle(planned, kernel);
  if (!reason.empty()) return {false, std::move(reason)};
  return probe_tracepoint(kernel, std::string{planned.target});
}

bool has_mptcp() {
  return ::access("/proc/sys/net/mptcp/enabled", F_OK) == 0;
}

void add_tracepoints(std::vector<Capability>& list, const KernelBtf& kernel, const TierPlan& plan) {
  std::set<std::string_view> seen;
  for (const PlannedProgram& planned : kPlannedPrograms) {
    if (planned.is_iterator() || planned.is_exact()) continue;
    if (!seen.insert(planned.target).second) continue;
    const bool exact_instead = planned.part == Part::Segments && plan.is_exact(planned.part);
    list.push_back(capability(
        Tier::Tracepoints, std::string{planned.kind} + "/" + std::string{planned.target},
        planned.required ? Need::Required : Need::Optional, probe_planned(planned, kernel),
        exact_instead ? "" : std::string{planned.degrades}));
  }
  const bool cookie = can_read_socket_cookie(kernel);
  list.push_back(capability(Tier::Tracepoints, "socket cookie", Need::Optional,
                            {cookie, cookie ? "" : "bpf_get_socket_cookie needs Linux 5.12"},
                            "sockets are told apart by address and first sight"));
  list.push_back(capability(Tier::Tracepoints, "MPTCP", Need::Optional,
                            {has_mptcp(), has_mptcp() ? "" : "this kernel has no MPTCP"}, ""));
}

ProbeOutcome probe_planned_iterator(const PlannedProgram& planned, const KernelBtf& kernel) {
  std::string reason = obstacle(planned, kernel);
  if (!reason.empty()) return {false, std::move(reason)};
  return probe_iterator(kernel, std::string{planned.target});
}

// Enters every other network namespace there is, for a moment.
ProbeOutcome probe_other_namespaces() {
  const auto home = HomeNamespace::open();
  if (!home) return {false, home.error().what};
  std::size_t entered = 0;
  std::size_t found = 0;
  std::size_t hiding = 0;
  std::set<int> errors;
  const auto walked = for_each_network_namespace({}, [&](const FoundNamespace& there) -> Status {
    if (there.is_own) return Done{};
    hiding += there.hiding;
    if (there.inode != 0) ++found;
    const auto way = home.value().work_in(there, [&entered] { ++entered; });
    if (!way) return way.error();
    if (way.value() != 0) errors.insert(way.value());
    return Done{};
  });
  if (!walked) return {false, walked.error().what};
  std::string reason = std::to_string(entered) + " of " + std::to_string(found) + " can be entered";
  if (hiding != 0) reason += ", " + std::to_string(hiding) + " processes or threads hide theirs";
  for (const int error : errors) reason += std::string{": "} + std::strerror(error);
  return {errors.empty(), std::move(reason)};
}

void add_functions(std::vector<Capability>& list, const TierPlan& plan) {
  for (const Part part : kExactParts) {
    // What the tracepoint shows as well is no matter of this tier.
    if (part == Part::Segments && !plan.is_exact(part)) continue;
    const auto why_not = plan.inexact.find(part);
    const bool exact = why_not == plan.inexact.end();
    list.push_back(capability(Tier::Functions, std::string{label(part)}, Need::Optional,
                              {exact, exact ? "" : why_not->second}, std::string{degrades(part)}));
  }
}

void add_iterators(std::vector<Capability>& list, const KernelBtf& kernel) {
  for (const PlannedProgram& planned : kPlannedPrograms) {
    if (!planned.is_iterator()) continue;
    list.push_back(capability(Tier::Iterators, "iter/" + std::string{planned.target},
                              Need::Optional, probe_planned_iterator(planned, kernel),
                              std::string{planned.degrades}));
  }
  list.push_back(capability(Tier::Iterators, "other network namespaces", Need::Optional,
                            probe_other_namespaces(),
                            "sockets older than the start are not listed there; entering needs "
                            "CAP_SYS_ADMIN, finding all of them CAP_SYS_PTRACE"));
}

std::string kallsyms_state(const KernelSymbols& symbols) {
  if (!symbols.is_listed) return "/proc/kallsyms cannot be read";
  return symbols.has_values ? "" : "addresses are hidden (kptr_restrict, CAP_SYSLOG)";
}

void add_symbols(std::vector<Capability>& list, const KernelSymbols& symbols) {
  const bool in_kernel = can_name_symbols();
  const bool bcc = CallPathSymbols::can_symbolise();
  const auto add = [&list](std::string item, const ProbeOutcome& outcome, std::string degrades) {
    list.push_back(
        capability(Tier::Symbols, std::move(item), Need::Optional, outcome, std::move(degrades)));
  };
  add("kallsyms", {symbols.has_values, kallsyms_state(symbols)},
      in_kernel ? "timer functions are named in the kernel, once each"
                : "TIME_WAIT and half-open connections are not seen");
  add("bpf_snprintf %ps", {in_kernel, in_kernel ? "" : "needs Linux 5.13"},
      bcc ? "" : "call paths have no names");
  add("BCC symboliser", {bcc, bcc ? "" : "needs root and a build with BCC"},
      in_kernel ? "call paths are named in the kernel" : "call paths have no names");
}

}  // namespace

std::string_view label(Tier tier) {
  switch (tier) {
    case Tier::Foundation:
      return "foundation";
    case Tier::Tracepoints:
      return "T0";
    case Tier::Iterators:
      return "T1";
    case Tier::Functions:
      return "T2";
    case Tier::Symbols:
      return "symbols";
  }
  return "";
}

std::string_view summary(Tier tier) {
  switch (tier) {
    case Tier::Foundation:
      return "without these nothing can be traced";
    case Tier::Tracepoints:
      return "state changes with their evidence, TIME_WAIT and half-open connections by timer";
    case Tier::Iterators:
      return "every socket that exists, and who holds it";
    case Tier::Functions:
      return "exact moments inside the kernel's functions";
    case Tier::Symbols:
      return "names for call paths and timer functions";
  }
  return "";
}

bool KernelCapabilities::can_trace() const {
  return std::all_of(capabilities.begin(), capabilities.end(), [](const Capability& capability) {
    return capability.available || !capability.required;
  });
}

KernelCapabilities probe_kernel() {
  KernelCapabilities result;
  result.release = running_kernel().text;
  result.machine = machine_name();
  const LibbpfLog quiet;
  const KernelBtf kernel = KernelBtf::load();
  const KernelSymbols symbols = read_kernel_symbols();
  const TierPlan plan = plan_tiers(gather_facts(kernel, symbols, HookProbe::All), TierChoice::Best);
  add_foundation(result.capabilities, kernel);
  add_tracepoints(result.capabilities, kernel, plan);
  add_iterators(result.capabilities, kernel);
  add_functions(result.capabilities, plan);
  add_symbols(result.capabilities, symbols);
  return result;
}

}  // namespace tcptwin::sources
