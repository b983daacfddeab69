# SPDX-License-Identifier: MIT
"""The goals that take the running kernel and load: P1 to P9, P15 and P16. Each function measures some rows of
goals_table.py. For goals.py."""
import json
import re
import resource
import signal
import statistics
import subprocess
import tempfile
import time

from live_load import DRAIN_S, Load, attached, peers, processor_us, program_ids, running
from live_program import check, wait_until
from service import total

CHURN_S, PACED_S, LONG_S, QUICK_LONG_S, STOPPED_S = 1.6, 3, 60, 10, 2
TABLE = 8_388_608  # a minute of full churn leaves millions in TIME_WAIT
STATISTICS = "/proc/sys/kernel/bpf_stats_enabled"
MINISOCKETS_ONLY = ("time_wait", "new_syn_recv")


def kept(base, with_tracer):
    """Churn that is left, as if nothing else used the machine."""
    return base["load_us"] / (with_tracer["load_us"] + with_tracer["tracer_us"])


def added(base, with_tracer):
    return with_tracer["load_us"] + with_tracer["tracer_us"] - base["load_us"]


def in_turn(turns, rounds):
    """By name: the result of each round; every other round backwards."""
    results = {name: [] for name in turns}
    for number in range(rounds):
        for name, turn in turns.items() if number % 2 == 0 else reversed(turns.items()):
            results[name].append(turn())
    return results


