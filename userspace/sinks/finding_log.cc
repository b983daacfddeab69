// SPDX-License-Identifier: MIT
#include "sinks/finding_log.h"

#include <fmt/format.h>

#include <utility>

#include "sinks/divergence_text.h"
#include "sinks/life_text.h"
#include "sinks/summary_text.h"

namespace tcptwin::sinks {
namespace {

using system::JournalLine;
using system::Priority;

constexpr std::array<LogKindRow, kLogKindCount> kKinds = {{
    {LogKind::Divergence, "divergence", "4625d6e30cef4ce1b0df538c1a54ce74", Priority::Warning,
     "neither RFC 9293 nor the Linux dialect explains what TCP did"},
    {LogKind::Stuck, "stuck", "05059ab4e7634c4c848df5bd3bdd27cd", Priority::Notice,
     "a connection has been in its state for longer than is healthy"},
    {LogKind::Loss, "loss", "c7d6fef3fab84ca4805fa4ff9bde941c", Priority::Warning,
     "events were lost; what they touched is `unverified`"},
    {LogKind::HeldBack, "held_back", "17086f3b88db480d835676ca3006c1aa", Priority::Notice,
     "so many lines of a kind were left out, because more than 10 came within 10 s"},
    {LogKind::Ready, "ready", "65f494e12b9a44d4acfd37ea9c58ee42", Priority::Info,
     "the programs are attached, the first census is done, /metrics is served"},
    {LogKind::RightsDropped, "rights_dropped", "ad5fdf8990644fecb9fe29cc65fc4a35", Priority::Info,
     "capabilities were given up, and what is not possible without them"},
    {LogKind::Reloaded, "reloaded", "3e51fa4166c24e6a87b79fe41b64b32e", Priority::Info,
     "SIGHUP: the configuration was read again, and what of it takes a restart"},
    {LogKind::ReloadRefused, "reload_refused", "9339dee71d9d4c8c9f9e6b48449be73f", Priority::Error,
     "SIGHUP: the configuration is wrong, and the former one holds"},
    {LogKind::TableWritten, "table_written", "287c8ddf04af465ab438939d071ea258", Priority::Info,
     "SIGUSR1: where the table of connections was written, or why not"},
    {LogKind::Ended, "ended", "99872ee1efc24408a1e349dc1ab0202c", Priority::Info,
     "the service ends, and what it saw"},
}};

constexpr bool kinds_stand_in_order() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i].kind != static_cast<LogKind>(i)) return false;
  }
  return true;
}
static_assert(kinds_stand_in_order());

