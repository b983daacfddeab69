// SPDX-License-Identifier: MIT
// What a whole run amounts to, as a few lines for stderr.
#pragma once

#include <string>

#include "sinks/sink.h"

namespace tcptwin::sinks {

std::string summary_text(const Summary& summary);
std::string loss_text(const tracker::Loss& loss);

// What a loss at this place means, in half a sentence.
std::string_view explanation(tracker::LossPlace place);

}  // namespace tcptwin::sinks
