// SPDX-License-Identifier: MIT
// The options of `serve` that no other command has; part of the table of commands.
#pragma once

#include <array>

#include "commands/command.h"

namespace tcptwin::commands {

inline constexpr std::string_view kServeSeen = "Where it is seen";
inline constexpr std::string_view kServeRun = "How it runs";
inline constexpr std::string_view kServeConfig = "Configuration";

inline constexpr std::array kServeRows = {
    OptionRow{0, "listen", "ADDRESS",
              ":9293 (default), 127.0.0.1:9293, [::1]:9293, unix:/PATH; repeatable", kServeSeen},
    OptionRow{0, "web-config", "FILE", "TLS and passwords, as Prometheus' exporters have them",
              kServeSeen},
};

inline constexpr std::array kConfigRows = {
    OptionRow{0, "config", "FILE", "default /etc/tcptwin/tcptwin.yaml, if there is one",
              kServeConfig},
    OptionRow{0, "check-config", "", "say whether all settings are right, and end", kServeConfig},
    OptionRow{0, "print-config", "", "print all settings, each with where it comes from, and end",
              kServeConfig},
};

inline constexpr std::array kServiceRows = {
    OptionRow{0, "control-socket", "PATH",
              "where commands ask it (systemd: /run/tcptwin/control.sock); or none", kServeSeen},
    OptionRow{0, "control-group", "GROUP",
              "who may ask there, beside root (default tcptwin, if it exists)", kServeSeen},
    OptionRow{0, "history", "BYTES", "for what was found lately, for those who ask (default 16M)",
              kServeRun},
    OptionRow{0, "owners", "N", "so many units and ports with series of their own (default 50)",
              kServeRun},
    OptionRow{0, "table", "N", "so many connections are kept at once (default 1048576)", kServeRun},
    OptionRow{'N', "netns", "NETNS",
              "watch this network namespace only: name, path or inode number", kServeRun},
    OptionRow{0, "keep-rights", "WHAT",
              "none (default), namespaces (to compare in all of them), or all", kServeRun},
    OptionRow{0, "dump-file", "FILE",
              "for SIGUSR1 (default: sockets.jsonl in the service's state directory)", kServeRun},
};

}  // namespace tcptwin::commands
