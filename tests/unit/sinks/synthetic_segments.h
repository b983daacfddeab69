// SPDX-License-Identifier: MIT
// Segments made by hand for the tests of the sinks.
#pragma once

#include <vector>

#include "tracker/finding.h"

namespace tcptwin::test {

tracker::SegmentFound syn_sent();         // with all options of an ordinary SYN
tracker::SegmentFound fin_received();     // IPv6, with data, SACK blocks, of an adopted connection
tracker::SegmentFound reset_by_nobody();  // of a closed port: no connection, no state
tracker::SegmentFound strange_segment();  // every flag, and the options that are rare
std::vector<tracker::SegmentFound> segments();  // all of them
tracker::Divergence data_after_fin();

}  // namespace tcptwin::test
