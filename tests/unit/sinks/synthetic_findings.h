// SPDX-License-Identifier: MIT
// Findings made by hand for the tests of the sinks: an ordinary client connection, a refused one,
// one over IPv6 with a hostile process name, a divergence of each shape, losses, whole
// connections, sockets and a summary.
#pragma once

#include <vector>

#include "sinks/cgroup_directory.h"
#include "sinks/clock_mapping.h"
#include "sinks/life_record.h"
#include "sinks/sink.h"
#include "sinks/socket_row.h"
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

// Whole connections.
tracker::Life served_life();     // accepted, half-closed by the peer, everything known
tracker::Life client_life();     // the other end of served_life
tracker::Life refused_life();    // nobody listened: no bytes, no handshake
tracker::Life adopted_life();    // older than the trace: lower bounds, hostile process name, IPv6
tracker::Life half_open_life();  // never had a socket: nothing was read
tracker::Life lingering_life();  // its other end is still in FIN_WAIT2
std::vector<sinks::LifeRecord> life_records();  // all of them; the first two joined

tracker::Stuck close_wait_stuck();
tracker::Stuck half_open_stuck();  // of a listener
tracker::Stuck last_ack_stuck();   // adopted, with unacknowledged bytes, repeated
tracker::Adopted adopted();
tracker::Reconciliation first_census();
tracker::Reconciliation quiet_census();
tracker::Reconciliation healing_census();

// What a snapshot shows: a listener, a connection with several holders, TIME_WAIT, half-open, an
// orphan in another namespace, and one of which nothing but its state is known.
std::vector<sinks::SocketRow> socket_rows();
sinks::SnapshotFigures snapshot_figures();

// The cgroup of the synthetic connections is a container of docker.
class SyntheticCgroups final : public sinks::CgroupDirectory {
 public:
  const sinks::CgroupName* find(std::uint64_t id) override;

 private:
  sinks::CgroupName name_;
};

// Steps, divergences, losses and the summary, once, in a plausible order.
void play(sinks::Sink& sink);
// Lives the same way, then the summary of `life`.
void play_lives(sinks::Sink& sink, sinks::LifeReceiver& lives);

}  // namespace tcptwin::test
