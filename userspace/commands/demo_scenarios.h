// SPDX-License-Identifier: MIT
// What `demo` plays: the scenarios, each with its story, what the wire does to it, the state
// changes that the reference expects of either end, and the play itself. For demo.cc and its tests.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "commands/demo_stage.h"

namespace tcptwin::commands {

// State changes as `trace` tells them: "ESTABLISHED -> FIN_WAIT1 local_close conformant",
// "NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12"; FIN_WAIT2 in a minisocket is
// "FIN_WAIT2(minisocket)".
using Steps = std::vector<std::string_view>;

struct ExpectedSteps {
  Steps client;
  Steps server;
  Steps listener = {"CLOSE -> LISTEN passive_open conformant"};
  // The client's last step shows only where a segment that reaches a minisocket does.
  bool ends_in_minisocket = false;
};

struct DemoScenario {
  std::string_view name;   // "half-close"
  std::string_view title;  // what it shows, in a line
  std::string_view story;  // what happens, in two or three sentences
  std::string_view wire;   // what was done to the packets, in a sentence
  ExpectedSteps (*expected)();
  void (*play)(DemoStage& stage);
};

std::span<const DemoScenario> demo_scenarios();

}  // namespace tcptwin::commands
