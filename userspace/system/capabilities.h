// SPDX-License-Identifier: MIT
// Gives up capabilities for good. The calling thread alone changes: to be called before there are
// others, which then start with what is left.
#pragma once

#include <span>

#include "base/result.h"
#include "system/privileges.h"

namespace tcptwin::system {

// Keeps of what this process has only these; new programs and set-uid files give nothing back.
Status give_up_capabilities(std::span<const Right> keep);

}  // namespace tcptwin::system
