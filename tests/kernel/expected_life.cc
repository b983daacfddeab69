// SPDX-License-Identifier: MIT
#include "kernel/expected_life.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace tcptwin::testing {
namespace {

using tracker::Life;
using tracker::Step;

// A step as its text says it.
struct Line {
  std::string from;
  std::string to;
  std::string cause;
  std::string verdict;
};

Line parsed(const std::string& text) {
  std::istringstream words(text);
  std::string arrow;
  Line line;
  words >> line.from >> arrow >> line.to >> line.cause >> line.verdict;
  if (arrow != "->" || line.verdict.empty()) throw std::logic_error("no step: " + text);
  return line;
}

// The last step's cause tells who ended it and how; where the same cause leaves a mark on the wire
// in some states only, the first row that fits the state counts ("" fits all).
struct EndRow {
  std::string_view cause;
  std::string_view from;
  std::string_view who_and_how;
};

constexpr std::array kEnds = {
    // The peer's segments.
    EndRow{"rst_received", "SYN_SENT", "remote refused"},
    EndRow{"rst_received", "", "remote rst_received"},
    EndRow{"icmp_error", "", "remote unreachable"},
    // Timers of this host.
    EndRow{"handshake_timeout", "", "kernel timeout"},
    EndRow{"retransmission_timeout", "", "kernel timeout"},
    EndRow{"user_timeout", "", "kernel timeout"},
    EndRow{"zero_window_timeout", "", "kernel timeout"},
    EndRow{"keepalive_timeout", "", "kernel timeout"},
    EndRow{"fin_wait2_timeout", "", "kernel timeout"},
    EndRow{"request_timeout", "", "kernel timeout"},
    // What a process did here, and whether the peer is told.
    EndRow{"close_unread_abort", "", "local rst_sent"},
    EndRow{"data_after_close", "", "local rst_sent"},
    EndRow{"minisock_reset_peer", "", "local rst_sent"},
    EndRow{"linger2_abort", "", "local rst_sent"},
    EndRow{"listener_closed_child", "", "local rst_sent"},
    EndRow{"linger0_abort", "SYN_SENT", "local silent"},
    EndRow{"linger0_abort", "LAST_ACK", "local silent"},
    EndRow{"linger0_abort", "CLOSING", "local silent"},
    EndRow{"linger0_abort", "", "local rst_sent"},
    EndRow{"disconnect", "SYN_SENT", "local silent"},
    EndRow{"disconnect", "LAST_ACK", "local silent"},
    EndRow{"disconnect", "CLOSING", "local silent"},
    EndRow{"disconnect", "", "local rst_sent"},
    EndRow{"close_in_syn_sent", "", "local silent"},
    EndRow{"close_after_shutdown", "", "local silent"},
    // What the kernel did of itself.
    EndRow{"orphan_resource_abort", "", "kernel rst_sent"},
    EndRow{"request_reset_bad_syn", "", "kernel rst_sent"},
    EndRow{"accept_overflow_reset", "", "kernel rst_sent"},
    EndRow{"connect_failed_local", "", "kernel silent"},
    EndRow{"child_setup_failed", "", "kernel silent"},
    EndRow{"orphan_fin_wait2_dropped", "", "kernel silent"},
    // An administrator: ss -K, a checkpoint tool.
    EndRow{"admin_abort", "SYN_SENT", "admin silent"},
    EndRow{"admin_abort", "LAST_ACK", "admin silent"},
    EndRow{"admin_abort", "CLOSING", "admin silent"},
    EndRow{"admin_abort", "", "admin rst_sent"},
    EndRow{"listener_aborted", "", "admin rst_sent"},
    EndRow{"repair_close", "", "admin silent"},
    EndRow{"minisock_killed", "", "admin silent"},
    // The evidence of T0 cannot tell.
    EndRow{"request_dropped", "", "unknown unknown"},
};

// The first FIN of an orderly close.
struct FinRow {
  std::string_view cause;
  std::string_view who;
};
constexpr std::array kFirstFins = {
    FinRow{"local_close", "local"},           FinRow{"local_shutdown", "local"},
    FinRow{"close_in_syn_received", "local"}, FinRow{"fin_received", "remote"},
    FinRow{"fin_in_syn_received", "remote"},
};

bool is_orderly(const std::string& cause) {
  return cause == "time_wait_entered" || cause == "time_wait_skipped" ||
         cause == "last_ack_received";
}

std::string orderly_end(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    if (line.to == "CLOSING") return "both fin fin_received_before_ack";
  }
  for (const Line& line : lines) {
    for (const FinRow& fin : kFirstFins) {
      if (line.cause == fin.cause) return std::string{fin.who} + " fin " + line.cause;
    }
  }
  throw std::logic_error("an orderly close without a FIN");
}

