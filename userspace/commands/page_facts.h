// SPDX-License-Identifier: MIT
// What a page of `explain` says beyond the model's own tables, as data: one row a name, one text a
// fact. articles.cc and the other makers of pages join them with the reference and the catalogue.
#pragma once

#include <span>
#include <string_view>

namespace tcptwin::commands {

struct PageFacts {
  std::string_view name;
  std::string_view rfc;     // in our words, with section; empty where the model's tables say it
  std::string_view kernel;  // what Linux does: function, version, limit
  std::string_view seen;    // what of it shows here
  std::string_view advice;  // what to do, beyond the model's own advice
  std::string_view see;     // other pages, comma separated; "lab:third-ack" is `lab why third-ack`
};

std::span<const PageFacts> state_facts();
std::span<const PageFacts> opening_cause_facts();  // opening, orderly closing, minisockets
std::span<const PageFacts> ending_cause_facts();   // resets, time-outs, this host, requests
std::span<const PageFacts> deviation_facts();
std::span<const PageFacts> verdict_facts();
std::span<const PageFacts> divergence_facts();
std::span<const PageFacts> stuck_facts();
std::span<const PageFacts> loss_facts();
std::span<const PageFacts> doubt_facts();
std::span<const PageFacts> ended_by_facts();
std::span<const PageFacts> ended_how_facts();

// The row of that name; every name that can be printed has one (a test walks through all).
const PageFacts& facts_of(std::span<const PageFacts> rows, std::string_view name);

}  // namespace tcptwin::commands
