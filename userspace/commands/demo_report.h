// SPDX-License-Identifier: MIT
// What `tcptwin demo` prints of a scenario: its story, its ladder and its verdicts, as text or
// JSON.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "commands/demo_run.h"
#include "commands/option_values.h"
#include "sinks/ladder_text.h"

namespace tcptwin::commands {

enum class DemoSource { Live, Recording };

struct ShownScenario {
  const DemoScenario* scenario;
  DemoRun run;
  std::vector<sinks::Ladder> ladders;  // of its connections, in turn
  DemoSource source;
  int attempts;
};

using DemoCounts = std::array<std::size_t, 4>;  // by DemoOutcome

using DemoLook = sinks::LadderLook;
DemoLook demo_look(ColourChoice colour);

std::string demo_text(const ShownScenario& shown, const DemoLook& look);
std::string demo_summary(const DemoCounts& counts);
std::string demo_json(const ShownScenario& shown);

// Names and titles.
std::string demo_list();
std::string demo_list_json();

}  // namespace tcptwin::commands
