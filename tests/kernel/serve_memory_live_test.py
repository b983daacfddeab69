#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""serve_memory_live_test.py SUPPORT TCPTWIN: under churn, with its table full, `tcptwin serve` has no more memory
after many connections than after few. `./dev bench soak` is the same for longer. Exits with 77 where the
running kernel does not allow it."""
import sys

sys.path.insert(0, sys.argv[1])
from live_program import Namespace, cannot_trace, check, play, skip  # noqa: E402
from memory_soak import LOOK, WARM_UP, Soak  # noqa: E402

TCPTWIN = sys.argv[2]
CONNECTIONS = 80_000  # between the two looks; 90 bytes lost by each would be too much
GROWTH = 1.10
PATIENCE_S = 120


def memory_does_not_grow_with_the_connections():
    with Namespace("tcptwin-memory") as namespace, Soak(TCPTWIN, namespace) as soak:
        warm = soak.least_memory(WARM_UP, PATIENCE_S)
        series = len(soak.check_numbers())
        end = soak.least_memory(WARM_UP + LOOK + CONNECTIONS, PATIENCE_S)
        soak.check_numbers()
        metrics = soak.end_churn()
        print(f"{warm >> 10} KB, then {end >> 10} KB; {soak.summary(metrics)}", flush=True)
        check(end <= GROWTH * warm, f"{warm} bytes when it was warm, {end} after {CONNECTIONS} more")
        check(len(metrics) <= series + 20, f"{series} series, then {len(metrics)}")


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    play(memory_does_not_grow_with_the_connections, "memory_does_not_grow_with_the_connections")
    return 0


if __name__ == "__main__":
    sys.exit(main())
