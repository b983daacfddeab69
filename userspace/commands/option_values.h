// SPDX-License-Identifier: MIT
// The values of options, checked. Every failure is a Usage error that names the option, the bad
// value, and what would be right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/cause.h"
#include "model/ending.h"
#include "model/state.h"
#include "model/verdict.h"

namespace tcptwin::commands {

enum class ColourChoice { Auto, Always, Never };

Result<std::uint64_t> parse_number(std::string_view option, std::string_view text,
                                   std::uint64_t lowest, std::uint64_t highest);
// "80,443,8000-8010"; each 1..65535, sorted, without repetition.
Result<std::vector<std::uint16_t>> parse_ports(std::string_view option, std::string_view text);
// "10", "10s", "500ms", "1.5s", "2m", "1h"; more than nothing.
Result<Duration> parse_duration(std::string_view option, std::string_view text);
// The same, and "0" for never.
Result<std::optional<Duration>> parse_duration_or_never(std::string_view option,
                                                        std::string_view text);
// "524288", "512K", "64M"; rounded up to a power of two, 64 KB to 2 GB.
Result<std::size_t> parse_buffer_size(std::string_view option, std::string_view text);
Result<std::size_t> parse_file_size(std::string_view option, std::string_view text);
Result<ColourChoice> parse_colour(std::string_view text);

// Comma-separated lists of words.
Result<std::vector<std::string>> parse_names(std::string_view option, std::string_view text);
Result<std::vector<std::uint32_t>> parse_uids(std::string_view text);
Result<std::vector<model::MirrorState>> parse_states(std::string_view text);
Result<std::vector<model::Cause>> parse_causes(std::string_view option, std::string_view text);
Result<std::vector<model::Verdict>> parse_verdicts(std::string_view text);
Result<std::vector<model::EndedBy>> parse_ended_bys(std::string_view text);
Result<std::vector<model::EndedHow>> parse_ended_hows(std::string_view text);
// One of several words, in any case; its place among them.
Result<std::size_t> parse_choice(std::string_view option, std::string_view text,
                                 std::span<const std::string_view> choices);

// A name in /run/netns, a path, or an inode number; gives the inode number.
Result<std::uint32_t> parse_netns(std::string_view text);
// A path, absolute or below /sys/fs/cgroup, or an id (decimal or 0x...); gives the id.
Result<std::uint32_t> parse_netns_number(std::string_view text);
Result<std::uint64_t> parse_cgroup(std::string_view text);

}  // namespace tcptwin::commands
