// SPDX-License-Identifier: MIT
// Small text helpers that the standard library of C++20 lacks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tcptwin {

std::string to_lower(std::string_view text);

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number);

// The candidate nearest to `word` by edit distance, if it is near enough to be a likely slip
// (at most a third of the word's length, at least 1). For "did you mean" messages.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

}  // namespace tcptwin
