// SPDX-License-Identifier: MIT
// `tcptwin snapshot`: one census, printed as `ss -tanp` would, with what ss does not know.
#include <unistd.h>

#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "commands/command.h"
#include "commands/host_cgroups.h"
#include "commands/live_run.h"
#include "commands/snapshot_options.h"
#include "commands/surroundings.h"
#include "sinks/json_lines.h"
#include "sinks/socket_table.h"
#include "sources/decode.h"

namespace tcptwin::commands {
namespace {

// Holders that are kept: a prefork server multiplies its listeners by its workers.
constexpr std::size_t kHoldersLimit = 1u << 20;

// Namespaces that could not be read and are named; the rest is counted.
constexpr std::size_t kRefusedNamed = 8;

// What a census says and the mirror does not keep: all processes that hold a socket, and which
// namespaces could not be read.
class CensusRecords final : public sources::RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override {
    const auto decoded = sources::decode(record);
    const auto* observation = std::get_if<tracker::Observation>(&decoded);
    if (observation == nullptr) return;
    const auto* mark = std::get_if<tracker::CensusMark>(observation);
    if (mark != nullptr && mark->phase == tracker::CensusPhase::NamespaceRefused &&
        refused_.size() < kRefusedNamed) {
      refused_.push_back({mark->netns, mark->error});
    }
    const auto* holder = std::get_if<tracker::SocketHolder>(observation);
    if (holder == nullptr || count_ >= kHoldersLimit) return;
    ++count_;
    by_cookie_[holder->socket.cookie].push_back({holder->actor, holder->descriptor});
  }

  const std::vector<sinks::RefusedNamespace>& refused() const { return refused_; }

  std::vector<sinks::Holder> holders_of(const ConnectionId& id) const {
    const auto found = by_cookie_.find(id.cookie);
    return found == by_cookie_.end() ? std::vector<sinks::Holder>{} : found->second;
  }

 private:
  std::unordered_map<std::uint64_t, std::vector<sinks::Holder>> by_cookie_;
  std::vector<sinks::RefusedNamespace> refused_;
  std::size_t count_ = 0;
};

// Of the findings of a census only what it says of itself matters here.
class CensusOnly final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_loss(const tracker::Loss&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  void on_reconciliation(const tracker::Reconciliation& reconciliation) override {
    census = reconciliation;
  }

  tracker::Reconciliation census;
};

std::vector<sinks::SocketRow> rows_of(const tracker::Tracker& tracker,
                                      const sinks::FindingFilter& filter,
                                      const CensusRecords& records, KernelTime now) {
  std::vector<sinks::SocketRow> rows;
  tracker.visit([&](const tracker::TwinView& twin) {
    if (!filter.matches(twin)) return;
    rows.push_back(sinks::socket_row(twin, now));
    rows.back().holders = records.holders_of(twin.connection.id);
  });
  return rows;
}

sinks::SnapshotFigures figures_of(const std::vector<sinks::SocketRow>& rows,
                                  const tracker::Reconciliation& census, KernelTime now,
                                  const std::string& filter) {
  sinks::SnapshotFigures figures;
  figures.time = now;
  figures.sockets = census.sockets;
  figures.shown = rows.size();
  figures.filter = filter;
  figures.namespaces = census.namespaces;
  figures.refused = census.refused;
  for (const sinks::SocketRow& row : rows) {
    ++figures.states[label(row.state)];
    if (row.is_orphan && row.state.state != model::State::TimeWait) ++figures.orphans;
  }
  return figures;
}

void print_rows(const SnapshotOptions& options, const std::vector<sinks::SocketRow>& rows,
                const sinks::SnapshotFigures& figures, const sinks::ClockMapping& clock,
                sinks::Output& out, sinks::Output& diagnostics) {
  HostCgroups cgroups;
  if (options.look.format == Format::JsonLines) {
    sinks::JsonLinesSink sink{out, diagnostics, {.clock = clock, .cgroups = &cgroups}};
    for (const sinks::SocketRow& row : rows) sink.on_socket(row);
    sink.on_snapshot(figures);
    return;
  }
  const sinks::SocketTableOptions table{options.look.header, options.look.extended};
  out.write(options.look.format == Format::Csv ? socket_csv(rows, table, clock, &cgroups)
                                               : socket_table(rows, table, &cgroups));
  out.flush();
  diagnostics.write(snapshot_text(figures));
}

}  // namespace

int run_snapshot(const Arguments& arguments) {
  const auto parsed = snapshot_options(arguments);
  if (!parsed) return report(parsed.error());
  const SnapshotOptions& options = parsed.value();
  sinks::Output out{STDOUT_FILENO};
  sinks::Output diagnostics{STDERR_FILENO};
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return report(opened.error());
  LiveRun& run = *opened.value();
  CensusOnly findings;
  CensusRecords records;
  const Status began = run.begin(findings, &records);
  if (!began) return report(began.error());

  const sinks::FindingFilter filter{options.conditions, findings};
  const KernelTime now = monotonic_now();
  std::vector<sinks::SocketRow> rows = rows_of(run.tracker(), filter, records, now);
  sort_sockets(rows, options.sort);
  sinks::SnapshotFigures figures = figures_of(rows, findings.census, now, options.filter_words);
  figures.which_refused = records.refused();
  print_rows(options, rows, figures, clock_mapping(run.start()), out, diagnostics);
  out.flush();
  const Status status = written(out);
  return status ? kExitOk : report(status.error());
}

}  // namespace tcptwin::commands
