// SPDX-License-Identifier: MIT
// A connection's life, and what is stuck, as words: for the table, CSV, the summary and `snapshot`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sinks/cgroup_directory.h"
#include "sinks/life_record.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

// "12.345", ">=12.345" or "-": milliseconds.
std::string milliseconds_text(const std::optional<Duration>& span,
                              const std::optional<Duration>& at_least);
// "850us", "12ms", "4.2s", "3m10s", "2h05m", "3d04h": for people.
std::string span_text(Duration span);
// The same with ">=" where only that is known; "?" where nothing is.
std::string span_text(const std::optional<Duration>& span, const std::optional<Duration>& at_least);
// "0", "999", "12.3K", "45.6M", "1.2G": five characters at most.
std::string bytes_text(std::uint64_t bytes);

// "curl/812"; `nobody` where no process is known.
std::string owner_text(const tracker::Owner& owner, std::string_view nobody = "-");
// Who closed: the process, "peer", "kernel", "admin" or "-".
std::string closer_text(const tracker::Life& life);

// "closed by this host (local_close)", and of a connection within this host what the other end
// did: ", other end nginx/99 (fin_received)" or ", other end still FIN_WAIT2 (nginx/99)".
std::string ending_text(const LifeRecord& record);

// "SYN_SENT 0.312 > ESTABLISHED 145.100 > TIME_WAIT": milliseconds.
std::string path_text(const tracker::Life& life);
// "timestamps,sack,window_scale"; "" if none was agreed.
std::string options_text(const model::Snapshot& snapshot);
// Whether the socket's counters are known: no zero is printed for what was never read.
inline bool bytes_are_known(const tracker::Life& life) {
  return life.last.has_value();
}

// "handshake=0.312ms rtt=0.210ms retransmits=0 mss=1460 options=timestamps,sack": what is known.
std::string life_words(const tracker::Life& life);
// "creator=curl/812(acted) last_user=... closer=kernel unit=... role=active conn=0x1.1 netns=1".
std::string identity_words(const tracker::Life& life, CgroupDirectory* cgroups);

// What a connection that is stuck is waiting for: ">=2m05s in CLOSE_WAIT (longer than 60s)".
std::string stuck_text(const tracker::Stuck& stuck);

// For stderr: what was there at the start, later what had to be set right or could not be entered.
// "" if nothing is worth a line.
std::string reconciliation_text(const tracker::Reconciliation& reconciliation,
                                const tracker::Reconciliation* previous);

}  // namespace tcptwin::sinks
