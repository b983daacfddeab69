// SPDX-License-Identifier: MIT
// Which capabilities `serve` keeps once everything is attached, and what it cannot do then;
// `doctor` says the same.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "system/privileges.h"

namespace tcptwin::commands {

enum class KeptRights { None, Namespaces, All };
Result<KeptRights> parse_kept_rights(std::string_view text);

// What is given up by KeptRights::None, and what it costs.
struct LostAbility {
  std::string_view what;
  std::string_view instead;
};
std::span<const LostAbility> lost_abilities(KeptRights kept);

// Gives up the rest for good; before there are threads.
Status give_up_rights(KeptRights kept);

}  // namespace tcptwin::commands
