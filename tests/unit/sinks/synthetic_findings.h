// SPDX-License-Identifier: MIT
// Findings made by hand for the tests of the sinks: an ordinary client connection, a refused one,
// one over IPv6 with a hostile process name, a divergence of each shape, losses and a summary.
#pragma once

#include "sinks/clock_mapping.h"
#include "sinks/sink.h"
#include "tracker/finding.h"

namespace tcptwin::test {

// The clock of the tests: the monotonic clock began at 2026-01-02 03:04:05 UTC.
sinks::ClockMapping test_clock();

tracker::ConnectionIdentity client_connection();
tracker::Step synack_step();        // conformant, owner acted, exact dwell
tracker::Step child_step();         // deviation L12, owner by its listener
tracker::Step time_wait_step();     // in a minisocket, without evidence
tracker::Step refused_step();       // with evidence and an error
tracker::Step adopted_step();       // unverified, dwell at least
tracker::Step gap_step();           // nothing known about owner or dwell
tracker::Step ipv6_step();          // long addresses, a process name that tries to break out
tracker::Divergence unjustified();  // with everything a divergence can carry
tracker::Divergence timer_violation();
tracker::Divergence bare_divergence();  // with nothing optional
tracker::Loss ring_loss();
tracker::CallPath call_path();
sinks::Summary busy_summary();

// Everything above, once, in a plausible order.
void play(sinks::Sink& sink);

}  // namespace tcptwin::test
