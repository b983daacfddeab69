// SPDX-License-Identifier: MIT
// `tcptwin doctor`: what this kernel and our rights allow, tier by tier, why not, and what is lost.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "commands/command.h"
#include "commands/kept_rights.h"
#include "commands/surroundings.h"
#include "commands/watch_counters.h"
#include "sinks/json_text.h"
#include "sources/kernel_capabilities.h"

namespace tcptwin::commands {
namespace {

using sources::Capability;
using sources::KernelCapabilities;
using sources::Tier;

constexpr std::string_view kNormal = "\x1b[0m";

struct Mark {
  std::string_view word;
  std::string_view colour;
};

Mark mark_of(const Capability& capability) {
  if (capability.available) return {"ok", "\x1b[32m"};
  return capability.required ? Mark{"missing", "\x1b[1;31m"} : Mark{"no", "\x1b[33m"};
}

void append_capability(std::string& text, const Capability& capability, bool coloured) {
  const Mark mark = mark_of(capability);
  // No padding behind the last word of a line.
  const std::string item = capability.reason.empty()
                               ? capability.item
                               : fmt::format("{:<32} {}", capability.item, capability.reason);
  fmt::format_to(std::back_inserter(text), "  {}{:<7}{}  {}\n", coloured ? mark.colour : "",
                 mark.word, coloured ? kNormal : "", item);
  if (!capability.available && !capability.degrades.empty()) {
    fmt::format_to(std::back_inserter(text), "           without it: {}\n", capability.degrades);
  }
}

// The sentence a newcomer reads first.
std::string conclusion(const KernelCapabilities& kernel) {
  if (!kernel.can_trace()) {
    std::string missing;
    for (const Capability& capability : kernel.capabilities) {
      if (!capability.required || capability.available) continue;
      missing += (missing.empty() ? "" : ", ") + capability.item;
    }
    return fmt::format("`tcptwin trace` cannot run here; missing: {}", missing);
  }
  const auto lacking = std::count_if(kernel.capabilities.begin(), kernel.capabilities.end(),
                                     [](const Capability& capability) {
                                       return !capability.available && !capability.degrades.empty();
                                     });
  if (lacking == 0) return "`tcptwin trace` runs here, and nothing is missing";
  return fmt::format("`tcptwin trace` runs here; {} thing{} it could use {} missing", lacking,
                     lacking == 1 ? "" : "s", lacking == 1 ? "is" : "are");
}

std::string report_text(const KernelCapabilities& kernel, bool coloured) {
  std::string text = fmt::format("Linux {} {}\n", kernel.release, kernel.machine);
  for (const Tier tier : sources::kAllTiers) {
    fmt::format_to(std::back_inserter(text), "\n{}: {}\n", label(tier), summary(tier));
    for (const Capability& capability : kernel.capabilities) {
      if (capability.tier == tier) append_capability(text, capability, coloured);
    }
  }
  text +=
      "\nservice: `tcptwin serve` gives its rights up once it is attached; not possible then:\n";
  for (const LostAbility& ability : lost_abilities(KeptRights::None)) {
    fmt::format_to(std::back_inserter(text), "  {}\n           {}\n", ability.what,
                   ability.instead);
  }
  return text + '\n' + conclusion(kernel) + '\n';
}

std::string report_json(const KernelCapabilities& kernel) {
  sinks::JsonText json;
  json.begin_object();
  json.number("schema", 1);
  json.string("type", "doctor");
  json.string("kernel", kernel.release);
  json.string("machine", kernel.machine);
  json.boolean("can_trace", kernel.can_trace());
  json.begin_array("capabilities");
  for (const Capability& capability : kernel.capabilities) {
    json.begin_element();
    json.string("tier", label(capability.tier));
    json.string("item", capability.item);
    json.boolean("required", capability.required);
    json.boolean("available", capability.available);
    json.string("reason", capability.reason);
    json.string("degrades", capability.degrades);
    json.end_object();
  }
  json.end_array();
  json.begin_array("service_cannot");
  for (const LostAbility& ability : lost_abilities(KeptRights::None)) json.element(ability.what);
  json.end_array();
  json.end_object();
  json.end_line();
  return std::string{json.view()};
}

// Options that mean something only while doctor watches.
constexpr std::array<std::string_view, 5> kWatchOptions = {"netns", "duration", "exit-code",
                                                           "buffer-size", "tier"};

}  // namespace

int run_doctor(const Arguments& arguments) {
  if (arguments.has("watch")) return watch_counters(arguments);
  for (const std::string_view option : kWatchOptions) {
    if (!arguments.has(option)) continue;
    return report({ErrorCode::Usage, fmt::format("--{} needs --watch", option), ""});
  }
  const auto colour = parse_colour(arguments.value("color", "auto"));
  if (!colour) return report(colour.error());
  const KernelCapabilities kernel = sources::probe_kernel();
  const int printed = print(arguments.has("json")
                                ? report_json(kernel)
                                : report_text(kernel, wants_colour(colour.value(), STDOUT_FILENO)));
  if (printed != kExitOk) return printed;
  return kernel.can_trace() ? kExitOk : kExitNotPermitted;
}

}  // namespace tcptwin::commands
