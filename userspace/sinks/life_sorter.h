// SPDX-License-Identifier: MIT
// `life --sort`: keeps the connections that matter most by one measure and hands them on at the
// end, the largest first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sinks/life_record.h"

namespace tcptwin::sinks {

enum class LifeKey { Duration, Bytes, Retransmits, Rtt, Handshake };
inline constexpr std::array<std::string_view, 5> kLifeKeys = {"duration", "bytes", "retransmits",
                                                              "rtt", "handshake"};

class LifeSorter final : public LifeReceiver {
 public:
  // As many as a person or a spreadsheet can look at; about 25 MB.
  static constexpr std::size_t kLimit = 10'000;

  LifeSorter(LifeKey key, LifeReceiver& next, std::size_t limit = kLimit)
      : key_(key), next_(next), limit_(limit) {}

  void on_life_record(const LifeRecord& record) override;
  // Hands on what was kept.
  void finish();
  // What could not be kept: it was smaller than all that was.
  std::uint64_t not_kept() const { return not_kept_; }

 private:
  struct Entry {
    std::optional<std::uint64_t> value;  // nullopt, the least: not known
    std::uint64_t number;                // in the order they came
    LifeRecord record;
  };
  static bool is_before(const Entry& left, const Entry& right);

  LifeKey key_;
  LifeReceiver& next_;
  std::size_t limit_;
  std::vector<Entry> kept_;  // a heap with the least in front
  std::uint64_t number_ = 0;
  std::uint64_t not_kept_ = 0;
};

}  // namespace tcptwin::sinks
