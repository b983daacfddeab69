// SPDX-License-Identifier: MIT
#include "sinks/socket_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "sinks/life_text.h"
#include "sinks/table_text.h"
#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

constexpr std::size_t kHoldersShown = 8;  // a prefork server has hundreds

std::string_view timer_word(const SocketRow& row) {
  if (!row.kernel) return "";
  switch (row.kernel->timer) {
    case tracker::PendingTimer::None:
      return "";
    case tracker::PendingTimer::Retransmit:
      return row.state.holder == model::Holder::RequestSocket ? "synack" : "on";
    case tracker::PendingTimer::Keepalive:
      return "keepalive";
    case tracker::PendingTimer::TimeWait:
      return "timewait";
    case tracker::PendingTimer::Probe:
      return "persist";
  }
  return "";
}

unsigned retries_of(const SocketRow& row) {
  if (row.state.holder == model::Holder::RequestSocket) return row.synack_retransmits;
  return row.last ? row.last->retransmits : 0u;
}

std::string queue_text(const SocketRow& row, std::uint32_t tracker::KernelView::*queue) {
  return row.kernel ? fmt::format("{}", (*row.kernel).*queue) : "-";
}

// Of a listener: what came to it, beside the queue and its limit in the two queue columns.
std::string listener_text(const SocketRow& row) {
  if (!row.listener) return "";
  std::string text;
  if (row.listener->half_open != 0) {
    fmt::format_to(std::back_inserter(text), " half_open={}", row.listener->half_open);
    if (row.listener->oldest) {
      fmt::format_to(std::back_inserter(text), "(oldest {})",
                     span_text(row.time - *row.listener->oldest));
    }
  }
  if (row.kernel && row.kernel->drops != 0) {
    fmt::format_to(std::back_inserter(text), " drops={}", row.kernel->drops);
  }
  const bool is_full = row.kernel && row.kernel->receive_queue > row.kernel->send_queue;
  return is_full ? text + " accept queue full" : text;
}

std::string local_text(const SocketRow& row) {
  return endpoint_text(row.connection.tuple.local);
}

std::string remote_text(const SocketRow& row) {
  const Endpoint& remote = row.connection.tuple.remote;
  if (row.state.state != model::State::Listen) return endpoint_text(remote);
  return remote.address.family == Family::Inet6 ? "[::]:*" : "0.0.0.0:*";
}

std::string state_text(const SocketRow& row) {
  std::string text{name(row.state)};
  if (row.state == model::MirrorState{model::State::FinWait2, model::Holder::Minisocket}) {
    text += "(mini)";
  }
  return text;
}

std::string words_of(const SocketRow& row, CgroupDirectory* cgroups) {
  std::string text = fmt::format("conn={:#x}.{} role={} netns={}", row.connection.id.cookie,
                                 row.connection.id.generation, label(row.connection.role),
                                 row.connection.tuple.netns);
  const auto add = [&](std::string_view key, const std::string& value) {
    fmt::format_to(std::back_inserter(text), " {}={}", key, value);
  };
  const CgroupName* name = cgroups == nullptr ? nullptr : cgroups->find(row.connection.cgroup);
  if (name != nullptr && !cgroup_words(*name).empty()) text += ' ' + cgroup_words(*name);
  if (row.kernel) {
    add("uid", fmt::format("{}", row.kernel->uid));
    if (row.kernel->inode != 0) add("inode", fmt::format("{}", row.kernel->inode));
  }
  if (row.last && row.state.state != model::State::Listen) {
    add("bytes_in", fmt::format("{}", row.last->bytes_received));
    add("bytes_out", fmt::format("{}", row.last->bytes_acked));
    add("retransmits", fmt::format("{}", row.last->total_retrans));
    if (row.last->srtt_us != 0) add("rtt", span_text(std::chrono::microseconds{row.last->srtt_us}));
    if (row.last->mss != 0) add("mss", fmt::format("{}", row.last->mss));
    if (const std::string agreed = options_text(*row.last); !agreed.empty()) add("options", agreed);
  }
  if (row.other_end) {
    add("other_end",
        fmt::format("{}({})", model::name(row.other_end->state), owner_text(row.other_end->owner)));
  }
  return text;
}

std::string age_text(const SocketRow& row) {
  return span_text(row.age, row.age_at_least);
}

// As `ss` writes it. A quote in a name would let a process pretend to be another.
std::string holders_text(const std::vector<Holder>& holders) {
  std::string text = "users:(";
  for (std::size_t i = 0; i < holders.size() && i < kHoldersShown; ++i) {
    std::string comm = printable(holders[i].actor.comm.view());
    std::replace(comm.begin(), comm.end(), '"', '?');
    fmt::format_to(std::back_inserter(text), "{}(\"{}\",pid={},fd={})", i == 0 ? "" : ",", comm,
                   holders[i].actor.pid, holders[i].descriptor);
  }
  text += ')';
  if (holders.size() > kHoldersShown) {
    fmt::format_to(std::back_inserter(text), " and {} more", holders.size() - kHoldersShown);
  }
  return text;
}

using Cells = std::vector<std::string>;

bool has_several_namespaces(std::span<const SocketRow> rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const SocketRow& row) {
    return row.connection.tuple.netns != rows.front().connection.tuple.netns;
  });
}

