# SPDX-License-Identifier: MIT
"""A network namespace of a test's own, the programs in it, and a `tcptwin ... --json` that watches
it: each line is awaited, never slept for. For the Python tests on the running kernel."""
import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import threading
import time

PATIENCE_S = 30.0
SKIPPED = 77


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(holds, what, patience=PATIENCE_S):
    """What `holds` returns, once it is true: for a condition of the host, where nothing tells."""
    end = time.monotonic() + patience
    while True:
        result = holds()
        if result:
            return result
        check(time.monotonic() < end, f"not within {patience} s: {what}")
        time.sleep(0.01)


def must_not_skip():
    return os.environ.get("TCPTWIN_REQUIRE_KERNEL_TESTS") == "1"


def skip(why):
    """The exit code of a test that lacks `why`: skipped, or failed where that is not allowed."""
    print(why, flush=True)
    return 1 if must_not_skip() else SKIPPED


def cannot_trace(tcptwin):
    """Why nothing can be traced here; None if it can."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    doctor = subprocess.run([tcptwin, "doctor"], capture_output=True, text=True, timeout=60,
                            check=False)
    if doctor.returncode == SKIPPED:
        return "tcptwin cannot trace here (tcptwin doctor says why)"
    return None


class Namespace:
    """A network namespace with loopback up. At its end, what `start` began in it is told to end, the
    last first, and what is then still in it is killed."""

    def __init__(self, name):
        self.name = f"{name}-{os.getpid()}"
        self.path = f"/run/netns/{self.name}"
        self.started = []

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        try:
            subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        except BaseException:
            self._delete()
            raise
        return self

    def __exit__(self, *unused):
        for process in reversed(self.started):
            self._end(process)
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
        self._delete()

    @staticmethod
    def _end(process):
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _pids(self):
        """Those that a started program left behind; never the test's own."""
        listed = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True,
                                check=True).stdout.split()
        return [int(pid) for pid in listed if int(pid) != os.getpid()]

    def _delete(self):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def inside(self, command):
        """The same command in the namespace; `nsenter` becomes it, so the pid is the program's."""
        return ["nsenter", f"--net={self.path}", "--", *command]

    def start(self, command, **options):
        """A program in the namespace that goes on running; a Popen."""
        process = subprocess.Popen(self.inside(command), **options)
        self.started.append(process)
        return process

    def run(self, command, patience=PATIENCE_S, **options):
        """A program in the namespace, run to its end; a CompletedProcess with text."""
        return subprocess.run(self.inside(command), capture_output=True, text=True,
                              timeout=patience, check=False, **options)

    def make(self, make):
        """What `make` gives, made in the namespace: a socket stays in the one it was made in."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        away = os.open(self.path, os.O_RDONLY)
        try:
            _enter(away)
            return make()
        finally:
            _enter(home)
            os.close(home)
            os.close(away)

    def inode(self):
        """The number by which tcptwin's lines name it."""
        return os.stat(self.path).st_ino


def _enter(descriptor):
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "setns")


RUNS = 1 if os.environ.get("TCPTWIN_NOTHING_IS_HIDDEN") else 3


def play(scene, name):
    """Runs a test. A host's policy may hide events from BPF at random (docs/loss.md, the third door),
    so that an expected line never comes: what fails is said, and played again from its beginning.
    Whatever is wrong in tcptwin itself fails each time."""
    for run in range(1, RUNS + 1):
        try:
            scene()
            print(f"ok {name}", flush=True)
            return
        except AssertionError as failure:
            print(f"{name}, run {run} of {RUNS}: {failure}", flush=True)
            if run == RUNS:
                raise


def play_each(tests, wanted, prefix):
    """Plays each test, or the wanted ones by name, in a network namespace of its own. What the tests
    gave: why one could not do all that it should."""
    gave = []
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue

        def scene(test=test):
            with Namespace(prefix) as namespace:
                gave.append(test(namespace))
        play(scene, test.__name__)
    return [reason for reason in gave if reason]


@contextlib.contextmanager
def recording(tcptwin, namespace, path, *options):
    """`tcptwin record` of the namespace, from when it is attached until the block ends."""
    with subprocess.Popen([tcptwin, "record", "-N", namespace.name, *options, path],
                          stderr=subprocess.PIPE,
                          text=True) as recorder:
        for line in recorder.stderr:
            if "programs attached" in line:
                break
        try:
            wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "it records")
            yield
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.communicate(timeout=PATIENCE_S)


class Tcptwin:
    """A running `tcptwin` that prints JSON lines: `lines` are those it has printed so far."""

    def __init__(self, tcptwin, *arguments):
        self.command = [tcptwin, *arguments, "--json"]
        self.lines = []
        self._text = []
        self.exit_code = None
        self._arriving = queue.Queue()
        self._errors = []

    def __enter__(self):
        self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._readers = [threading.Thread(target=self._read_lines),
                         threading.Thread(target=self._read_errors)]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *unused):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join()
        self._process.stdout.close()
        self._process.stderr.close()

    def _read_lines(self):
        for line in self._process.stdout:
            self._arriving.put(line)
        self._arriving.put(None)

    def _read_errors(self):
        self._errors.extend(self._process.stderr)

    def messages(self):
        """What it wrote to stderr so far."""
        return "".join(self._errors)

    def _take(self, patience):
        """The next line, parsed; None if none comes, because of the time or of its end."""
        try:
            line = self._arriving.get(timeout=max(patience, 0))
        except queue.Empty:
            return None
        if line is None:
            self._arriving.put(None)  # its end is seen by whoever asks next as well
            return None
        self._text.append(line)
        self.lines.append(json.loads(line))
        return self.lines[-1]

    def output(self):
        """What it printed so far, as it was."""
        return "".join(self._text)

    def wait_for(self, predicate, what, count=1, patience=PATIENCE_S):
        """Until `count` lines, those before the call included, fulfil `predicate`; these lines."""
        end = time.monotonic() + patience
        found = [line for line in self.lines if predicate(line)]
        while len(found) < count:
            line = self._take(end - time.monotonic())
            if line is None:
                raise AssertionError(f"{what}: {len(found)} of {count} lines; {self._told()}")
            if predicate(line):
                found.append(line)
        return found

    def _told(self):
        text = "\n".join(json.dumps(line) for line in self.lines[-40:])
        return (f"exit {self._process.poll()}; its last lines were:\n{text}\n"
                f"and it said:\n{self.messages()}")

    def wait_until_watching(self):
        """Until its first census is done: from then on it misses nothing."""
        return self.wait_for(lambda line: line["type"] == "reconcile", "its first census")[0]

    def wait_for_end(self, patience=PATIENCE_S):
        """Takes what it still prints; its exit code."""
        end = time.monotonic() + patience
        while self._take(end - time.monotonic()) is not None:
            pass
        self.exit_code = self._process.wait(timeout=max(end - time.monotonic(), 0.1))
        for reader in self._readers:
            reader.join()
        return self.exit_code

    def interrupt(self, patience=PATIENCE_S):
        """Ctrl-C: takes what it still prints; its summary line."""
        self._process.send_signal(signal.SIGINT)
        code = self.wait_for_end(patience)
        check(code == 0, f"exit {code} after Ctrl-C; {self._told()}")
        return self.wait_for(lambda line: line["type"] == "summary", "the summary")[-1]
