// SPDX-License-Identifier: MIT
// TCPTWIN_SEGMENT to an observation, for decode, which has checked its size.
#pragma once

#include <cstdint>
#include <span>

#include "sources/wire_fields.h"
#include "tracker/segment.h"

namespace tcptwin::sources {

Decoded decode_record(const tcptwin_segment& record);

// Total: whatever the bytes are, what can be read before the first length that cannot be is read.
tracker::SegmentOptions segment_options(std::span<const std::uint8_t> bytes);

}  // namespace tcptwin::sources
