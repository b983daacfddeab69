// SPDX-License-Identifier: MIT
// A run that a service watches: its findings, past and to come, go to the same sinks as those of a
// tracker of our own; its mirror is asked for when somebody looks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "commands/live_run.h"
#include "commands/service_client.h"
#include "commands/watched_run.h"
#include "sinks/output.h"
#include "system/signals.h"

namespace tcptwin::commands {

// What a command wants of a service.
struct ServiceWish {
  sinks::KindSet kinds = 0;
  bool past = false;                              // from the beginning of its history
  bool follow = true;                             // and what comes
  bool stuck = false;                             // first what is stuck now
  std::optional<Error> otherwise = {};            // if none answers; else we watch ourselves
  std::optional<ConnectionName> connection = {};  // of the mirror this alone is looked at
};

// The names of cgroups as the service knows them; those of cgroups that are gone as well.
class ServiceCgroups final : public sinks::CgroupDirectory {
 public:
  void add(const sinks::NamedCgroup& named);
  const sinks::CgroupName* find(std::uint64_t id) override;

 private:
  std::unordered_map<std::uint64_t, sinks::CgroupName> names_;
};

class ServiceRun final : public WatchedRun {
 public:
  static Result<std::unique_ptr<ServiceRun>> open(ServiceClient client,
                                                  const LiveRunOptions& options,
                                                  const ServiceWish& wish,
                                                  sinks::Output& diagnostics);

  bool asks_service() const override { return true; }
  KernelTime start() const override { return clock_.start; }
  const sinks::ClockMapping& clock() const override { return clock_; }
  sinks::CgroupDirectory& cgroups() override { return cgroups_; }
  void fill_in_filter(sinks::FindingConditions& conditions, std::string& words) override;
  Status begin(tracker::FindingHandler& findings) override;
  Status turn() override;
  bool is_over() override;
  Status finish() override;
  KernelTime end() const override { return end_; }
  const tracker::StreamStatus& stream() const override { return stream_; }
  Status visit(const tracker::TwinVisitor& visitor) override;
  sinks::Summary summary(const sinks::FindingFilter& filter) const override;

 private:
  ServiceRun(ServiceClient client, const LiveRunOptions& options, const ServiceWish& wish,
             sinks::Output& diagnostics, system::TerminationSignals signals);

  Status list_stuck();
  Status read_table(const tracker::TwinVisitor& visitor);
  void take(const sinks::ServiceMessage& message);
  void take_end(const sinks::ServiceEnd& end);
  void say_missed(const sinks::MissedFindings& missed);

  ServiceClient client_;
  Duration duration_{};  // zero: for ever
  std::string cgroup_;   // --cgroup
  ServiceWish wish_;
  sinks::Output& diagnostics_;
  std::optional<system::TerminationSignals> signals_;
  sinks::ClockMapping clock_;
  ServiceCgroups cgroups_;
  tracker::FindingHandler* findings_ = nullptr;
  KernelTime asked_;
  KernelTime end_;
  KernelTime stuck_listed_;
  tracker::TrackerCounts counts_;
  tracker::StreamStatus stream_;
  std::optional<Error> failed_;
  bool interrupted_ = false;
  bool is_complete_ = false;
};

// A service if one answers and the options do not rule it out, else a run of our own.
Result<std::unique_ptr<WatchedRun>> open_run(const LiveRunOptions& options, const ServiceWish& wish,
                                             sinks::Output& diagnostics);

// Of the service, in the time zone of whoever asks.
sinks::ClockMapping clock_of(const sinks::ServiceHead& head);

// For stderr: "tcptwin: asks the service (pid 812), which watches since 2026-...".
std::string service_text(const sinks::ServiceHead& head, const sinks::ClockMapping& clock);

// Whether a cgroup is this one (--cgroup), or below it.
std::function<bool(std::uint64_t)> in_cgroup(const std::string& words,
                                             sinks::CgroupDirectory& cgroups);

// Reads the answer to a table request to its end.
Status read_rows(ServiceClient& client, ServiceCgroups& cgroups,
                 const std::function<void(sinks::TableRow&)>& take);

}  // namespace tcptwin::commands
