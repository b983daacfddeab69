// SPDX-License-Identifier: MIT
// The thread behind a service's control socket: lets in who may, reads requests, sends findings out
// of the history. Tables are made on the thread that judges (table_answers.h). Used by control.cc.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "commands/control_request.h"
#include "sinks/finding_bytes.h"
#include "sinks/finding_history.h"
#include "sinks/metrics.h"
#include "system/unique_fd.h"

namespace tcptwin::commands {

// What became of those who asked; read by any thread.
struct ControlCounts {
  std::atomic<std::uint64_t> clients = 0;  // now
  std::array<std::atomic<std::uint64_t>, sinks::kControlRequests.size()> requests{};
  std::array<std::atomic<std::uint64_t>, sinks::kControlRefusals.size()> refused{};
  std::atomic<std::uint64_t> missed = 0;    // findings that slow clients did not get
  std::atomic<std::uint64_t> pause_ns = 0;  // that tables cost the thread that judges

  void refuse(sinks::ControlRefusal why) { ++refused[static_cast<std::size_t>(why)]; }
  sinks::ControlNumbers numbers() const;
};

// A request that only the judging thread can answer, with the client's socket.
struct TableRequest {
  ControlRequest request;
  system::UniqueFd client;
  KernelTime asked;
  bool is_root = false;  // served before others
};

// From the server's thread to the one that judges; bounded.
class WaitingTables {
 public:
  // False if too many wait; `request` keeps its socket then.
  bool add(TableRequest& request);
  std::optional<TableRequest> take();

 private:
  std::mutex mutex_;
  std::deque<TableRequest> requests_;
};

// Sends what fits at once: for the last word to a client that nobody waits for.
void send_refusal(int client, const Error& error);

class ControlServer {
 public:
  struct Sources {
    const sinks::FindingHistory& history;
    std::function<std::shared_ptr<const sinks::ServiceHead>()> head;  // the latest; never null
    std::optional<gid_t> group;                                       // beside root and ourselves
  };
  // Begins at once. To be called when the process is as privileged as its threads may be.
  ControlServer(system::UniqueFd listener, Sources sources, WaitingTables& tables,
                ControlCounts& counts);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // Tells clients that the service ends, and waits for the thread.
  ~ControlServer();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tcptwin::commands
