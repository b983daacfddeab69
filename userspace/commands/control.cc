// SPDX-License-Identifier: MIT
#include "commands/control.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "commands/control_request.h"
#include "system/control_listener.h"

namespace tcptwin::commands {

std::string default_control_path() {
  const char* folders = std::getenv("RUNTIME_DIRECTORY");
  if (folders == nullptr || *folders == '\0') return "";
  const std::string all{folders};
  return all.substr(0, all.find(':')) + "/control.sock";
}

Result<ControlListener> open_control(const ControlOptions& options) {
  const auto group = system::find_group(options.group);
  if (!group && options.group_is_named) {
    return Error{ErrorCode::Failed, "there is no group " + options.group,
                 "groupadd --system " + options.group + "; or name another with --control-group"};
  }
  auto socket = system::listen_for_group(options.path, group);
  if (!socket) return socket.error();
  return ControlListener{std::move(socket.value()), group};
}

Control::Control(const ControlOptions& options, LiveRun& run)
    : run_(run), history_(options.history_bytes, &run.cgroups()), tables_(run, waiting_, counts_) {}

void Control::start(ControlListener listener) {
  server_.emplace(std::move(listener.socket),
                  ControlServer::Sources{history_, [this] { return head_.get(); }, listener.group},
                  waiting_, counts_);
}

void Control::turn(KernelTime now, const tracker::StuckThresholds& thresholds,
                   std::optional<std::uint32_t> netns) {
  sinks::ServiceHead head;
  head.pid = static_cast<std::uint32_t>(::getpid());
  head.started = run_.start();
  head.realtime_minus_monotonic = run_.clock().realtime_minus_monotonic;
  head.now = run_.stream().time;
  head.netns = netns;
  head.thresholds = thresholds;
  head.counts = run_.counts();
  head.stream = run_.stream();
  head.census = census_;
  head_.publish(head);
  tables_.turn(now, head);
}

}  // namespace tcptwin::commands
