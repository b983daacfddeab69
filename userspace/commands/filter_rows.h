// SPDX-License-Identifier: MIT
// The options that say which connections, state changes and endings are meant; part of the table of
// commands.
#pragma once

#include <array>

#include "commands/command.h"

namespace tcptwin::commands {

inline constexpr std::string_view kEndings = "Which endings";
inline constexpr std::string_view kSteps = "Which state changes";
inline constexpr std::string_view kFilters = "Which connections";
inline constexpr std::array kFilterRows = {
    OptionRow{'p', "pid", "PID", "of this process: sockets it acts on, and their children",
              kFilters},
    OptionRow{'u', "uid", "UID", "of these users (owner of the process), comma separated",
              kFilters},
    OptionRow{0, "comm", "NAMES", "of processes with these names, comma separated", kFilters},
    OptionRow{'L', "localport", "PORTS", "local port is one of these: 80,443,8000-8010", kFilters},
    OptionRow{'D', "remoteport", "PORTS", "remote port is one of these", kFilters},
    OptionRow{'P', "port", "PORTS", "either port is one of these", kFilters},
    OptionRow{'4', "ipv4", "", "IPv4 only", kFilters},
    OptionRow{'6', "ipv6", "", "IPv6 only", kFilters},
    OptionRow{'N', "netns", "NETNS", "in this network namespace: name, path or inode number",
              kFilters},
    OptionRow{0, "cgroup", "CGROUP", "in this cgroup or below: path or id", kFilters},
};

inline constexpr std::array kStepRows = {
    OptionRow{0, "state", "STATES", "into or out of these states: TIME_WAIT, syn-recv, FIN-WAIT-1",
              kSteps},
    OptionRow{0, "cause", "CAUSES", "with these causes: rst_received,icmp_error", kSteps},
    OptionRow{0, "verdict", "VERDICTS",
              "with these verdicts: conformant, deviation, divergence, unverified, gap", kSteps},
};

inline constexpr std::array kStateRow = {
    OptionRow{0, "state", "STATES", "in these states: TIME_WAIT, syn-recv, FIN-WAIT-1", kFilters},
};

inline constexpr std::array kEndingRows = {
    OptionRow{0, "closed-by", "PARTIES",
              "ended by these: local, remote, both, kernel, admin, unknown", kEndings},
    OptionRow{0, "how", "WAYS",
              "fin, rst_sent, rst_received, refused, unreachable, timeout, silent", kEndings},
    OptionRow{0, "why", "CAUSES", "with these causes: close_unread_abort,keepalive_timeout",
              kEndings},
    OptionRow{0, "min-duration", "TIME", "that lasted at least so long: 500ms, 2m", kEndings},
};

}  // namespace tcptwin::commands
