// SPDX-License-Identifier: MIT
// A connection's story in plain sentences: what happened, how it ended, what to read on. Used by
// explain_connection.cc.
#pragma once

#include <string>

#include "commands/connection_story.h"

namespace tcptwin::commands {

// One paragraph a step, then the end and the pages that say more. "" if nothing happened.
std::string story_text(const Story& story);

}  // namespace tcptwin::commands
