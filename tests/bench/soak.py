#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""soak.py TCPTWIN [CONNECTIONS]: the memory that `tcptwin serve` has of its own, with a full table, as connections come
and go (default: a million), as rows of docs/service.md. Ends with 1 if what it must hold to does not
hold. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from live_program import Namespace, check  # noqa: E402
from memory_soak import LOOK, PAUSE_S, TABLE, WARM_UP, Soak  # noqa: E402

GROWTH = 1.10
ROWS = 5
SLOWEST = 100  # connections a second


def main():
    connections = max(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000, WARM_UP + ROWS * LOOK)
    step = (connections - WARM_UP - LOOK) // (ROWS - 1)
    print(f"Linux {os.uname().release}, {os.cpu_count()} processors; a table of {TABLE}, "
          f"{PAUSE_S * 1000:g} ms of pause after each connection of three clients\n")
    print("| connections | memory of its own, KB |\n| --- | --- |")
    memory = []
    with Namespace("soak") as namespace, Soak(sys.argv[1], namespace) as soak:
        for row in range(ROWS):
            begin = WARM_UP + row * step
            memory.append(soak.least_memory(begin, max(step, WARM_UP) / SLOWEST))
            print(f"| {begin} | {memory[-1] >> 10} |", flush=True)
            soak.check_numbers()
        metrics = soak.end_churn()
        print(f"\n{soak.summary(metrics)}")
    check(max(memory) <= GROWTH * memory[0], "it grew")


if __name__ == "__main__":
    main()
