// SPDX-License-Identifier: MIT
#include "sinks/diagnostics.h"

#include "sinks/life_text.h"
#include "sinks/summary_text.h"

namespace tcptwin::sinks {

void Diagnostics::text(std::string_view lines) {
  if (lines.empty()) return;
  out_.flush();
  diagnostics_.write(lines);
  diagnostics_.flush();
}

void Diagnostics::loss(const tracker::Loss& loss) {
  // A gap already shows as the verdict of a line.
  if (loss.where != tracker::LossPlace::Unseen) text(loss_text(loss));
}

void Diagnostics::reconciliation(const tracker::Reconciliation& reconciliation) {
  text(reconciliation_text(reconciliation, previous_ ? &*previous_ : nullptr));
  previous_ = reconciliation;
}

void Diagnostics::end(const Summary& summary) {
  text(summary_text(summary));
}

}  // namespace tcptwin::sinks
