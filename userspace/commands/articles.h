// SPDX-License-Identifier: MIT
// The pages of `explain`, each written from the model's tables and the facts beside them.
#pragma once

#include "commands/article_text.h"
#include "commands/kernel_settings.h"
#include "lab/topics.h"
#include "model/cause.h"
#include "model/ending.h"
#include "model/linux_dialect.h"
#include "model/state.h"
#include "model/verdict.h"
#include "tracker/finding.h"

namespace tcptwin::commands {

Article article_of(model::Cause cause);
Article article_of(model::DialectId id);
Article article_of(model::MirrorState state);
Article article_of_edge(model::MirrorState from, model::MirrorState to);

// finding_articles.cc
Article article_of(model::Verdict verdict);
Article article_of(model::DivergenceKind kind);
Article article_of(model::Doubt doubt);
Article article_of(model::EndedBy by);
Article article_of(model::EndedHow how);
Article article_of(tracker::StuckKind kind);
Article article_of(tracker::LossPlace place);
Article article_of(const lab::Topic& topic);
Article article_of(const KernelSetting& setting);
Article article_of(const RfcSection& section);

}  // namespace tcptwin::commands
