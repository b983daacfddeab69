// SPDX-License-Identifier: MIT
// Pieces of text about a segment, for the table, divergences and pcapng comments.
#pragma once

#include <string>

#include "tracker/finding.h"

namespace tcptwin::sinks {

// "SYN ACK", "FIN PSH ACK", "RST".
std::string flags_text(const tracker::Segment& segment);

// "seq 1 ack 4097", counted from each direction's first SYN; "=2882400001" where that is not known.
std::string numbers_text(const tracker::SegmentFound& found);

// "win 64240 mss 1460 wscale 7 sack_ok ts 17/0".
std::string options_text(const tracker::Segment& segment);

// For -x: a line of its own, without its end.
std::string segment_details(const tracker::SegmentFound& found);

}  // namespace tcptwin::sinks
