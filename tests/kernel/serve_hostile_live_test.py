#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""serve_hostile_live_test.py SUPPORT TCPTWIN: what hostile HTTP clients cost the events of `tcptwin serve`, by
the service's own histogram of delays: the same traffic in turn with them at its door and at that of
another service, so that the machine is as busy, in one run.
Exits with 77 where the running kernel does not allow it."""
import sys

sys.path.insert(0, sys.argv[1])
from delay_rounds import ELSEWHERE, HERE, DelayRounds, median_bound  # noqa: E402
from live_program import Namespace, cannot_trace, check, play, skip  # noqa: E402

TCPTWIN = sys.argv[2]
ROUNDS = 3
CONNECTIONS = 200
# More than neighbours on two processors do; an event loop that waits for a client that is slow on
# purpose, for seconds, is later. Waiting for a scrape, for milliseconds, is below what can be told here.
MOST = 8


def events_are_not_delayed():
    with Namespace("tcptwin-hostile") as namespace, \
            DelayRounds(TCPTWIN, namespace, CONNECTIONS) as rounds:
        for _ in range(ROUNDS):
            rounds.play(ELSEWHERE)
            rounds.play(HERE)
        check(rounds.hostile_counts["slow"] >= 1000, rounds.hostile_counts)
        for kind in ("huge", "unread", "scraped"):
            check(rounds.hostile_counts[kind] > 0, rounds.hostile_counts)
        elsewhere, here = (median_bound(rounds.delays[where]) for where in (ELSEWHERE, HERE))
        check(here <= MOST * elsewhere,
              f"half of the verdicts come within {elsewhere} s; with the clients here {here} s")
        # Both ends' changes, up to CLOSE of one and TIME_WAIT of the other.
        for counted in rounds.delays.values():
            check(counted[float("inf")] >= 11 * ROUNDS * CONNECTIONS, counted)
        print(f"median within {elsewhere} s, with the hostile clients here {here} s; "
              f"{rounds.hostile_counts}", flush=True)


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    play(events_are_not_delayed, "events_are_not_delayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
