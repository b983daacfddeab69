#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""serve_hostile_live_test.py SUPPORT TCPTWIN: what hostile HTTP clients cost the events of `tcptwin serve`, by
the service's own histogram of delays: the same traffic in turn with and without them, in one run.
Exits with 77 where the running kernel does not allow it."""
import sys

sys.path.insert(0, sys.argv[1])
from delay_rounds import DelayRounds, median_bound  # noqa: E402
from live_program import Namespace, cannot_trace, check, play, skip  # noqa: E402

TCPTWIN = sys.argv[2]
ROUNDS = 3
CONNECTIONS = 200
# Far more than neighbours on two processors can do; an event loop that waits for a client that is slow
# on purpose is a hundred times late.
MOST = 20


def events_are_not_delayed():
    with Namespace("tcptwin-hostile") as namespace, \
            DelayRounds(TCPTWIN, namespace, CONNECTIONS) as rounds:
        for _ in range(ROUNDS):
            rounds.play(is_hostile=False)
            rounds.play(is_hostile=True)
        check(rounds.hostile_counts["slow"] >= 1000, rounds.hostile_counts)
        for kind in ("huge", "unread", "scraped"):
            check(rounds.hostile_counts[kind] > 0, rounds.hostile_counts)
        quiet, hostile = median_bound(rounds.quiet), median_bound(rounds.hostile)
        check(hostile <= MOST * quiet,
              f"half of the verdicts come within {quiet} s; among hostile clients {hostile} s")
        # Both ends' changes, up to CLOSE of one and TIME_WAIT of the other.
        for counted in (rounds.quiet, rounds.hostile):
            check(counted[float("inf")] >= 11 * ROUNDS * CONNECTIONS, counted)
        print(f"median within {quiet} s, among hostile clients {hostile} s; "
              f"{rounds.hostile_counts}", flush=True)


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    play(events_are_not_delayed, "events_are_not_delayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
