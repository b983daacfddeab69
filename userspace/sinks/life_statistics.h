// SPDX-License-Identifier: MIT
// What many lives amount to: how they ended and whose they were. Feeds the summary of `life`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/ending.h"
#include "sinks/life_record.h"

namespace tcptwin::sinks {

struct EndingCount {
  model::Ending ending;
  std::uint64_t count = 0;
};
struct OwnerCount {
  std::string comm;
  std::uint64_t count = 0;
};

// The figures for the summary, most frequent first.
struct LifeFigures {
  std::uint64_t joined = 0;          // records of two ends
  std::uint64_t never_accepted = 0;  // accepted by no process
  std::uint64_t adopted = 0;         // older than the trace
  std::uint64_t open = 0;            // connections that have not ended
  std::uint64_t not_kept = 0;        // --sort: could not be kept for sorting
  std::vector<EndingCount> endings;
  std::vector<OwnerCount> owners;
  std::uint64_t owners_beyond = 0;  // connections of owners that found no place
};

class LifeStatistics final : public LifeReceiver {
 public:
  explicit LifeStatistics(LifeReceiver& next) : next_(next) {}
  void on_life_record(const LifeRecord& record) override;

  LifeFigures figures() const;

 private:
  void count_owner(const tracker::Life& life);

  LifeReceiver& next_;
  LifeFigures totals_;
  std::map<std::tuple<model::EndedBy, model::EndedHow, model::Cause>, std::uint64_t> endings_;
  std::map<std::string, std::uint64_t, std::less<>> owners_;
};

}  // namespace tcptwin::sinks
