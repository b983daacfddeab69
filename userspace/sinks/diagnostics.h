// SPDX-License-Identifier: MIT
// What every sink for people says on stderr beside its lines: losses, what a census set right, the
// summary. Used by the tables and CSV.
#pragma once

#include <optional>

#include "sinks/output.h"
#include "sinks/sink.h"

namespace tcptwin::sinks {

class Diagnostics {
 public:
  // Lines go to `out`; they are flushed first, so that on a terminal the order is kept.
  Diagnostics(Output& out, Output& diagnostics) : out_(out), diagnostics_(diagnostics) {}

  void loss(const tracker::Loss& loss);
  void reconciliation(const tracker::Reconciliation& reconciliation);
  void end(const Summary& summary);
  void text(std::string_view lines);

 private:
  Output& out_;
  Output& diagnostics_;
  std::optional<tracker::Reconciliation> previous_;
};

}  // namespace tcptwin::sinks