class LiveGoals:
    def __init__(self, tcptwin, pairs, is_quick):
        self.load, self.pairs, self.is_quick = Load(tcptwin), pairs, is_quick

    def _beside_service(self, seconds, *arguments):
        with self.load.service() as service:
            return self.load.measured(seconds, *arguments, pid=service.process.pid)

    def _beside(self, command):
        with attached(command) as process:
            return self.load.measured(CHURN_S, pid=process.pid)

    def churn(self):
        """P1, P2, P3 and P7, of the same runs."""
        others, absent = peers()
        turns = {"base": lambda: self.load.measured(CHURN_S), "tcptwin": lambda: self._beside_service(CHURN_S),
                 **{name: lambda command=command: self._beside(command) for name, command in others.items()}}
        runs = in_turn(turns, self.pairs)
        base, ours = runs["base"], runs["tcptwin"]
        theirs = "; ".join(f"{name} {statistics.median(map(kept, base, runs[name])):.3f}, "
                           f"+{statistics.median(map(added, base, runs[name])):.1f} us" for name in others)
        lacking = "".join(f"; not compared: {name}, {why}" for name, why in absent.items())
        rows = {
            "P1": {"values": list(map(kept, base, ours)),
                   "note": f"base {statistics.median(run['connections'] / run['seconds'] for run in base):.0f} "
                           f"connections/s, {statistics.median(run['load_us'] for run in base):.1f} us each; "
                           f"tcptwin +{statistics.median(map(added, base, ours)):.2f} us; {theirs}{lacking}"},
            "P3": {"values": [run["tracer_us"] for run in ours], "note": ""},
            "P7": {"values": [one["connect_p99_us"] / other["connect_p99_us"] for one, other in zip(ours, base)],
                   "note": ""},
        }
        if "tcpstates" in runs:
            rows["P2"] = {"values": [added(*pair[:2]) / added(pair[0], pair[2])
                                     for pair in zip(base, ours, runs["tcpstates"])], "note": ""}
        return rows

    def paced(self):
        """P4: a quiet server, and none at all."""
        busy, idle = [], []
        for _ in range(self.pairs):
            with self.load.service() as service:
                pid = service.process.pid
                before, begin = processor_us(pid), time.monotonic()
                time.sleep(PACED_S)
                idle.append((processor_us(pid) - before) / (time.monotonic() - begin) / 1e4)
                busy.append(self.load.measured(PACED_S, "--rate", 1000, pid=pid)["tracer_us"])
        return {"P4": {"values": busy, "note": ""},
                "P4 idle": {"values": idle, "note": "other connections of the machine count as well"}}

    def program_cost(self):
        """P5, by the kernel's own statistics."""
        with open(STATISTICS, encoding="ascii") as file:
            before = file.read()
        values, side = [], []
        try:
            with open(STATISTICS, "w", encoding="ascii") as file:
                file.write("1")
            for _ in range(self.pairs):
                with self.load.service() as service, attached([self.load.truth, "--empty"]) as empty:
                    self.load.measured(CHURN_S)
                    cost = costs_of_programs(service.process.pid, empty.pid)
                values.append(cost["state_changes"] - cost["bench_empty"])
                side.append(cost["state_changes_nested"] - cost["bench_empty"])
        finally:
            with open(STATISTICS, "w", encoding="ascii") as file:
                file.write(before)
        return {"P5": {"values": values, "note": "the side program, which waits for what the first is refused, "
                                                 f"takes {statistics.median(side):.0f} ns on top"}}

    def latency(self):
        """P6."""
        runs = in_turn({"base": lambda: self.load.measured(PACED_S, "--rate", 10000),
                        "tcptwin": lambda: self._beside_service(PACED_S, "--rate", 10000)}, self.pairs)
        return {"P6": {"values": [one["connect_p50_us"] / other["connect_p50_us"]
                                  for one, other in zip(runs["tcptwin"], runs["base"])],
                       "note": f"base {statistics.median(run['connect_p50_us'] for run in runs['base']):.1f} us"}}

    def _lost(self, seconds, *arguments):
        """State changes that the counter saw and the service did not, or records that it says it lost, whichever is
        more; how many changes there were."""
        with self.load.place() as namespace, \
                self.load.service("-N", namespace.name, "--table", str(TABLE)) as service:
            with self.load.counting(namespace) as count:
                self.load.run_in(namespace, seconds, *arguments)
                time.sleep(DRAIN_S)
            wait_until(lambda: is_drained(service.metrics()), "all records are read")
            metrics = service.metrics()
        difference = abs(count["changes"] - seen_changes(metrics))
        return max(difference, total(metrics, "tcptwin_events_lost_total")), count["changes"]

    def losses(self):
        """P8."""
        rows = {}
        for key, seconds, arguments in (("P8", QUICK_LONG_S if self.is_quick else LONG_S, ()),
                                        ("P8 15k", 1, burst(15_000)), ("P8 100k", 1, burst(100_000))):
            lost, changes = self._lost(seconds, *arguments)
            rows[key] = {"values": [lost], "note": f"of {changes} state changes"
                         + (f" in {seconds} s" if key == "P8" else "")}
        return rows

    def stopped(self):
        """P9: the service does not run for a while, and its ring is much too small."""
        unreported, heal, lost = [], [], []
        for _ in range(self.pairs):
            with self.load.place() as namespace, \
                    self.load.service("-N", namespace.name, "--buffer-size", "64K",
                                      "--keep-rights", "namespaces") as service:
                runs_before = service.value("tcptwin_reconcile_runs_total")
                with self.load.counting(namespace) as count:
                    service.process.send_signal(signal.SIGSTOP)
                    try:
                        self.load.run_in(namespace, STOPPED_S)
                    finally:
                        service.process.send_signal(signal.SIGCONT)
                    begin = time.monotonic()
                    wait_until(lambda: service.value("tcptwin_reconcile_runs_total") > runs_before, "it compares")
                    heal.append(time.monotonic() - begin)
                    check(service.value("tcptwin_reconcile_complete") == 1, "the comparison saw everything")
                wait_until(lambda: is_drained(service.metrics()), "all records are read")
                metrics = service.metrics()
            reported = total(metrics, "tcptwin_events_lost_total", stage="ring_buffer")
            lost.append(reported)
            missing = max(0, count["changes"] - seen_changes(metrics) - reported)
            balance = (total(metrics, "tcptwin_records_emitted_total") - reported
                       - total(metrics, "tcptwin_records_received_total"))
            unreported.append(missing + abs(balance))
        return {"P9": {"values": unreported, "note": "emitted less received less reported, and state changes that are "
                                                     f"neither seen nor reported; {statistics.median(lost):.0f} "
                                                     "records lost on purpose"},
                "P9 heal": {"values": heal, "note": "from SIGCONT to the end of the comparison"}}

    def start_up(self):
        """P15."""
        return {"P15": {"values": [self._start_ms() for _ in range(max(self.pairs, 5))],
                        "note": "trace, from exec to its message"}}

    def _start_ms(self):
        begin = time.monotonic()
        with running([self.load.tcptwin, "trace", "--reconcile", "0"], stdout=subprocess.DEVNULL,
                     stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if "programs attached" in line:
                    taken = (time.monotonic() - begin) * 1000
                    process.send_signal(signal.SIGINT)
                    process.stderr.read()
                    return taken
        raise AssertionError("trace never said that its programs are attached")

    def _terminal(self):
        with tempfile.TemporaryFile("w+") as messages:
            with attached([self.load.tcptwin, "trace"], stderr=messages) as process:
                result = self.load.measured(CHURN_S, pid=process.pid)
            messages.seek(0)
            found = re.search(r"= (\d+) received \+ (\d+) lost", messages.read())
        check(found is not None, "trace told how many records it lost")
        return {**result, "lost": int(found.group(2))}

    def terminal(self):
        """P16."""
        runs = in_turn({"base": lambda: self.load.measured(CHURN_S), "trace": self._terminal}, self.pairs)
        per_connection = statistics.median(run["tracer_us"] for run in runs["trace"])
        return {"P16": {"values": list(map(kept, runs["base"], runs["trace"])),
                        "note": f"{per_connection:.1f} us a connection, into /dev/null"},
                "P16 lost": {"values": [run["lost"] for run in runs["trace"]], "note": "by its own summary"}}

    def all(self):
        """By the goals that each measures."""
        return {("P1", "P2", "P3", "P7"): self.churn, ("P4",): self.paced, ("P5",): self.program_cost,
                ("P6",): self.latency, ("P8",): self.losses, ("P9",): self.stopped, ("P15",): self.start_up,
                ("P16",): self.terminal}


def burst(connections):
    """Options of the load: so many processes of each side as the limit of descriptors makes it, with room for chance."""
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1 << 20)
    processes = max(2, -(-connections * 5 // (files * 4)) + 1)
    return ("--burst", connections, "--clients", processes, "--servers", processes)


def costs_of_programs(*pids):
    """By name: nanoseconds a run, of the programs that these processes hold."""
    ids = set().union(*map(program_ids, pids))
    listed = json.loads(subprocess.run(["bpftool", "prog", "list", "--json"], check=True,
                                       capture_output=True).stdout)
    return {program["name"]: program["run_time_ns"] / program["run_cnt"] for program in listed
            if program["id"] in ids and program.get("run_cnt")}


def seen_changes(metrics):
    """Those that the kernel's tracepoint shows: the steps that only minisockets take are not among them."""
    seen = total(metrics, "tcptwin_transitions_total") - total(metrics, "tcptwin_transitions_total", to="new_syn_recv")
    seen -= sum(total(metrics, "tcptwin_transitions_total", **{"from": state}) for state in MINISOCKETS_ONLY)
    seen -= total(metrics, "tcptwin_transitions_total", cause="orphan_fin_wait2_handover")  # its minisocket leaves FIN_WAIT2
    return int(seen + total(metrics, "tcptwin_transitions_total", **{"from": "new_syn_recv", "to": "syn_recv"}))


def is_drained(metrics):
    return total(metrics, "tcptwin_records_emitted_total") == \
        total(metrics, "tcptwin_records_received_total") + \
        total(metrics, "tcptwin_events_lost_total", stage="ring_buffer")
