// SPDX-License-Identifier: MIT
// The arrows of the reference and of the dialect as lines of text, for the pages of `explain`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/linux_dialect.h"
#include "model/transition_table.h"

namespace tcptwin::commands {

using ReferenceFilter = std::function<bool(const model::TransitionRow&)>;
using DialectFilter = std::function<bool(const model::DialectRow&, model::State from)>;

// "ESTABLISHED -> CLOSE_WAIT by FIN (RFC 9293 3.10.7.4): the peer has nothing more to send"
std::vector<std::string> reference_arrows(const ReferenceFilter& is_wanted);
std::vector<std::string> dialect_arrows(const DialectFilter& is_wanted);

// Arrows of the reference that this cause stands for: those its inference rules ask about.
std::vector<std::string> reference_arrows_of(model::Cause cause);
// Whether tcptwin can name this cause for a connection in that state.
bool occurs_in(model::Cause cause, model::MirrorState from);
// The causes that can stand on a line with this state change.
std::vector<model::Cause> causes_of_edge(model::MirrorState from, model::MirrorState to);

}  // namespace tcptwin::commands
