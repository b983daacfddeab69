#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""memory_goals.py TCPTWIN [--json FILE] [--most SOCKETS]: what many open connections cost tcptwin: memory of the service for
each (goal P12), a census of them all beside `ss -tan` (P13), a scrape of the metrics (P14). The connections are
held in a namespace of its own; as many as the memory allows, 500,000 sockets at most. Needs root."""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))
from goals_found import tell  # noqa: E402
from live_program import Namespace, check, wait_until  # noqa: E402
from service import Service  # noqa: E402

FEW, MANY, MOST = 10_000, 100_000, 500_000  # sockets: two a connection
MEMORY_A_SOCKET = 6_000  # bytes, of the kernel, of its holder and of those who look
SPARE_DESCRIPTORS = 100
PATIENCE_S = 180
SCRAPES = 50
PAIRS = 5


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))


def own_memory(pid):
    """Bytes that the program asked for: the slope of these is what a socket takes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:"))


def resident_memory(pid):
    """Bytes: all but the rings, and these, whose pages are the kernel's, are mapped twice and count as often."""
    rings = others = 0
    in_ring = False
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            field = line.split()
            if not field[0].endswith(":"):
                in_ring = "bpf-map" in line
            elif field[0] == "Rss:" and in_ring:
                rings += int(field[1]) * 1024
            elif field[0] == "Rss:":
                others += int(field[1]) * 1024
    return others, rings


def processor_seconds(pid):
    """Of all its threads, those that have ended included: clock_getcpuclockid(3)."""
    cpu_clock = ~pid << 3 | 2
    return time.clock_gettime(cpu_clock)