std::string end_of(const std::vector<Line>& lines) {
  const Line& last = lines.back();
  if (is_orderly(last.cause)) return orderly_end(lines);
  if (last.cause == "minisock_killed" && last.verdict == "unverified") {
    return "unknown unknown minisock_killed";
  }
  for (const EndRow& row : kEnds) {
    if (row.cause == last.cause && (row.from.empty() || row.from == last.from)) {
      return std::string{row.who_and_how} + " " + last.cause;
    }
  }
  throw std::logic_error("no connection is known to end by " + last.cause + " in " + last.from);
}

// The steps up to the one that ends the connection; empty if none does.
std::vector<Line> until_end(const std::vector<std::string>& path) {
  std::vector<Line> lines;
  for (const std::string& text : path) {
    lines.push_back(parsed(text));
    const Line& last = lines.back();
    const bool was_open = last.from != "CLOSE" && last.from != "LISTEN";
    if (was_open && (last.to == "CLOSE" || last.to == "TIME_WAIT")) return lines;
  }
  return {};
}

std::string gravest_of(const std::vector<Line>& lines) {
  const auto is_there = [&](std::string_view verdict) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const Line& line) { return line.verdict == verdict; });
  };
  for (const std::string_view verdict : {"divergence", "gap", "unverified", "deviation"}) {
    if (is_there(verdict)) return std::string{verdict};
  }
  return "conformant";
}

std::string states_of(const std::vector<Line>& lines) {
  std::string text;
  std::string previous;
  for (const Line& line : lines) {
    if (line.to == "CLOSE" || line.to == previous) continue;
    text += " " + line.to;
    previous = line.to;
  }
  return text;
}

}  // namespace

std::string expected_life(const std::vector<std::string>& path) {
  const std::vector<Line> lines = until_end(path);
  if (lines.empty()) return "";
  return end_of(lines) + ", " + gravest_of(lines) + ":" + states_of(lines);
}

std::string to_text(const Life& life) {
  std::string text =
      std::string{label(life.ending.by)} + " " + std::string{label(life.ending.how)} + " " +
      std::string{label(life.ending.why)} + ", " + std::string{label(life.verdict)} + ":";
  for (std::size_t i = 0; i < life.path_length; ++i) text += " " + to_text(life.path[i].state);
  return text;
}

std::string life_differences(const Findings& findings) {
  std::map<ConnectionId, std::vector<std::string>> paths;
  for (const Step& step : findings.steps) {
    if (step.connection.role == tracker::Role::Listener) continue;
    paths[step.connection.id].push_back(to_text(step));
  }
  std::map<ConnectionId, std::string> told;
  for (const Life& life : findings.lives) told[life.connection.id] += "    " + to_text(life) + "\n";

  std::string differences;
  for (const auto& [id, path] : paths) {
    const std::string expected = expected_life(path);
    const std::string wanted = expected.empty() ? "" : "    " + expected + "\n";
    if (told[id] != wanted) {
      differences += "  expected life:\n" + wanted + "  told:\n" + told[id];
    }
    told.erase(id);
  }
  for (const auto& [id, text] : told) differences += "  a life without steps:\n" + text;
  return differences;
}

}  // namespace tcptwin::testing
