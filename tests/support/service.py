# SPDX-License-Identifier: MIT
"""A running `tcptwin serve` and what it shows on its unix socket. For the live tests of the service."""
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading

from live_program import PATIENCE_S, check, wait_until


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout=PATIENCE_S):
        super().__init__("tcptwin", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def parsed(text):
    """Value by series, as `name{label="value"}`."""
    series = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            check(name not in series, f"twice: {name}")
            series[name] = float(value)
    return series


class Service:
    """`tcptwin serve` with a unix socket beside the addresses it is given; ready when entered, if it can
    be heard. `environment` gets the descriptor of its stderr and gives variables."""

    def __init__(self, tcptwin, *arguments, environment=None, prefix=(), is_heard=True):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.path = os.path.join(self.folder, "http")
        self.command = [*prefix, tcptwin, "serve", "--listen", f"unix:{self.path}", *arguments]
        self._is_heard = is_heard  # False: what it says goes elsewhere
        self._environment = environment
        self._errors = []

    def __enter__(self):
        reading, writing = os.pipe()
        environment = {**os.environ, **self._environment(writing)} if self._environment else None
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=writing,
                                        env=environment)
        os.close(writing)
        self._stderr = os.fdopen(reading, encoding="utf-8", errors="replace")
        self._reader = threading.Thread(target=self._read_errors)
        self._reader.start()
        try:
            if self._is_heard:
                self.wait_for_message("serves /metrics")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self._stderr.close()
        self._folder.cleanup()

    def _read_errors(self):
        self._errors.extend(self._stderr)

    def messages(self):
        """What it wrote to stderr so far."""
        return "".join(self._errors)

    def wait_for_message(self, text, count=1):
        def said():
            check(self.process.poll() is None or self.messages().count(text) >= count,
                  f"it ended; it said:\n{self.messages()}")
            return self.messages().count(text) >= count
        wait_until(said, f"it says '{text}'; it said:\n{self.messages()}")

    def get(self, path="/metrics", headers=None):
        """Status, headers and body."""
        with contextlib.closing(UnixConnection(self.path)) as connection:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def metrics(self):
        status, _, body = self.get()
        check(status == 200, f"/metrics answered {status}")
        return parsed(body.decode())

    def value(self, name, **labels):
        """The sum of all series of this name with these labels."""
        return total(self.metrics(), name, **labels)

    def wait_for(self, holds, what):
        """Until the metrics fulfil `holds`; those metrics."""
        kept = {}

        def met():
            kept["metrics"] = self.metrics()
            return holds(kept["metrics"])
        wait_until(met, what)
        return kept["metrics"]

    def end(self, number=signal.SIGTERM, patience=PATIENCE_S):
        """Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=patience)


def total(metrics, name, **labels):
    """The sum of all series of this name with these labels."""
    found = 0.0
    for series, value in metrics.items():
        if series.split("{", 1)[0] != name:
            continue
        has = dict(re.findall(r'([a-z_]+)="([^"]*)"', series))
        if all(has.get(key) == wanted for key, wanted in labels.items()):
            found += value
    return found
