// SPDX-License-Identifier: MIT
// The small pieces of `top`'s screen: numbers that keep to their column, ages, bars, sparklines.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/time.h"
#include "system/character_grid.h"

namespace tcptwin::sinks {

// "1,234,567", or shortened until it fits: "1235k", "1.2M".
std::string count_text(std::uint64_t count, int columns);
// "0", "0.4", "12.5", "1,234": 7 columns at most.
std::string rate_text(double per_second);
// "45s", "12m04s", "3h12m", "5d02h".
std::string age_text(Duration age);
// "0:12:41", "3d 04:05:06".
std::string running_text(Duration running);
// "500 ms", "1 s", "2.5 s".
std::string interval_text(Duration interval);

// `count` of `most`, on `columns`; what is not nothing shows.
std::string bar(std::uint64_t count, std::uint64_t most, int columns,
                system::Repertoire repertoire);
// The latest values that fit, the largest of them at full height.
std::string sparkline(std::span<const std::uint64_t> values, int columns,
                      system::Repertoire repertoire);

}  // namespace tcptwin::sinks