Cells cells_of(const SocketRow& row, bool with_netns) {
  Cells cells = {state_text(row),
                 queue_text(row, &tracker::KernelView::receive_queue),
                 queue_text(row, &tracker::KernelView::send_queue),
                 local_text(row),
                 remote_text(row),
                 timer_text(row),
                 age_text(row)};
  if (with_netns) cells.push_back(fmt::format("{}", row.connection.tuple.netns));
  cells.push_back(process_text(row) + listener_text(row));
  return cells;
}

void append_cells(std::string& text, const Cells& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i + 1 == cells.size()) {
      text += cells[i];
    } else {
      append_column(text, cells[i], widths[i]);
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text += '\n';
}

}  // namespace

std::string timer_text(const SocketRow& row) {
  const std::string_view word = timer_word(row);
  if (word.empty()) return "-";
  std::string text{word};
  if (row.kernel->timer_left) {
    const Duration left = *row.kernel->timer_left;
    text += ' ' + span_text(std::max(left, Duration{}));
  }
  if (const unsigned retries = retries_of(row); retries != 0) {
    fmt::format_to(std::back_inserter(text), "/{}", retries);
  }
  return text;
}

std::string process_text(const SocketRow& row) {
  if (!row.holders.empty()) return holders_text(row.holders);
  const tracker::Owner& owner = row.owners.best();
  const std::string known =
      owner.is_known() ? fmt::format("{} ({})", owner_text(owner), label(owner.confidence)) : "";
  // No process has anything to do with TIME_WAIT: that is no orphan's fate.
  const bool is_over = row.state.state == model::State::TimeWait;
  const std::string_view prefix = is_over ? "was " : row.is_orphan ? "orphan, was " : "";
  if (!known.empty()) return std::string{prefix} + known;
  return row.is_orphan && !is_over ? "orphan" : "-";
}

std::string socket_table(std::span<const SocketRow> rows, const SocketTableOptions& options,
                         CgroupDirectory* cgroups) {
  const bool with_netns = !rows.empty() && has_several_namespaces(rows);
  Cells header = {"STATE", "RECV-Q", "SEND-Q", "LOCAL", "REMOTE", "TIMER", "AGE"};
  if (with_netns) header.push_back("NETNS");
  header.push_back("PROCESS");
  std::vector<std::size_t> widths;
  for (const std::string& cell : header) widths.push_back(cell.size());
  std::vector<Cells> table;
  for (const SocketRow& row : rows) {
    table.push_back(cells_of(row, with_netns));
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(table.back()[i]));
    }
  }
  std::string text;
  if (options.header) append_cells(text, header, widths);
  for (std::size_t i = 0; i < table.size(); ++i) {
    append_cells(text, table[i], widths);
    if (!options.extended) continue;
    append_wrapped(text, "    ", "      ", words_of(rows[i], cgroups), 150);
  }
  return text;
}

std::string socket_csv(std::span<const SocketRow> rows, const SocketTableOptions& options,
                       const ClockMapping& clock, CgroupDirectory* cgroups) {
  std::string text;
  if (options.header) {
    text =
        "TIME,STATE,RECV_Q,SEND_Q,LADDR,LPORT,RADDR,RPORT,TIMER,TIMER_MS,AGE_MS,AGE_MS_AT_LEAST,"
        "RETRIES,ORPHAN,PID,COMM,OWNER,UID,INODE,NETNS,CGROUP,UNIT,CONTAINER,HALF_OPEN,DROPS,"
        "CONN\n";
  }
  for (const SocketRow& row : rows) {
    const auto number = [&](bool known, std::uint64_t value) {
      if (known) fmt::format_to(std::back_inserter(text), "{}", value);
      text += ',';
    };
    const bool known = row.kernel.has_value();
    const tracker::Owner& owner = row.owners.best();
    append_field(text, rfc3339_time(clock, row.time).view());
    append_field(text, name(row.state));
    number(known, known ? row.kernel->receive_queue : 0);
    number(known, known ? row.kernel->send_queue : 0);
    append_csv_endpoint(text, row.connection.tuple.local);
    append_csv_endpoint(text, row.connection.tuple.remote);
    append_field(text, timer_word(row));
    append_csv_milliseconds(text, known ? row.kernel->timer_left : std::nullopt);
    append_csv_milliseconds(text, row.age);
    append_csv_milliseconds(text, row.age_at_least);
    number(true, retries_of(row));
    append_field(text, row.is_orphan ? "yes" : "no");
    number(owner.is_known(), owner.actor.pid);
    append_field(text, owner.is_known() ? printable(owner.actor.comm.view()) : "");
    append_field(text, label(owner.confidence));
    number(known, known ? row.kernel->uid : 0);
    number(known, known ? row.kernel->inode : 0);
    number(true, row.connection.tuple.netns);
    number(true, row.connection.cgroup);
    const CgroupName* cgroup = cgroups == nullptr ? nullptr : cgroups->find(row.connection.cgroup);
    append_field(text, cgroup == nullptr ? "" : printable(cgroup->unit));
    append_field(text, cgroup == nullptr ? "" : printable(cgroup->container));
    number(row.listener.has_value(), row.listener ? row.listener->half_open : 0);
    number(row.listener && known, known ? row.kernel->drops : 0);
    fmt::format_to(std::back_inserter(text), "{:#x}.{}\n", row.connection.id.cookie,
                   row.connection.id.generation);
  }
  return text;
}

}  // namespace tcptwin::sinks
