// SPDX-License-Identifier: MIT
// TCP sequence numbers: arithmetic modulo 2^32 (RFC 9293 3.4), so there is no operator<.
#pragma once

#include <cstdint>

namespace tcptwin {

class SequenceNumber {
 public:
  constexpr SequenceNumber() = default;
  constexpr explicit SequenceNumber(std::uint32_t value) : value_(value) {}

  constexpr std::uint32_t value() const { return value_; }

  // How far this number is ahead of `earlier`; negative when it is behind.
  constexpr std::int32_t distance_from(SequenceNumber earlier) const {
    return static_cast<std::int32_t>(value_ - earlier.value_);
  }
  constexpr bool is_after(SequenceNumber other) const { return distance_from(other) > 0; }

  friend constexpr bool operator==(SequenceNumber, SequenceNumber) = default;

 private:
  std::uint32_t value_ = 0;
};

bool operator<(SequenceNumber, SequenceNumber) = delete;
bool operator>(SequenceNumber, SequenceNumber) = delete;

}  // namespace tcptwin
