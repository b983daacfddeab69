# SPDX-License-Identifier: MIT
"""Where real programs play for programs_test.py: a namespace that `tcptwin life` watches, and what
the host tells of their processes."""
import contextlib
import fcntl
import glob
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios

from live_program import Namespace, Tcptwin, check, wait_until
from lives import Lives, Program, expect_clean

HERE = "127.0.0.1"
SEARCHED = ":".join([*sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True),
                     os.environ.get("PATH", ""), "/usr/sbin"])


def path_of(command):
    return shutil.which(command, path=SEARCHED)


class Stage:
    """A namespace, `tcptwin life` watching it, and a folder for the programs' files."""

    def __init__(self, tcptwin):
        self.tcptwin = tcptwin

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = tempfile.mkdtemp(prefix="tcptwin-programs-")
            stack.callback(shutil.rmtree, self.folder)
            os.chmod(self.folder, 0o755)  # servers that drop root read it
            self.space = stack.enter_context(Namespace("tcptwin-programs"))
            self.twin = stack.enter_context(Tcptwin(self.tcptwin, "life", "-N", self.space.name))
            self.lives = Lives(self.twin)
            self.twin.wait_until_watching()
            self.undo = stack.pop_all()  # all that was made so far, and what a test adds
        return self

    def __exit__(self, *failure):
        self.undo.close()

    def file(self, name, content=b""):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def start(self, command, ports=(), **options):
        """A server, once it listens; without ports a client."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = self.space.start(command, cwd=self.folder, **options)
        for port in ports:
            wait_until(lambda: process.poll() is not None or self.listens(port),
                       f"{command[0]} does not listen at {port}")
        check(process.poll() is None or not ports, f"{command[0]} ended: {process.poll()}")
        return process

    def listens(self, port):
        return self.space.run(["ss", "-Htln", f"sport = :{port}"]).stdout

    def states(self, port):
        """The states of the sockets to and from this port, as ss names them."""
        table = self.space.run(["ss", "-Htan", f"( sport = :{port} or dport = :{port} )"]).stdout
        return [row.split()[0] for row in table.splitlines()]

    def wait_for_states(self, port, *wanted):
        try:
            wait_until(lambda: set(wanted) <= set(self.states(port)), f"{wanted}")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; {self.space.run(['ss', '-tanpo']).stdout}") from None

    def wait_until_let_go(self, listener, port):
        """Who accepts a connection and forks has a copy of it until it gets to closing that."""
        table = ["ss", "-Htnp", "state", "established", f"sport = :{port}"]
        wait_until(lambda: f"pid={listener.pid}," not in self.space.run(table).stdout,
                   f"{listener} holds a connection of port {port}")

    def connect(self, port):
        return self.space.make(lambda: socket.create_connection((HERE, port), timeout=30))

    def finish(self, *deviations):
        expect_clean(self.twin.interrupt(), *deviations)


def python(*script_and_arguments):
    return ["/usr/bin/python3", "-c", *map(str, script_and_arguments)]


def this_test():
    with open("/proc/self/comm", encoding="utf-8") as name:
        return Program(name.read().strip(), os.getpid())


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [int(child) for child in children.read().split()]


def stop(pid):
    """Returns when it really stands still."""
    os.kill(pid, signal.SIGSTOP)

    def stands():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"
    wait_until(stands, f"{pid} does not stop")


def unacknowledged(end):
    """Bytes that it sent and the peer's kernel has not acknowledged."""
    return struct.unpack("i", fcntl.ioctl(end, termios.TIOCOUTQ, bytes(4)))[0]