class Holder:
    """Those that hold the connections: as many processes as their limit of descriptors makes it."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._processes = []
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self._capacity = (limit - SPARE_DESCRIPTORS) // 2

    def hold(self, sockets):
        wanted = sockets // 2
        for number in range(-(-wanted // self._capacity)):
            if number == len(self._processes):
                self._processes.append(self._namespace.start(
                    [sys.executable, os.path.join(HERE, "held_connections.py"), str(number + 1)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            self._ask(self._processes[number], min(self._capacity, wanted - number * self._capacity))

    @staticmethod
    def _ask(process, connections):
        process.stdin.write(f"{connections}\n")
        process.stdin.flush()
        held = process.stdout.readline().strip()
        check(held == str(connections), f"holds '{held}' of {connections} connections")


def serve(tcptwin, namespace):
    """One that compares itself with the kernel when it starts, and not while it is measured."""
    return Service(tcptwin, "-N", namespace.name, "--reconcile", "0")


def scrape_ms(service):
    """Processor time of one scrape: that of SCRAPES, less what the service spends anyway."""
    def spent(work):
        begin, cpu = time.monotonic(), processor_seconds(service.process.pid)
        work()
        return processor_seconds(service.process.pid) - cpu, time.monotonic() - begin
    idle_cpu, idle_s = spent(lambda: time.sleep(1))
    cpu, seconds = spent(lambda: [service.get() for _ in range(SCRAPES)])
    return (cpu - idle_cpu / idle_s * seconds) / SCRAPES * 1000


def ran(command):
    """Processor seconds and seconds of a program whose output nobody wants."""
    begin = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode == 0, f"{command}: exit {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begin


def started(tcptwin, namespace):
    """Processor seconds and seconds of a service until its first census is in the mirror."""
    begin = time.monotonic()
    with serve(tcptwin, namespace) as service:
        return processor_seconds(service.process.pid), time.monotonic() - begin


class Growth:
    """One service, and what it takes as the connections become more."""

    def __init__(self, tcptwin, namespace, holder):
        self.memory, self.scrapes = {}, {}
        self.empty = None
        self._namespace, self._holder = namespace, holder
        self._service = serve(tcptwin, namespace)

    def measure(self, counts):
        with self._service as service:
            self.empty = resident_memory(service.process.pid)
            for sockets in counts:
                self._holder.hold(sockets)
                wait_until(lambda: self._seen(service) >= sockets, f"{sockets} sockets in the mirror", PATIENCE_S)
                self.memory[sockets] = own_memory(service.process.pid)
                self.scrapes[sockets] = [scrape_ms(service) for _ in range(PAIRS)]

    @staticmethod
    def _seen(service):
        return service.value("tcptwin_sockets", state="established")

    def bytes_a_socket(self, few, many):
        return (self.memory[many] - self.memory[few]) / (many - few)


def memory_goal(growth, counts):
    most = counts[-1]
    slopes = ", ".join(f"{growth.bytes_a_socket(few, many):.0f} B between {few:,} and {many:,}"
                       for few, many in zip(counts, counts[1:]))
    return {
        "P12": {"values": [growth.bytes_a_socket(counts[-2], most)], "unit": "B/socket",
                "note": f"anonymous memory of the service, {slopes} sockets"},
        "P12 empty": {"values": [growth.empty[0] / 1e6], "unit": "MB",
                      "note": "resident with no connection at all, shared libraries included; the rings, which are "
                              f"mapped twice, count {growth.empty[1] / 1e6:.0f} MB on top"},
    }


def scrape_goal(growth, counts):
    few, most = counts[0], counts[-1]
    median = {count: statistics.median(growth.scrapes[count]) for count in counts}
    return {
        "P14": {"values": growth.scrapes[most], "unit": "ms",
                "note": "processor time of the service for a scrape; "
                        + ", ".join(f"{median[count]:.2f} ms at {count:,}" for count in counts)},
        "P14 growth": {"values": [median[most] / median[few]], "unit": "x",
                       "note": f"from {few:,} to {most:,} sockets"},
    }


def census_goal(tcptwin, namespace, sockets, empty):
    """The same sockets by turns: a service that starts, the command, and ss."""
    census, snapshot, theirs = [], [], []
    for pair in range(PAIRS):
        turns = [lambda: census.append(started(tcptwin, namespace)),
                 lambda: snapshot.append(ran([tcptwin, "snapshot", "--live", "-N", namespace.name])),
                 lambda: theirs.append(ran(namespace.inside(["ss", "-tan"])))]
        for turn in turns if pair % 2 == 0 else reversed(turns):
            turn()

    def goal(ours, less, what):
        cpu = [(one[0] - less[0]) / other[0] for one, other in zip(ours, theirs)]
        wall = statistics.median((one[1] - less[1]) / other[1] for one, other in zip(ours, theirs))
        return {"values": cpu, "unit": "x ss -tan",
                "note": f"{what}, {sockets:,} sockets: processor time "
                        f"{statistics.median(one[0] - less[0] for one in ours):.2f} s, ss -tan "
                        f"{statistics.median(other[0] for other in theirs):.2f} s; {wall:.2f}x by the clock"}
    return {"P13": goal(census, empty, "a service's first census into its mirror, less its start without any"),
            "P13 seconds": {"values": [cpu - empty[0] for cpu, _ in census], "unit": "s", "sockets": sockets,
                            "note": f"processor time of that census of {sockets:,} sockets"},
            "P13 snapshot": goal(snapshot, (0, 0), "the command, with its start, owners and the printed lines")}


def measured(tcptwin, most):
    counts = [count for count in (FEW, MANY, MOST) if count <= most]
    check(len(counts) > 1, f"--most must be {MANY} at least")
    if len(counts) > 2 and available_memory() < counts[-1] * MEMORY_A_SOCKET:
        print(f"{counts.pop():,} sockets need more memory than the {available_memory() >> 20} MB there are",
              file=sys.stderr)
    with Namespace("bench-memory") as namespace:
        empty = [statistics.median(part) for part in zip(*(started(tcptwin, namespace) for _ in range(PAIRS)))]
        growth = Growth(tcptwin, namespace, Holder(namespace))
        growth.measure(counts)
        return {**memory_goal(growth, counts), **census_goal(tcptwin, namespace, counts[-1], empty),
                **scrape_goal(growth, counts)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tcptwin")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--most", type=int, default=MOST, metavar="SOCKETS")
    arguments = parser.parse_args()
    goals = measured(os.path.abspath(arguments.tcptwin), arguments.most)
    tell(goals, arguments.json)


if __name__ == "__main__":
    main()
