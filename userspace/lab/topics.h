// SPDX-License-Identifier: MIT
// The questions that `tcptwin lab why` answers: a rule, the reference without it, and where its
// absence does harm.
#pragma once

#include <span>
#include <string_view>

#include "lab/bounds.h"
#include "lab/explorer.h"

namespace tcptwin::lab {

// One way in which the missing rule does harm.
struct Harm {
  std::string_view world;  // of the catalogue
  Property property;
  std::string_view lead;        // before the ladder
  std::string_view conclusion;  // after it
};

struct Topic {
  std::string_view name;
  std::string_view question;
  std::string_view rule;     // what is taken away
  std::string_view without;  // what the variant does instead
  OwnTable (*variant)();
  Bounds (*bounds)(const Bounds&, bool with_rule);
  std::span<const Harm> harms;
};

std::span<const Topic> topics();
const Topic* topic_named(std::string_view name);

Exploration explore_without_rule(const Topic& topic, const Harm& harm);
Exploration explore_with_rule(const Topic& topic, const Harm& harm);
// Of the variant: what a step of the counterexample is told with.
OwnTable table_without_rule(const Topic& topic, const Harm& harm);

}  // namespace tcptwin::lab
