// SPDX-License-Identifier: MIT
// What a service found lately, as frames in a bounded ring: the thread that judges adds, threads
// that serve clients read. It is the history a client asks for and what a client that follows is
// sent, so that a client costs no memory: one that is too slow loses, and is told how much.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "sinks/cgroup_directory.h"
#include "sinks/finding_bytes.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

// A set of MessageKinds.
using KindSet = std::uint32_t;
template <typename... T>
constexpr KindSet kinds_of() {
  return ((KindSet{1} << kind_of<T>()) | ... | KindSet{0});
}
static_assert(kMessageKinds <= 32);

class FindingHistory final : public tracker::FindingHandler {
 public:
  // At most about so many bytes are kept, but never less than two parts. The directory, which may
  // be null, is asked on the thread that adds.
  FindingHistory(std::size_t bytes, CgroupDirectory* cgroups);

  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override;
  void on_call_path(const tracker::CallPath&) override {}
  void on_life(const tracker::Life& life) override;
  void on_stuck(const tracker::Stuck& stuck) override;
  void on_reconciliation(const tracker::Reconciliation& found) override;

  // Where a reader stands. What it has passed is counted, whether it wanted it or not.
  struct Place {
    std::uint64_t part = 0;
    std::size_t at = 0;
    std::size_t silent_until = 0;  // before this only what later frames need
    MissedFindings passed;
  };
  Place oldest() const;
  Place newest() const;

  // Adds wanted frames to `bytes`, about `limit` of them, and moves on; what was dropped before the
  // reader came to it.
  MissedFindings read(Place& place, KindSet wanted, std::size_t limit, std::string& bytes) const;
  // Dropped since the start.
  MissedFindings dropped() const;

 private:
  // Written by one thread up to `size`, which only grows; read by others below it.
  struct Part {
    std::uint64_t number = 0;
    MissedFindings before;  // all that was found before its first frame
    std::unique_ptr<char[]> bytes;
    std::atomic<std::size_t> size = 0;
  };

  template <typename T>
  void add(const T& finding, std::uint64_t cgroup);
  template <typename T>
  bool append(const T& content);
  void name_cgroup(std::uint64_t id);
  void begin_part();
  std::shared_ptr<const Part> part_at(std::uint64_t number) const;

  CgroupDirectory* cgroups_;
  std::size_t limit_;  // in parts
  MissedFindings added_;
  Part* part_ = nullptr;  // the last of `parts_`; the thread that adds alone asks it
  std::unordered_set<std::uint64_t> named_;  // in the present part
  std::uint64_t named_last_ = 0;             // one of them, or 0
  mutable std::mutex mutex_;                 // of what follows; held for a pointer's length
  std::deque<std::shared_ptr<Part>> parts_;
};

}  // namespace tcptwin::sinks
