// SPDX-License-Identifier: MIT
// `tcptwin snapshot`: one census, printed as `ss -tanp` would, with what ss does not know.
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/census_records.h"
#include "commands/command.h"
#include "commands/host_cgroups.h"
#include "commands/live_run.h"
#include "commands/service_run.h"
#include "commands/snapshot_options.h"
#include "commands/surroundings.h"
#include "sinks/json_lines.h"
#include "sinks/socket_table.h"

namespace tcptwin::commands {
namespace {

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

// What is shown, whoever looked.
struct Picture {
  KernelTime time;
  sinks::ClockMapping clock;
  std::vector<sinks::SocketRow> rows;
  tracker::Reconciliation census;
  std::uint64_t sockets = 0;  // before the filter
  bool is_of_service = false;
  std::vector<sinks::RefusedNamespace> refused;
  std::unique_ptr<sinks::CgroupDirectory> cgroups;
};

// `otherwise`: why a service that is there did not answer.
Result<Picture> own_picture(const SnapshotOptions& options, const std::optional<Error>& otherwise,
                            sinks::Output& diagnostics) {
  const auto opened = LiveRun::open(options.run, diagnostics);
  if (!opened) return cannot_watch(opened.error(), otherwise);
  LiveRun& run = *opened.value();
  CensusOnly findings;
  CensusRecords records;
  const Status began = run.begin(findings, &records);
  if (!began) return began.error();
  const sinks::FindingFilter filter{options.conditions, findings};
  Picture picture;
  picture.time = monotonic_now();
  picture.clock = clock_mapping(run.start());
  picture.census = findings.census;
  picture.sockets = findings.census.sockets;
  picture.refused = records.refused();
  picture.cgroups = std::make_unique<HostCgroups>();
  run.tracker().visit([&](const tracker::TwinView& twin) {
    if (!filter.matches(twin)) return;
    picture.rows.push_back(sinks::socket_row(twin, picture.time));
    picture.rows.back().holders = records.holders_of(twin);
  });
  return picture;
}

// The service has compared its mirror with the kernel just now.
Result<Picture> picture_of_service(const SnapshotOptions& options, ServiceClient& service,
                                   sinks::Output& diagnostics) {
  const sinks::ServiceHead& head = service.head();
  Picture picture;
  picture.time = head.now;
  picture.clock = clock_of(head);
  picture.census = head.census;
  picture.refused = head.refused;
  picture.is_of_service = true;
  diagnostics.write(service_text(head, picture.clock));
  auto cgroups = std::make_unique<ServiceCgroups>();
  sinks::FindingConditions conditions = options.conditions;
  const std::string& wanted = options.run.cgroup;
  if (!wanted.empty()) conditions.in_cgroup = in_cgroup(wanted, *cgroups);
  CensusOnly findings;
  const sinks::FindingFilter filter{conditions, findings};
  const Status read = read_rows(service, *cgroups, [&](sinks::TableRow& row) {
    const tracker::TwinView twin = sinks::view_of(row);
    ++picture.sockets;
    if (!filter.matches(twin)) return;
    picture.rows.push_back(sinks::socket_row(twin, picture.time));
    picture.rows.back().holders = std::move(row.holders);
  });
  picture.cgroups = std::move(cgroups);
  if (!read) return read.error();
  return picture;
}

Result<Picture> take_picture(const SnapshotOptions& options, sinks::Output& diagnostics) {
  ControlRequest request;
  request.census = true;
  auto service = find_service(options.run.service, request);
  if (!service) return service.error();
  if (!service.value().client) return own_picture(options, service.value().why_not, diagnostics);
  return picture_of_service(options, *service.value().client, diagnostics);
}

sinks::SnapshotFigures figures_of(const Picture& picture, const std::string& filter) {
  sinks::SnapshotFigures figures;
  figures.time = picture.time;
  figures.sockets = picture.sockets;
  figures.shown = picture.rows.size();
  figures.filter = filter;
  figures.namespaces = picture.census.namespaces;
  figures.refused = picture.census.refused;
  figures.which_refused = picture.refused;
  figures.knows_by_events = picture.is_of_service;
  for (const sinks::SocketRow& row : picture.rows) {
    ++figures.states[label(row.state)];
    if (row.is_orphan && row.state.state != model::State::TimeWait) ++figures.orphans;
  }
  return figures;
}

void print(const SnapshotOptions& options, const Picture& picture, sinks::Output& out,
           sinks::Output& diagnostics) {
  const sinks::SnapshotFigures figures = figures_of(picture, options.filter_words);
  sinks::CgroupDirectory* const cgroups = picture.cgroups.get();
  if (options.look.format == Format::JsonLines) {
    sinks::JsonLinesSink sink{out, diagnostics, {.clock = picture.clock, .cgroups = cgroups}};
    for (const sinks::SocketRow& row : picture.rows) sink.on_socket(row);
    sink.on_snapshot(figures);
    return;
  }
  const sinks::SocketTableOptions table{options.look.header, options.look.extended};
  out.write(options.look.format == Format::Csv
                ? socket_csv(picture.rows, table, picture.clock, cgroups)
                : socket_table(picture.rows, table, cgroups));
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
  auto taken = take_picture(options, diagnostics);
  if (!taken) {
    diagnostics.flush();
    return report(taken.error());
  }
  sort_sockets(taken.value().rows, options.sort);
  print(options, taken.value(), out, diagnostics);
  out.flush();
  const Status status = written(out);
  return status ? kExitOk : report(status.error());
}

}  // namespace tcptwin::commands
