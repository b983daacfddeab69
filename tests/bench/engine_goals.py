#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""engine_goals.py TCPTWIN [--json FILE]: what the engine does in a second on one processor, without a kernel: the goals
P10 (so many twins in the mirror) and P11 (ring to metrics), from tcptwin_bench_engine of the same build."""
import argparse
import json
import os
import statistics
import subprocess
import sys

from goals_found import tell

REPETITIONS = 5
# By the name of the bench. An event is a state change; the other records of its connection come on top.
GOALS = {
    "P10": ("observe/comes_and_goes/100000", "100,000 twins"),
    "P10 1M": ("observe/comes_and_goes/1000000", "1,000,000 twins"),
    "P11": ("ring_to_metrics", "10,000 twins"),
}
# Not goals: the worst case, told beside them.
BESIDE = {"P10": "observe/oldest_closes/100000", "P10 1M": "observe/oldest_closes/1000000"}


def engine_of(tcptwin):
    """The program of the engine's benches, in the build that `tcptwin` is of."""
    build = os.path.dirname(os.path.dirname(os.path.abspath(tcptwin)))
    engine = os.path.join(build, "tests/bench/engine/tcptwin_bench_engine")
    if not os.access(engine, os.X_OK):
        sys.exit(f"there is no {engine}: build the target tcptwin_bench_engine with -DTCPTWIN_BUILD_BENCH=ON")
    return engine


def measured(engine, repetitions):
    """By bench: the runs of it, as Google Benchmark tells them."""
    names = [name for name, _ in GOALS.values()] + list(BESIDE.values())
    command = [engine, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
               f"--benchmark_filter=^({'|'.join(names)})/manual_time"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    runs = {}
    for run in told["benchmarks"]:
        if run.get("error_occurred"):
            sys.exit(f"{run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"].split("/manual_time")[0], []).append(run)
    return runs


def median_of(runs, figure):
    return statistics.median(run[figure] for run in runs)


def goal(runs, name, what, beside):
    note = (f"{what}; a connection of 10 events and 8 other records takes "
            f"{median_of(runs[name], 'ns_per_connection'):.0f} ns, a record "
            f"{median_of(runs[name], 'ns_per_record'):.0f} ns")
    if beside:
        note += (f"; {median_of(runs[beside], 'items_per_second') / 1e6:.2f} M events/s if the oldest "
                 "connection is always the one that closes")
    return {"values": [run["items_per_second"] / 1e6 for run in runs[name]], "unit": "M events/s",
            "ns_per_record": median_of(runs[name], "ns_per_record"),
            "ns_per_connection": median_of(runs[name], "ns_per_connection"), "note": note}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tcptwin")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    arguments = parser.parse_args()
    runs = measured(engine_of(arguments.tcptwin), arguments.repetitions)
    goals = {key: goal(runs, name, what, BESIDE.get(key)) for key, (name, what) in GOALS.items()}
    tell(goals, arguments.json)


if __name__ == "__main__":
    main()
