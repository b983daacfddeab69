// SPDX-License-Identifier: MIT
// The running kernel as a source of records. Its .cc is the only file that includes the skeleton.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "sources/event_source.h"
#include "sources/program_plan.h"
#include "sources/program_runs.h"

namespace tcptwin::sources {

// What the kernel side drops before it costs anything. Empty means: everything.
struct KernelFilter {
  std::vector<std::uint16_t> local_ports;   // any of these
  std::vector<std::uint16_t> remote_ports;  // any of these
  std::vector<std::uint16_t> either_ports;  // any of these on either side
  std::optional<Family> family;
  std::optional<std::uint32_t> pid;     // sockets this process has acted on, and their children
  std::optional<std::uint32_t> netns;   // inode number
  std::optional<std::uint64_t> cgroup;  // cgroup v2 id; descendants included where readable
};

enum class CallPaths {
  Never,
  Suspicious,  // closes and other changes that do not look like the common path (the default)
  All,         // --stack
};

struct LiveOptions {
  KernelFilter filter;
  bool traces = true;  // false: take_census() alone, nothing is attached to the kernel's events
  // Network namespaces to list besides those that processes and /run/netns lead to. With
  // filter.netns, that one should be among them if it can be named. Descriptors are borrowed.
  std::vector<std::string> namespace_paths;
  std::vector<int> namespace_descriptors;
  CallPaths call_paths = CallPaths::Suspicious;
  bool name_frames_in_kernel = false;  // %ps; for users who may not read kallsyms
  std::size_t ring_bytes = 0;          // 0: chosen from the machine; else a power of two >= 64 KB
  bool use_side_program = true;
  TierChoice tiers = TierChoice::Best;
  bool segments = false;  // --segments: two programs more, that run for every packet of the host
  bool every_segment = false;  // with segments: those of data and pure ACKs as well
};

// One program that should run, and what became of it. Of two tiers that show the same, only the
// chosen one's.
struct ProgramReport {
  std::string name;  // "state_changes"
  std::string hook;  // "tp_btf/inet_sock_set_state", "iter/tcp"
  bool attached = false;
  bool required = false;
  std::string reason;    // why not attached, else ""
  std::string degrades;  // what is lost without it
};

class LiveBpf final : public EventSource {
 public:
  // Loads and attaches what this kernel allows. NotPermitted if the required programs cannot run,
  // with what is missing and how to get it.
  static Result<std::unique_ptr<LiveBpf>> open(const LiveOptions& options);
  ~LiveBpf() override;

  Result<std::size_t> poll(std::chrono::milliseconds timeout, RecordHandler& handler) override;
  bool is_exhausted() const override { return false; }

  // Delivers the TCP sockets that exist, and who holds them, between TCPTWIN_CENSUS records.
  // Whatever happened before the time of such a record has been delivered before it; where that
  // cannot be promised, every namespace is REFUSED with EAGAIN instead. An Error is fatal: the
  // calling thread could not come back from another network namespace.
  Status take_census(RecordHandler& handler);

  const std::vector<ProgramReport>& programs() const;
  // Every program is attached on whose records verdicts rest. Without one of them what is not
  // seen proves nothing.
  bool shows_all_evidence() const;
  // RST and data that reach a minisocket leave a record.
  bool shows_minisocket_segments() const;
  bool is_attached(std::string_view program) const;
  // How often each attached program ran, by its name.
  std::vector<std::pair<std::string, ProgramRuns>> program_runs() const;
  // Why T2 does not show this part; "" if it does.
  std::string_view why_inexact(Part part) const;
  std::size_t ring_bytes() const;

 private:
  struct Implementation;
  explicit LiveBpf(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tcptwin::sources
