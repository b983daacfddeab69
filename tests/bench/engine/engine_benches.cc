// SPDX-License-Identifier: MIT
// The benches of what happens in memory, without a kernel: `tcptwin_bench_engine --help` lists
// Google Benchmark's options. engine_goals.py makes the goals P10 and P11 of it.
#include <benchmark/benchmark.h>

#include "engine/benches.h"

int main(int argc, char** argv) {
  tcptwin::bench::register_parts_benches();
  tcptwin::bench::register_formatting_benches();
  tcptwin::bench::register_mirror_benches();
  tcptwin::bench::register_ring_bench();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
