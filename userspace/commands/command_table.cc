// SPDX-License-Identifier: MIT
#include <array>

#include "commands/command.h"

namespace tcptwin::commands {
namespace {

constexpr std::string_view kFilters = "Which connections";
constexpr std::string_view kSteps = "Which state changes";
constexpr std::string_view kLook = "How it looks";
constexpr std::string_view kRun = "How long, and what then";

constexpr std::array kTraceOptions = {
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
    OptionRow{0, "state", "STATES", "into or out of these states: TIME_WAIT, syn-recv, FIN-WAIT-1",
              kSteps},
    OptionRow{0, "cause", "CAUSES", "with these causes: rst_received,icmp_error", kSteps},
    OptionRow{0, "verdict", "VERDICTS",
              "with these verdicts: conformant, deviation, divergence, unverified, gap", kSteps},
    OptionRow{'T', "time", "", "time of day (the default; with -t: as well)", kLook},
    OptionRow{'t', "timestamp", "", "seconds since the start instead of the time of day", kLook},
    OptionRow{'w', "wide", "", "columns wide enough for any IPv6 address", kLook},
    OptionRow{'x', "extended", "", "show the evidence for each verdict", kLook},
    OptionRow{0, "stack", "", "show the kernel's call path of each state change", kLook},
    OptionRow{'s', "csv", "", "comma-separated values", kLook},
    OptionRow{0, "json", "", "one JSON object a line (docs/json-lines.md)", kLook},
    OptionRow{0, "no-header", "", "leave the header line out", kLook},
    OptionRow{0, "color", "WHEN", "auto, always or never (default auto; NO_COLOR is heeded)",
              kLook},
    OptionRow{0, "duration", "TIME", "end after this time: 10, 10s, 500ms, 2m, 1h", kRun},
    OptionRow{0, "count", "N", "end after N state changes were shown", kRun},
    OptionRow{0, "exit-code", "", "exit with 3 if a divergence was found", kRun},
    OptionRow{0, "strict", "", "exit with 4 if any event was lost", kRun},
    OptionRow{0, "buffer-size", "BYTES",
              "of the ring buffer, such as 512K or 64M (default: by machine)", kRun},
};

constexpr std::array kDoctorOptions = {
    OptionRow{0, "json", "", "one JSON object", kLook},
    OptionRow{0, "color", "WHEN", "auto, always or never (default auto; NO_COLOR is heeded)",
              kLook},
};

constexpr std::array kExplainOptions = {
    OptionRow{0, "markdown", "", "everything, as docs/causes-and-divergences.md", kLook,
              Visibility::Hidden},
};

constexpr std::array kCommands = {
    CommandRow{
        "trace", "", "show every TCP state change of this host, with its cause and a verdict",
        "Prints one line per state change: when, which process, which connection, what "
        "changed, how\nlong the old state was held (ms; >= if its beginning was not seen), "
        "why, and the verdict:\n"
        "  conformant   RFC 9293 explains it\n"
        "  deviation    a documented habit of Linux explains it; `tcptwin explain L12` tells "
        "which\n"
        "  divergence   nothing explains it\n"
        "  unverified   the evidence is incomplete (after a loss, or older than the trace)\n"
        "  gap          an event was missed just before; the twin was set right\n"
        "Within an option any value may match, between options all must. Ctrl-C ends it with "
        "a summary.",
        "  tcptwin trace -L 443                     what happens on the HTTPS port\n"
        "  tcptwin trace --comm curl -x             curl's connections, with evidence\n"
        "  tcptwin trace --state TIME_WAIT          who enters and leaves TIME_WAIT\n"
        "  tcptwin trace --cause rst_received --json --duration 1m\n"
        "  tcptwin trace --exit-code --duration 10m exit with 3 if TCP misbehaved\n",
        kTraceOptions, run_trace},
    CommandRow{"doctor", "",
               "tell what this kernel allows, tier by tier, and what is lost without it",
               "Tries what tcptwin needs and changes nothing. Exits with 77 if `tcptwin trace` "
               "cannot run here.",
               "  tcptwin doctor\n"
               "  tcptwin doctor --json\n",
               kDoctorOptions, run_doctor},
    CommandRow{"explain", "[WHAT...]",
               "explain a cause, state change, state, deviation, divergence or verdict",
               "What RFC 9293 says in plain words, what Linux does, and what to look at.\n"
               "Without WHAT: everything that can be explained.",
               "  tcptwin explain close_unread_abort       a cause\n"
               "  tcptwin explain fin-wait-2 time-wait     a state change (or "
               "'FIN_WAIT2->TIME_WAIT', quoted)\n"
               "  tcptwin explain CLOSE_WAIT               a state\n"
               "  tcptwin explain L12                      a documented habit of Linux\n"
               "  tcptwin explain unjustified_edge         a kind of divergence\n",
               kExplainOptions, run_explain},
};

}  // namespace

std::span<const CommandRow> command_table() {
  return kCommands;
}

}  // namespace tcptwin::commands
