// SPDX-License-Identifier: MIT
// The kernel settings (sysctl) that pages of `explain` name, and the sections of RFC 9293 they
// cite.
#include "commands/kernel_settings.h"

#include <algorithm>
#include <array>

namespace tcptwin::commands {
namespace {

constexpr KernelVersion kAlways{0, 0};
constexpr bool kHostOnly = true;  // not in other network namespaces

// Per row: name; default; meaning; since.
constexpr std::array kSettings = {
    KernelSetting{"net.core.somaxconn", "4096",
                  "upper bound of the backlog of listen(): the length of the accept queue",
                  kAlways},
    KernelSetting{"net.ipv4.ip_local_port_range", "32768 to 60999",
                  "local ports that connect() chooses from", kAlways},
    KernelSetting{"net.ipv4.tcp_abort_on_overflow", "0",
                  "1: a full accept queue answers the third ACK with RST instead of ignoring it",
                  kAlways},
    KernelSetting{"net.ipv4.tcp_fastopen", "1",
                  "TCP Fast Open: 1 for clients, 2 for servers, 3 for both", kAlways},
    KernelSetting{
        "net.ipv4.tcp_fin_timeout", "60 s",
        "how long an orphan waits in FIN_WAIT2 for the peer's FIN; not the length of TIME_WAIT",
        kAlways},
    KernelSetting{"net.ipv4.tcp_keepalive_intvl", "75 s", "time between two keepalive probes",
                  kAlways},
    KernelSetting{"net.ipv4.tcp_keepalive_probes", "9",
                  "unanswered keepalive probes that end a connection", kAlways},
    KernelSetting{"net.ipv4.tcp_keepalive_time", "7200 s",
                  "idle time before the first keepalive probe, on sockets with SO_KEEPALIVE",
                  kAlways},
    KernelSetting{"net.ipv4.tcp_max_orphans", "by memory",
                  "how many sockets may live on without a process", kAlways, kHostOnly},
    KernelSetting{"net.ipv4.tcp_max_syn_backlog", "by memory",
                  "bound of the half-open connections of one listener", kAlways},
    KernelSetting{"net.ipv4.tcp_max_tw_buckets", "by memory",
                  "how many minisockets (TIME_WAIT and orphans' FIN_WAIT2) there may be", kAlways},
    KernelSetting{"net.ipv4.tcp_mem", "by memory",
                  "pages that all TCP sockets may use: low, pressure, high", kAlways, kHostOnly},
    KernelSetting{
        "net.ipv4.tcp_migrate_req",
        "0",
        "1: connections nobody accepted move to another listener of the port when theirs closes",
        {5, 14}},
    KernelSetting{"net.ipv4.tcp_orphan_retries", "0, which means 8",
                  "how often a socket without a process retransmits before it gives up", kAlways},
    KernelSetting{
        "net.ipv4.tcp_retries2", "15",
        "retransmissions, as a time of exponential back-off, before an open connection is given up",
        kAlways},
    KernelSetting{"net.ipv4.tcp_rfc1337", "0", "1: a RST does not end TIME_WAIT", kAlways},
    KernelSetting{"net.ipv4.tcp_syn_linear_timeouts",
                  "4",
                  "SYN repetitions at the same distance before the distance doubles",
                  {6, 5}},
    KernelSetting{"net.ipv4.tcp_syn_retries", "6", "how often an unanswered SYN is repeated",
                  kAlways},
    KernelSetting{"net.ipv4.tcp_synack_retries", "5", "how often an unanswered SYN+ACK is repeated",
                  kAlways},
    KernelSetting{"net.ipv4.tcp_syncookies", "1",
                  "1: SYN cookies when the queue of half-open connections is full; 2: always",
                  kAlways},
    KernelSetting{
        "net.ipv4.tcp_tw_reuse", "2",
        "connect() may take over a TIME_WAIT: 0 never, 1 always where it is safe, 2 on loopback",
        kAlways},
    KernelSetting{
        "net.ipv4.tcp_tw_reuse_delay", "1000 ms", "how old a TIME_WAIT must be for that", {6, 14}},
};

constexpr std::array kSections = {
    RfcSection{"3.3.2", "State Machine Overview"},
    RfcSection{"3.5", "Establishing a Connection"},
    RfcSection{"3.5.1", "Half-Open Connections and Other Anomalies"},
    RfcSection{"3.5.2", "Reset Generation"},
    RfcSection{"3.5.3", "Reset Processing"},
    RfcSection{"3.6", "Closing a Connection"},
    RfcSection{"3.6.1", "Half-Closed Connections"},
    RfcSection{"3.8.3", "TCP Connection Failures"},
    RfcSection{"3.8.4", "TCP Keep-Alives"},
    RfcSection{"3.9.2.2", "ICMP Messages"},
    RfcSection{"3.10", "Event Processing"},
    RfcSection{"3.10.1", "OPEN Call"},
    RfcSection{"3.10.2", "SEND Call"},
    RfcSection{"3.10.3", "RECEIVE Call"},
    RfcSection{"3.10.4", "CLOSE Call"},
    RfcSection{"3.10.5", "ABORT Call"},
    RfcSection{"3.10.6", "STATUS Call"},
    RfcSection{"3.10.7", "SEGMENT ARRIVES"},
    RfcSection{"3.10.7.1", "CLOSED STATE"},
    RfcSection{"3.10.7.2", "LISTEN STATE"},
    RfcSection{"3.10.7.3", "SYN-SENT STATE"},
    RfcSection{"3.10.7.4", "Other States"},
    RfcSection{"3.10.8", "Timeouts"},
};

}  // namespace

std::span<const KernelSetting> kernel_settings() {
  return kSettings;
}

std::span<const RfcSection> rfc_sections() {
  return kSections;
}

std::vector<const KernelSetting*> settings_in(std::string_view text) {
  std::vector<const KernelSetting*> found;
  for (const KernelSetting& setting : kSettings) {
    for (std::size_t at = text.find(setting.name); at != std::string_view::npos;
         at = text.find(setting.name, at + 1)) {
      // tcp_tw_reuse is also the beginning of tcp_tw_reuse_delay.
      const std::size_t end = at + setting.name.size();
      const char next = end < text.size() ? text[end] : ' ';
      const bool goes_on =
          next == '_' || (next >= 'a' && next <= 'z') || (next >= '0' && next <= '9');
      if (!goes_on) {
        found.push_back(&setting);
        break;
      }
    }
  }
  return found;
}

}  // namespace tcptwin::commands
