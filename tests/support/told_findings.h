// SPDX-License-Identifier: MIT
// Findings as a user reads them: JSON lines with all there is, lives joined, and the messages. For
// tests that hold two runs against each other, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commands/host_cgroups.h"
#include "sinks/finding_filter.h"
#include "sinks/json_lines.h"
#include "sinks/life_joiner.h"
#include "sinks/output.h"
#include "system/unique_fd.h"

namespace tcptwin::testing {

// Lines of any number: all of them by what a hash keeps of each, the first megabytes as they are.
class Lines {
 public:
  void add(std::string_view text);
  std::size_t size() const { return hashes_.size(); }

  // Where the other lines are not these, both as far as they are kept; "" if they are the same.
  std::string difference(const Lines& other) const;

 private:
  std::string_view line(std::size_t number) const;

  std::vector<std::uint64_t> hashes_;
  std::string kept_;
  std::vector<std::size_t> ends_;  // in what is kept
};

class ToldFindings final : public tracker::FindingHandler {
 public:
  using FindCgroup = commands::RecordedCgroups::Find;
  // `next`, if any, is handed the findings as well.
  ToldFindings(const sinks::ClockMapping& clock, FindCgroup find_cgroup,
               tracker::FindingHandler* next = nullptr);

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath& path) override;
  void on_life(const tracker::Life& life) override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_adopted(const tracker::Adopted& adopted) override;
  void on_segment(const tracker::SegmentFound& segment) override;
  void on_reconciliation(const tracker::Reconciliation& found) override;

  // The run has looked up: what is ripe is printed.
  void end_turn(KernelTime now);
  // The run is over, at this time.
  void finish(KernelTime end, const tracker::Tracker& tracker, const tracker::StreamStatus& stream);

  const Lines& lines() const { return lines_; }

 private:
  void take_in();

  KernelTime start_;
  system::UniqueFd file_;  // in memory, emptied each turn
  commands::RecordedCgroups cgroups_;
  sinks::Output out_;
  sinks::Output diagnostics_;
  sinks::JsonLinesSink sink_;
  sinks::FindingFilter filter_;
  sinks::LifeJoiner joiner_;
  tracker::FindingHandler* next_;
  Lines lines_;
};

}  // namespace tcptwin::testing
