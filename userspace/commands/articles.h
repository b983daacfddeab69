// SPDX-License-Identifier: MIT
// What tcptwin can explain, written from the model's tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/article_text.h"
#include "model/cause.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/verdict.h"

namespace tcptwin::commands {

Article article_of(model::Cause cause);
Article article_of(model::DialectId id);
Article article_of(model::DivergenceKind kind);
Article article_of(model::Verdict verdict);
Article article_of(model::MirrorState state);
Article article_of_edge(model::MirrorState from, model::MirrorState to);

// Every state, verdict, divergence, cause and deviation, as `explain` takes them.
std::vector<std::string_view> explainable_words();

// docs/causes-and-divergences.md: verdicts, divergences, causes and deviations.
std::string reference_document();

}  // namespace tcptwin::commands
