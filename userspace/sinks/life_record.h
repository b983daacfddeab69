// SPDX-License-Identifier: MIT
// A connection as `life` shows it: one end, or both when both are on this host and have ended.
#pragma once

#include <optional>

#include "tracker/finding.h"

namespace tcptwin::sinks {

struct LifeRecord {
  tracker::Life life;                        // the end to name first: who connected
  std::optional<tracker::Life> other_end{};  // of the same connection
};

class LifeReceiver {
 public:
  virtual ~LifeReceiver() = default;
  virtual void on_life_record(const LifeRecord& record) = 0;
};

}  // namespace tcptwin::sinks
