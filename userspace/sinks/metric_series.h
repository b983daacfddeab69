// SPDX-License-Identifier: MIT
// Counters with label values that are known beforehand: which transitions and endings can occur is
// read from the model's tables, so that each has its series at 0 before it occurs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/cause.h"
#include "model/ending.h"
#include "model/state.h"

namespace tcptwin::sinks {

struct SeriesCounts {
  std::vector<std::uint32_t> keys;    // in the order in which they came to be
  std::vector<std::uint64_t> counts;  // of each key
  std::uint64_t others = 0;
};

// One counter a key. The keys given at the start exist at once; others when they first occur, up to
// a bound; what comes beyond is counted together. Its memory does not grow with the traffic.
class CountedSeries {
 public:
  // Keys are below `key_space`.
  CountedSeries(std::size_t key_space, const std::vector<std::uint32_t>& known,
                std::size_t most_unknown);

  void count(std::uint32_t key) {
    const std::uint16_t place = places_[key];
    if (place == kNoPlace) return count_new(key);
    ++now_.counts[place];
  }

  const SeriesCounts& now() const { return now_; }

 private:
  void count_new(std::uint32_t key);

  static constexpr std::uint16_t kNoPlace = 0xffff;
  std::vector<std::uint16_t> places_;  // by key
  SeriesCounts now_;
  std::size_t most_;
};

// A transition as the metrics tell them apart; states by model::labelled_index().
struct TransitionKey {
  std::size_t from = 0;
  std::size_t to = 0;
  model::Cause cause = model::Cause::Unexplained;
};
inline constexpr std::size_t kTransitionKeys =
    model::kLabelledStateCount * model::kLabelledStateCount * model::kCauseCount;
constexpr std::uint32_t packed(const TransitionKey& key) {
  const std::size_t states = key.from * model::kLabelledStateCount + key.to;
  return static_cast<std::uint32_t>(states * model::kCauseCount + model::index(key.cause));
}
TransitionKey unpacked_transition(std::uint32_t key);
// Each that the reference or the dialect can explain, sorted.
std::vector<std::uint32_t> possible_transitions();

inline constexpr std::size_t kEndingKeys =
    model::kEndedByCount * model::kEndedHowCount * model::kCauseCount;
constexpr std::uint32_t packed(const model::Ending& ending) {
  const std::size_t words = static_cast<std::size_t>(ending.by) * model::kEndedHowCount +
                            static_cast<std::size_t>(ending.how);
  return static_cast<std::uint32_t>(words * model::kCauseCount + model::index(ending.why));
}
model::Ending unpacked_ending(std::uint32_t key);
// Each that follows from a possible transition, sorted.
std::vector<std::uint32_t> possible_endings();

}  // namespace tcptwin::sinks
