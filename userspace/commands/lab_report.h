// SPDX-License-Identifier: MIT
// What `tcptwin lab verify` prints: worlds, properties, rows, pairs; as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "lab/explorer.h"
#include "lab/verification.h"

namespace tcptwin::commands {

struct WorldResult {
  const lab::Bounds* bounds;
  lab::Exploration exploration;
};

bool is_proved(const std::vector<WorldResult>& results);
std::string verification_text(const std::vector<WorldResult>& results);
std::string verification_json(const std::vector<WorldResult>& results);

}  // namespace tcptwin::commands
