// SPDX-License-Identifier: MIT
// What `life` must say of a connection that took a given path: written down here a second time, by
// hand and from what the scripted conversations do, so that stage.cc can hold every life of every
// scenario against it.
#pragma once

#include <string>
#include <vector>

#include "support/trace_session.h"

namespace tcptwin::testing {

// "" if the path does not end the connection; else "WHO HOW WHY, VERDICT: STATE STATE ...", for
// example "local fin local_close, conformant: SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT".
// The path is that of one connection, steps as in to_text(Step). Throws std::logic_error if the
// table knows no end like its last step.
std::string expected_life(const std::vector<std::string>& path);

// The same words for a life that was told.
std::string to_text(const tracker::Life& life);

// What is wrong with the lives, for a person: every connection of the steps whose path ends must
// have one life, as expected, and no other connection may have one. "" if all is right.
std::string life_differences(const Findings& findings);

}  // namespace tcptwin::testing