const LogKindRow& row_of(LogKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

void add_connection(JournalLine& line, const tracker::ConnectionIdentity& connection,
                    const tracker::Owner& owner) {
  line.fields.emplace_back("TCPTWIN_LOCAL", endpoint_text(connection.tuple.local));
  line.fields.emplace_back("TCPTWIN_REMOTE", endpoint_text(connection.tuple.remote));
  line.fields.emplace_back("TCPTWIN_NETNS", std::to_string(connection.tuple.netns));
  line.fields.emplace_back("TCPTWIN_CGROUP_ID", std::to_string(connection.cgroup));
  if (!owner.is_known()) return;
  line.fields.emplace_back("TCPTWIN_PID", std::to_string(owner.actor.pid));
  line.fields.emplace_back("TCPTWIN_COMM", printable(owner.actor.comm.view()));
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::span<const LogKindRow> log_kinds() {
  return kKinds;
}

JournalLine log_line(LogKind kind, std::string message) {
  const LogKindRow& row = row_of(kind);
  return {row.priority,
          std::move(message),
          std::string{row.message_id},
          "",
          {{"TCPTWIN_EVENT", std::string{row.label}}}};
}

bool LogGate::admits(LogKind kind, KernelTime now) {
  Window& window = windows_[static_cast<std::size_t>(kind)];
  // What a window held back is said before the next one begins.
  const bool is_over = window.began && now - *window.began >= kWindow && window.held_back == 0;
  if (!window.began || is_over) window = {now, 0, 0};
  if (window.admitted < kMost) {
    ++window.admitted;
    return true;
  }
  ++window.held_back;
  return false;
}

std::uint64_t LogGate::take_held_back(LogKind kind, KernelTime now) {
  Window& window = windows_[static_cast<std::size_t>(kind)];
  if (!window.began || window.held_back == 0 || now - *window.began < kWindow) return 0;
  return std::exchange(window.held_back, 0);
}

void FindingLog::write(LogKind kind, const std::function<JournalLine()>& make) {
  if (gate_.admits(kind, now_)) write_(make());
}

void FindingLog::say_held_back(const LogKindRow& kind, std::uint64_t lines) {
  JournalLine line = log_line(
      LogKind::HeldBack, fmt::format("{} more lines about {} were left out", lines, kind.label));
  line.fields.emplace_back("TCPTWIN_HELD_BACK", std::to_string(lines));
  line.fields.emplace_back("TCPTWIN_HELD_BACK_EVENT", std::string{kind.label});
  write_(line);
}

void FindingLog::advance(KernelTime now) {
  now_ = now;
  for (const LogKindRow& kind : kKinds) {
    if (const std::uint64_t lines = gate_.take_held_back(kind.kind, now)) {
      say_held_back(kind, lines);
    }
  }
}

void FindingLog::finish() {
  advance(now_ + LogGate::kWindow);
}

void FindingLog::on_divergence(const tracker::Divergence& divergence) {
  write(LogKind::Divergence, [&] {
    const Tuple& tuple = divergence.connection.tuple;
    JournalLine line =
        log_line(LogKind::Divergence,
                 fmt::format("divergence[{}]: {} -> {}, {} -> {}", label(divergence.kind),
                             name(divergence.from), name(divergence.observed),
                             endpoint_text(tuple.local), endpoint_text(tuple.remote)));
    line.details = divergence_text(divergence, clock_, paths_, {});
    line.fields.emplace_back("TCPTWIN_KIND", std::string{label(divergence.kind)});
    line.fields.emplace_back("TCPTWIN_FROM", std::string{label(divergence.from)});
    line.fields.emplace_back("TCPTWIN_TO", std::string{label(divergence.observed)});
    line.fields.emplace_back("TCPTWIN_CAUSE", std::string{label(divergence.cause)});
    add_connection(line, divergence.connection, divergence.owner);
    return line;
  });
}

void FindingLog::on_loss(const tracker::Loss& loss) {
  write(LogKind::Loss, [&] {
    constexpr std::string_view kPrefix = "tcptwin: ";  // the journal names us anyway
    JournalLine line =
        log_line(LogKind::Loss, without_newline(loss_text(loss).substr(kPrefix.size())));
    line.fields.emplace_back("TCPTWIN_LOST", std::to_string(loss.lost));
    line.fields.emplace_back("TCPTWIN_STAGE", std::string{label(loss.where)});
    return line;
  });
}

void FindingLog::on_stuck(const tracker::Stuck& stuck) {
  write(LogKind::Stuck, [&] {
    const Tuple& tuple = stuck.connection.tuple;
    JournalLine line = log_line(
        LogKind::Stuck, fmt::format("stuck[{}]: {} -> {}, {}: {}{}. {}", label(stuck.kind),
                                    endpoint_text(tuple.local), endpoint_text(tuple.remote),
                                    owner_text(stuck.owners.best(), "process not known"),
                                    without_newline(stuck_text(stuck)),
                                    stuck.is_repeated ? " (still)" : "", advice(stuck.kind)));
    line.fields.emplace_back("TCPTWIN_KIND", std::string{label(stuck.kind)});
    line.fields.emplace_back("TCPTWIN_STATE", std::string{label(stuck.state)});
    add_connection(line, stuck.connection, stuck.owners.best());
    return line;
  });
}

}  // namespace tcptwin::sinks
