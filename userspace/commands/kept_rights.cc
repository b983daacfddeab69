// SPDX-License-Identifier: MIT
#include "commands/kept_rights.h"

#include <array>

#include "commands/option_values.h"
#include "system/capabilities.h"

namespace tcptwin::commands {
namespace {

constexpr std::array<std::string_view, 3> kChoices = {"none", "namespaces", "all"};

// The second is the one that KeptRights::Namespaces has.
constexpr std::array<LostAbility, 2> kLost = {{
    {"attaching again", "what --netns, --tier and --buffer-size say takes a restart"},
    {"comparing with the kernel in other network namespaces",
     "after the start their sockets are known by their events alone; `--keep-rights namespaces`"},
}};

// setns() takes the one, to find the namespaces of other users' processes the other.
constexpr std::array kOfNamespaces = {system::Right::SysAdmin, system::Right::SysPtrace};

}  // namespace

Result<KeptRights> parse_kept_rights(std::string_view text) {
  const auto place = parse_choice("keep-rights", text, kChoices);
  if (!place) return place.error();
  return static_cast<KeptRights>(place.value());
}

std::span<const LostAbility> lost_abilities(KeptRights kept) {
  switch (kept) {
    case KeptRights::None:
      return kLost;
    case KeptRights::Namespaces:
      return std::span{kLost}.first(1);
    case KeptRights::All:
      return {};
  }
  return {};
}

Status give_up_rights(KeptRights kept) {
  switch (kept) {
    case KeptRights::None:
      return system::give_up_capabilities({});
    case KeptRights::Namespaces:
      return system::give_up_capabilities(kOfNamespaces);
    case KeptRights::All:
      return Done{};
  }
  return Done{};
}

}  // namespace tcptwin::commands
