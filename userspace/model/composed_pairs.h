// SPDX-License-Identifier: MIT
// Two reference machines and the FINs and ACKs between them: which states the two ends of one
// connection can be in at the same moment. Worked out when this is built; the lab's far larger
// worlds (userspace/lab) and a model in Promela (tests/lab) must find the same.
#pragma once

#include "model/state.h"

namespace tcptwin::model {

// For two ends that both reached ESTABLISHED, whatever was lost, delayed or reordered in between.
// CLOSED goes with everything: either end may give up at any time.
bool can_occur_together(State one, State other);

}  // namespace tcptwin::model
