#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""On paper: what a host with 64 processors, a million connections a second and ten million sockets would ask of
tcptwin, from the unit costs in the results of `./dev bench`. Prints Markdown."""
import argparse
import json
import statistics
import sys

RECORDS, EVENTS = 18, 10      # of a connection with both ends on the host
RECORD_BYTES = (10 * (208 + 8) + 4 * (104 + 8) + 4 * (96 + 8)) / RECORDS  # wire.h, with the ring's headers; 2 + 2 timers
# Records a second that one ring takes from so many producers: published by Xu Kuohai with the kernel's
# patches for overwriting rings (AMD EPYC 9654, nobody reads); not measured here.
RING_RECORDS_S = {1: 32.2e6, 2: 9.6e6, 8: 9.2e6, 52: 3.5e6}
# net.ipv4.tcp_max_tw_buckets of a large host, in each namespace: half of the largest hash table (tcp_init).
TIME_WAITS = 262_144
STALL_S = 0.1


class Costs:
    """Medians of the goals; what was not measured is named when it is asked for."""

    def __init__(self, goals):
        self._goals = goals

    def median(self, goal):
        found = self._goals.get(goal)
        values = (found or {}).get("values") or []
        if not values:
            sys.exit(f"the results lack {goal}: run ./dev bench first")
        return statistics.median(values)

    def figure(self, goal, name):
        self.median(goal)
        return self._goals[goal][name]

    def has(self, goal):
        return bool((self._goals.get(goal) or {}).get("values"))


def ring_capacity(producers):
    fitting = [count for count in RING_RECORDS_S if count >= producers]
    return RING_RECORDS_S[min(fitting, default=max(RING_RECORDS_S))]


def rows_of(costs, cores, rate, sockets, rings):
    """What there is to do in a second, or to keep: name, unit cost, load, capacity, what to do beyond."""
    records = rate * RECORDS
    tracking_ns = costs.figure("P11", "ns_per_record")
    rows = []
    if costs.has("P5"):
        kernel = costs.median("P5") * 1e-9 * records
        rows.append(("programs in the kernel", f"{costs.median('P5'):.0f} ns a record", kernel / cores,
                     f"{kernel:.1f} of {cores} processors", "fewer records: only changes that end a connection carry all evidence"))
    capacity = rings * ring_capacity(-(-cores // rings))
    rows.append(("the ring's lock" if rings == 1 else f"the locks of {rings} rings",
                 f"{capacity / 1e6:.1f} M records/s in all (published)", records / capacity,
                 f"{records / 1e6:.1f} M records/s", "a ring for each processor, merged by time"))
    rows.append(("the thread that judges", f"{tracking_ns:.0f} ns a record (P11)", tracking_ns * 1e-9 * records,
                 f"{tracking_ns * 1e-9 * records:.1f} of 1 processor",
                 "as many trackers as that, each with the sockets of its share (hash of the addresses: both ends of a "
                 "connection in the same)"))
    twins = sockets + TIME_WAITS
    memory = twins * costs.median("P12")
    rows.append(("twins in memory", f"{costs.median('P12'):.0f} B a socket (P12)", twins / 1_048_576,
                 f"{twins / 1e6:.1f} M twins, {memory / 1e9:.1f} GB; the table's default is 1,048,576",
                 "`--table`; an idle connection kept in a smaller twin"))
    if costs.has("P13 seconds"):
        census_s = costs.median("P13 seconds") / costs.figure("P13 seconds", "sockets") * sockets
        rows.append(("a census of all sockets", f"{census_s / sockets * 1e9:.0f} ns a socket (P13)", census_s / 60,
                     f"{census_s:.1f} s, once in 60 s", "a longer `--reconcile`; namespaces one after the other"))
    return rows


def stall_bytes(rate):
    """What arrives while the reader does not run."""
    return rate * RECORDS * RECORD_BYTES * STALL_S


def markdown(costs, cores, rate, sockets, rings):
    rows = sorted(rows_of(costs, cores, rate, sockets, rings), key=lambda row: -row[2])
    first = rows[0]
    lines = [
        f"{cores} processors, {rate:,} connections/s with both ends on the host, {sockets:,} open sockets: "
        f"{rate * EVENTS / 1e6:.0f} M state changes and {rate * RECORDS / 1e6:.0f} M records a second, "
        f"{rate * RECORDS * RECORD_BYTES / 1e9:.1f} GB/s.",
        "",
        "| what | unit cost | on this host | of its capacity | beyond that |",
        "| --- | --- | --- | --- | --- |"]
    lines += [f"| {name} | {unit} | {load} | {share:.0%} | {remedy} |" for name, unit, share, load, remedy in rows]
    breaks = [row for row in rows if row[2] > 1]
    lines.append("")
    if breaks:
        lines.append(f"What breaks first: {first[0]}, at {rate / first[2]:,.0f} connections/s"
                     if "twins" not in first[0] and "census" not in first[0]
                     else f"What breaks first: {first[0]} ({first[1]})")
        lines[-1] += f". Then, in this order: {', '.join(row[0] for row in breaks[1:]) or 'nothing'}."
    else:
        lines.append(f"Nothing breaks; nearest to its limit is {first[0]}, at {first[2]:.0%}.")
    lines.append(f"A reader that is held up for {STALL_S * 1000:.0f} ms needs "
                 f"{stall_bytes(rate) / 1e6:.0f} MB of rings; what does not fit is counted, and a census sets it right.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results")
    parser.add_argument("--cores", type=int, default=64)
    parser.add_argument("--rate", type=int, default=1_000_000)
    parser.add_argument("--sockets", type=int, default=10_000_000)
    parser.add_argument("--rings", type=int, default=1, help="that the kernel's side writes into")
    arguments = parser.parse_args()
    with open(arguments.results, encoding="utf-8") as file:
        results = json.load(file)
    print(markdown(Costs(results.get("goals", results)), arguments.cores, arguments.rate, arguments.sockets,
                   arguments.rings))


if __name__ == "__main__":
    main()
