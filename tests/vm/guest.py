# SPDX-License-Identifier: MIT
"""Boots one kernel in an emulator and reads what the guest tells over its second serial port, for
tests/vm/kernels.py. The first serial port is the kernel's console; it goes into a file."""
import dataclasses
import re
import subprocess
import threading
import time

# Whoever calls may be killed: the emulator goes with it.
EMULATOR = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"]
# Without KVM. The guest's clock counts its instructions, two nanoseconds each, and jumps to the next
# timer when there is nothing to do: no minute is waited for, and a busy host cannot make the guest's
# kernel stand still in the middle of a function. That wants one thread and one processor. No
# cmpxchg16b: with it, 6.12 was seen to panic. No erms: the emulator moves single bytes for it.
MACHINE = ["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-rtc", "clock=vm",
           "-cpu", "max,-cx16,-erms,-fsrm", "-smp", "1", "-m", "1024"]
# -nodefaults: no network card; nothing of the guest can reach the outside.
BARE = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off audit=0 apparmor=0 selinux=0"

RESULT = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] ([\w/]+\.[\w/]+)(?:, where .*)? \((\d+) ms\)")
RUNNING = re.compile(r"\[ RUN +\] (\S+)")


@dataclasses.dataclass
class Group:
    """A command that runs in a guest."""
    name: str
    command: str


@dataclasses.dataclass
class Test:
    name: str
    outcome: str  # passed, failed, skipped
    milliseconds: int
    text: list = dataclasses.field(default_factory=list)  # what it printed


@dataclasses.dataclass
class Account:
    """What became of one guest."""
    release: str = ""
    tests: list = dataclasses.field(default_factory=list)
    exits: dict = dataclasses.field(default_factory=dict)  # of each group
    texts: dict = dataclasses.field(default_factory=dict)  # of groups that are no GoogleTest program
    remarks: list = dataclasses.field(default_factory=list)
    strays: list = dataclasses.field(default_factory=list)  # what the emulator itself said
    finished: bool = False
    seconds: float = 0.0

    def having(self, outcome):
        return [test for test in self.tests if test.outcome == outcome]

    def is_right(self):
        return (self.finished and not self.remarks and not self.having("failed") and
                all(code == 0 for code in self.exits.values()))


class Reader:
    """Makes an account of the lines that a guest tells."""

    def __init__(self, account, on_test):
        self.account = account
        self.on_test = on_test
        self.running = {}  # group: (test, what it printed)

    def line(self, line):
        if line.startswith("@ "):
            self.statement(line[2:].split())
            return
        group, separator, text = line.partition("| ")
        if separator and group in self.account.exits:
            self.output(group, text)
        elif line:
            self.account.strays.append(line)

    def statement(self, words):
        account = self.account
        if words[0] == "kernel":
            account.release = words[1]
        elif words[0] == "begin":
            account.exits[words[1]] = None
        elif words[0] == "end":
            account.exits[words[1]] = int(words[2])
            self.gone(words[1])
        elif words[0] == "done":
            account.finished = True
        else:
            account.remarks.append(" ".join(words))

    def output(self, group, text):
        self.account.texts.setdefault(group, []).append(text)
        begins = RUNNING.match(text)
        ends = RESULT.match(text)
        if begins:
            self.running[group] = (begins.group(1), [])
        elif ends and group in self.running:
            outcome = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[ends.group(1)]
            self.add(Test(ends.group(2), outcome, int(ends.group(3)), self.running.pop(group)[1]))
        elif group in self.running:
            self.running[group][1].append(text)

    def gone(self, group):
        """A test that began and never ended."""
        if group in self.running:
            name, text = self.running.pop(group)
            self.add(Test(name, "failed", 0, text + ["(it never ended)"]))

    def add(self, test):
        self.account.tests.append(test)
        self.on_test(test)

    def end(self):
        for group in list(self.running):
            self.gone(group)


def boot(image, initramfs, log, seconds, on_test):
    """Runs a guest to its end, at most so long; `log` is a path to which names are added."""
    account = Account()
    reader = Reader(account, on_test)
    began = time.monotonic()
    command = [*EMULATOR, *MACHINE, *BARE, "-kernel", str(image), "-initrd", str(initramfs),
               "-append", COMMAND_LINE, "-serial", f"file:{log}.console", "-serial", "stdio"]
    with open(f"{log}.results", "w", encoding="utf-8", buffering=1) as record, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT) as emulator:
        deadline = threading.Timer(seconds, emulator.kill)
        deadline.start()
        for raw in emulator.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            record.write(f"{time.monotonic() - began:8.1f} {line}\n")
            reader.line(line)
        emulator.wait()
        deadline.cancel()
    reader.end()
    account.seconds = time.monotonic() - began
    if not account.finished:
        account.remarks.append(why_it_ended(account, f"{log}.console", seconds))
    return account


def why_it_ended(account, console, limit):
    if account.seconds >= limit:
        return f"the guest was not done after {limit} s"
    if not account.release and account.strays:
        return "the emulator did not start: " + " / ".join(account.strays[-4:])
    with open(console, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip() for line in file if line.strip()]
    for number, line in enumerate(lines):
        if "Kernel panic" in line or "BUG:" in line or "Oops" in line:
            return "the kernel gave up: " + " / ".join(lines[number:number + 4])
    return "the guest ended early; its console's last lines: " + " / ".join(lines[-4:])
