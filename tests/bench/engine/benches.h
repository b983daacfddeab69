// SPDX-License-Identifier: MIT
// The engine's benches, by the file they are in; engine_benches.cc registers them all.
#pragma once

namespace tcptwin::bench {

void register_mirror_benches();      // observe() beside so many twins (goal P10)
void register_ring_bench();          // ring to metrics (goal P11)
void register_parts_benches();       // decode, judge, the table of connections
void register_formatting_benches();  // a line of text and of JSON

}  // namespace tcptwin::bench
