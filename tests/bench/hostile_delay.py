#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile_delay.py TCPTWIN [ROUNDS]: how late the verdicts of `tcptwin serve` are with hostile HTTP clients at
its door, at that of another service, and without, as rows of docs/service.md: rounds of 500 connections in turn, in one run. Needs
root and a quiet machine."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from delay_rounds import ELSEWHERE, HERE, NOBODY, DelayRounds, bound_of_share  # noqa: E402
from live_program import Namespace  # noqa: E402

CONNECTIONS = 500
SHARES = (0.5, 0.9, 0.99, 1.0)


def row(title, counted):
    cells = (f"{bound_of_share(counted, share) * 1000:g} ms" for share in SHARES)
    return f"| {title} | {counted[float('inf')]:.0f} | " + " | ".join(cells) + " |"


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with Namespace("delay") as namespace, \
            DelayRounds(sys.argv[1], namespace, CONNECTIONS) as delays:
        for _ in range(rounds):
            for where in (NOBODY, ELSEWHERE, HERE):
                delays.play(where)
    counts = delays.hostile_counts
    print(f"Linux {os.uname().release}, {os.cpu_count()} processors; {rounds} rounds of "
          f"{CONNECTIONS} connections each; the hostile clients opened {counts['slow']} connections that "
          f"never finish a request and {counts['huge']} with headers without end, left "
          f"{counts['unread']} answers unread and scraped {counts['scraped']} times; no event was lost\n")
    print("| hostile HTTP clients | verdicts | " + " | ".join(f"{share:.0%} within" for share in SHARES) + " |")
    print("| --- " * (len(SHARES) + 2) + "|")
    for where in (NOBODY, ELSEWHERE, HERE):
        print(row(where, delays.delays[where]))


if __name__ == "__main__":
    main()
