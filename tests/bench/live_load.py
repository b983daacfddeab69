# SPDX-License-Identifier: MIT
"""Load in a network namespace of its own, and tracers beside it: ours and those of others that are found here. For
live_goals.py."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from live_program import Namespace, check, wait_until  # noqa: E402
from service import Service  # noqa: E402

SETTINGS = ("net.ipv4.tcp_max_tw_buckets=4000000", "net.ipv4.ip_local_port_range=1024 19000")
SETTLE_S = 1.0  # after a tracer is attached
DRAIN_S = 0.2  # twice the longest time between two looks into the ring
FEW_TIME_WAITS = 3000
PATIENCE_S = 180

BPFTRACE = """tracepoint:sock:inet_sock_set_state /args->protocol == 6/ {
  $now = nsecs; $before = @last[args->skaddr];
  printf("%p %d %s %d %d %d %d %d\\n", args->skaddr, pid, comm, args->sport, args->dport, args->oldstate,
         args->newstate, $before ? ($now - $before) / 1000 : 0);
  if (args->newstate == 7) { delete(@last[args->skaddr]); } else { @last[args->skaddr] = $now; }
}"""


# A mount namespace of its own with the list of tracepoints, which the tracers of others read.
WITH_TRACEFS = ["unshare", "--mount", "sh", "-c", "mount -t debugfs debugfs /sys/kernel/debug; "
                "mount -t tracefs tracefs /sys/kernel/tracing; exec \"$@\"", "sh"]


def peers():
    """By name: the command of each tracer of others that works here, and by name: why another does not."""
    usable, absent = {}, {}
    for name, command in found_peers().items():
        if command is None:
            absent[name] = "not installed"
            continue
        try:
            with attached(command):
                usable[name] = command
        except AssertionError as problem:
            absent[name] = str(problem)
    return usable, absent


def found_peers():
    def found(names, *arguments):
        for name in names:
            path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
            if path:
                return [*(WITH_TRACEFS if not os.listdir("/sys/kernel/tracing") else []), path, *arguments]
        return None
    return {"tcpstates": found(("tcpstates", "bpf-tcpstates")), "tcplife": found(("tcplife", "bpf-tcplife")),
            "bpftrace": found(("bpftrace",), "-e", BPFTRACE)}


def processor_us(pid):
    """Of all threads that there are now."""
    spent = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            spent += int(file.read().split()[0])
    return spent / 1000


def time_waits():
    """In all namespaces."""
    with open("/proc/slabinfo", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("tw_sock_TCP "))


def program_ids(pid):
    """Of the BPF programs that the process holds."""
    ids = set()
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(f"/proc/{pid}/fdinfo"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as file:
                    fields = dict(line.split(":", 1) for line in file if ":" in line)
                    if "prog_type" in fields:
                        ids.add(int(fields["prog_id"]))
    return ids


@contextlib.contextmanager
def running(command, **options):
    """A program until the block ends; then Ctrl-C, and only if that does not help, more."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def attached(command, **options):
    """A tracer of others, watching; its Popen. What it prints is thrown away."""
    name = command[len(WITH_TRACEFS)] if command[:len(WITH_TRACEFS)] == WITH_TRACEFS else command[0]
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
    with running(command, **options) as process:
        wait_until(lambda: program_ids(process.pid) or process.poll() is not None, f"{name} is attached")
        time.sleep(SETTLE_S)
        check(process.poll() is None, f"{name} ended with {process.poll()}: cannot attach here")
        yield process


class Load:
    """The two programs of the bench's own, from the build that `tcptwin` is of."""

    def __init__(self, tcptwin):
        self.tcptwin = os.path.abspath(tcptwin)
        folder = os.path.join(os.path.dirname(os.path.dirname(self.tcptwin)), "tests/bench/load")
        self._load = os.path.join(folder, "tcptwin_bench_load")
        self.truth = os.path.join(folder, "tcptwin_bench_truth")
        for program in (self._load, self.truth):
            check(os.access(program, os.X_OK),
                  f"there is no {program}: build the target bench_load with -DTCPTWIN_BUILD_BENCH=ON")

    @contextlib.contextmanager
    def place(self):
        """A namespace for one run: what it leaves behind in TIME_WAIT ends with it."""
        with Namespace("bench") as namespace:
            for setting in SETTINGS:
                check(namespace.run(["sysctl", "-q", "-w", setting]).returncode == 0, f"sysctl {setting}")
            yield namespace
        with contextlib.suppress(AssertionError):  # others may have many
            wait_until(lambda: time_waits() < FEW_TIME_WAITS, "the namespace's TIME_WAIT sockets are gone")

    def run_in(self, namespace, seconds, *arguments):
        told = namespace.run([self._load, "--duration", str(seconds), *map(str, arguments)],
                             patience=seconds + PATIENCE_S)
        check(told.returncode == 0, f"the load failed: {told.stderr}")
        result = json.loads(told.stdout.splitlines()[-1])
        check(result["failures"] <= result["connections"] / 1000, f"too much failed: {result}")
        result["load_us"] = result["load_cpu_s"] * 1e6 / result["connections"]
        return result

    def start_in(self, namespace, seconds):
        return namespace.start([self._load, "--duration", str(seconds)], stdout=subprocess.DEVNULL)

    def measured(self, seconds, *arguments, pid=None):
        """A run beside the tracer with this pid: with `tracer_us`, its processor time for each connection."""
        with self.place() as namespace:
            before = processor_us(pid) if pid else 0
            result = self.run_in(namespace, seconds, *arguments)
            if pid:
                time.sleep(DRAIN_S)
            spent = processor_us(pid) - before if pid else 0
        return {**result, "tracer_us": spent / result["connections"]}

    @contextlib.contextmanager
    def service(self, *arguments):
        with Service(self.tcptwin, *arguments) as service:
            wait_until(lambda: service.value("tcptwin_reconcile_runs_total") > 0, "its first census")
            time.sleep(SETTLE_S)
            yield service
            service.end()

    @contextlib.contextmanager
    def counting(self, namespace):
        """A dictionary that has `changes` when the block has ended."""
        count = {}
        process = subprocess.Popen([self.truth, "--netns", namespace.path], stdout=subprocess.PIPE, text=True)
        try:
            check("attached" in process.stdout.readline(), "the truth counter is attached")
            yield count
            process.send_signal(signal.SIGINT)
            count.update(json.loads(process.communicate(timeout=30)[0]))
            check(count["refused"] == 0, f"the kernel refused the truth counter {count['refused']} runs")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
