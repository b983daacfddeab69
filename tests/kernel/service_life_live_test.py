#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""service_life_live_test.py SUPPORT TCPTWIN [TEST...]: the life of `tcptwin serve` on the running
kernel: what it tells systemd and the journal, what it can do without rights, what signals make it
do. Exits with 77 where the running kernel does not allow it."""
import contextlib
import json
import os
import signal
import socket
import stat
import sys
import tempfile
import threading

sys.path.insert(0, sys.argv[1])
import socket_states as states  # noqa: E402
from live_program import Namespace, cannot_trace, check, skip, wait_until  # noqa: E402
from service import Service, UnixConnection, total  # noqa: E402

TCPTWIN = sys.argv[2]


class Datagrams:
    """A unix socket at `path` and all that comes to it."""

    def __init__(self, path):
        self.received = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(0.1)
        self._ends = False

    def __enter__(self):
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *unused):
        self._ends = True
        self._reader.join()
        self._socket.close()

    def _read(self):
        while not self._ends:
            with contextlib.suppress(socket.timeout):
                self.received.append(self._socket.recv(1 << 16))

    def wait_for(self, holds, what, count=1):
        """At least `count` of those that fulfil `holds`."""
        def found():
            return [one for one in list(self.received) if holds(one)]
        try:
            wait_until(lambda: len(found()) >= count, what)
        except AssertionError as unmet:
            raise AssertionError(f"{what}; it got {self.received[-20:]}") from unmet
        return found()


def journal_fields(datagram):
    """Of one entry of journald's protocol."""
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            name, size = line, int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:8 + size], datagram[9 + size:]
        fields[name.decode()] = value.decode()
    return fields


def close_wait(count):
    """In the namespace: so many connections that a process does not close; their ends."""
    server = states.listener("ipv4", backlog=256)
    keeps = [server]
    for _ in range(count):
        keeps += states.half_closed(server, "ipv4")
    return keeps


def systemd_is_told(namespace):
    with tempfile.TemporaryDirectory() as folder, Datagrams(f"{folder}/notify") as manager:
        with Service(TCPTWIN, "-N", namespace.name, environment=lambda _: {
                "NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "300000"}) as service:
            ready = manager.wait_for(lambda told: told.startswith(b"READY=1"), "it is ready")[0]
            check(b"\nSTATUS=" in ready and b"divergences" in ready, ready)
            manager.wait_for(lambda told: told == b"WATCHDOG=1", "it is alive", count=5)
            os.kill(service.process.pid, signal.SIGSTOP)
            os.kill(service.process.pid, signal.SIGCONT)
            check(service.end() == 0, service.messages())
            manager.wait_for(lambda told: told.startswith(b"STOPPING=1"), "it ends")


def status_of(pid, task):
    with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def all_works_without_rights(namespace):
    """No thread has a capability, and events, censuses and the numbers of programs go on."""
    with Service(TCPTWIN, "-N", namespace.name, "--reconcile", "100ms",
                 prefix=namespace.inside([])) as service, \
            contextlib.closing(UnixConnection(service.path)) as idle:
        service.wait_for_message("not possible from now on: attaching again")
        idle.connect()
        tasks = f"/proc/{service.process.pid}/task"
        wait_until(lambda: len(os.listdir(tasks)) >= 3, "the server's threads are there")
        for task in os.listdir(tasks):
            status = status_of(service.process.pid, task)
            for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"):
                check(int(status[kind], 16) == 0, f"{kind} of a thread is {status[kind]}")
            check(status["NoNewPrivs"] == "1", "no_new_privs")
        before = service.metrics()
        keeps = namespace.make(lambda: close_wait(3))
        after = service.wait_for(
            lambda found: total(found, "tcptwin_sockets", state="close_wait") == 3
            and total(found, "tcptwin_reconcile_runs_total")
            > total(before, "tcptwin_reconcile_runs_total") + 3, "events and censuses go on")
        check(total(after, "tcptwin_reconcile_sockets") >= 7, "censuses see the sockets")
        check(total(after, "tcptwin_reconcile_differences_total") == 0, "and agree")
        for end in keeps:
            end.close()


def rights_that_are_kept_reach_other_namespaces(namespace):
    """With --keep-rights namespaces, a census lists a namespace that is not its own."""
    keeps = namespace.make(lambda: close_wait(1))
    with Service(TCPTWIN, "--keep-rights", "namespaces", "--reconcile", "200ms") as service:
        status = status_of(service.process.pid, service.process.pid)
        check(int(status["CapEff"], 16) == 1 << 21 | 1 << 19, status["CapEff"])
        before = service.metrics()
        after = service.wait_for(
            lambda found: total(found, "tcptwin_reconcile_runs_total")
            > total(before, "tcptwin_reconcile_runs_total") + 1, "censuses go on")
        check(total(after, "tcptwin_reconcile_namespaces", result="listed") >= 2, "in both")
    for end in keeps:
        end.close()


def sigusr1_writes_the_table(namespace):
    keeps = namespace.make(lambda: close_wait(4))
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/sockets.jsonl"
        with Service(TCPTWIN, "-N", namespace.name,
                     environment=lambda _: {"STATE_DIRECTORY": folder}) as service:
            service.process.send_signal(signal.SIGUSR1)
            service.wait_for_message(f"wrote the table of connections to {path}")
            check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "its owner alone may read it")
            with open(path, encoding="utf-8") as file:
                rows = [json.loads(line) for line in file]
            check(all(row["type"] == "socket" for row in rows), rows[:3])
            counted = [row["state"] for row in rows]
            check(counted.count("close_wait") == 4 == counted.count("fin_wait2"), counted)
            check(os.listdir(folder) == ["sockets.jsonl"], "nothing else is left")
        with Service(TCPTWIN, "-N", namespace.name, "--dump-file",
                     "/nowhere/table") as service:
            service.process.send_signal(signal.SIGUSR1)
            service.wait_for_message("cannot write /nowhere/table")
        with Service(TCPTWIN, "-N", namespace.name) as service:
            service.process.send_signal(signal.SIGUSR1)
            service.wait_for_message("name one with --dump-file")
    for end in keeps:
        end.close()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def sighup_takes_a_good_configuration_and_refuses_a_bad_one(namespace):
    """A threshold that is lowered while it runs finds what was not stuck before."""
    keeps = namespace.make(lambda: close_wait(2))
    good = "tcptwin_config_last_reload_successful"
    with tempfile.TemporaryDirectory() as folder:
        config = f"{folder}/tcptwin.yaml"
        write(config, "close-wait: 1h\n")
        with Service(TCPTWIN, "-N", namespace.name, "--config", config,
                     prefix=namespace.inside([])) as service:
            began = service.metrics()
            check(total(began, good) == 1, "what it began with was good")
            write(config, "close-wait: 500ms\nclose-wiat: 1s\n")
            service.process.send_signal(signal.SIGHUP)
            service.wait_for_message("the former one holds")
            check(f"{config}:2: unknown key 'close-wiat'; did you mean close-wait?"
                  in service.messages(), service.messages())
            bad = service.wait_for(lambda found: total(found, good) == 0, "the metric says so")
            read_at = "tcptwin_config_last_reload_success_timestamp_seconds"
            check(bad[read_at] == began[read_at], "the good one was read at the start")
            write(config, "close-wait: 500ms\ntier: t0\n")
            service.process.send_signal(signal.SIGHUP)
            service.wait_for_message("this takes a restart to change: tier")
            after = service.wait_for(
                lambda found: total(found, good) == 1
                and total(found, "tcptwin_stuck_sockets", state="close_wait") == 2,
                "the new threshold holds")
            check(after[read_at] > began[read_at], "the time of the good one moves on")
            service.wait_for_message("stuck[close_wait", count=2)
    for end in keeps:
        end.close()


@contextlib.contextmanager
def journal(folder):
    """Where journald would listen, seen by a program that begins with the given words."""
    place = "/run/systemd/journal"
    made = [path for path in (os.path.dirname(place), place) if not os.path.isdir(path)]
    for path in made:
        os.mkdir(path)
    try:
        with Datagrams(f"{folder}/socket") as entries:
            yield entries, ["unshare", "-m", "sh", "-c",
                            f'mount --bind {folder} {place} && exec "$@"', "sh"]
    finally:
        for path in reversed(made):
            os.rmdir(path)


def stream_of(descriptor):
    """As systemd tells a program which file its journal is."""
    file = os.fstat(descriptor)
    return {"JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"}


def the_journal_gets_lines_with_fields(namespace):
    """Stuck connections under their MESSAGE_ID; beyond ten of a kind they are counted."""
    with tempfile.TemporaryDirectory() as folder, journal(folder) as (entries, prefix):
        with Service(TCPTWIN, "-N", namespace.path, "--close-wait", "500ms",
                     prefix=[*prefix, *namespace.inside([])],
                     environment=stream_of, is_heard=False) as service:
            def of(event):
                return lambda entry: journal_fields(entry).get("TCPTWIN_EVENT") == event
            ready = journal_fields(entries.wait_for(of("ready"), "it is ready")[0])
            check(ready["MESSAGE_ID"] == "65f494e12b9a44d4acfd37ea9c58ee42", ready)
            keeps = namespace.make(lambda: close_wait(13))
            stuck = entries.wait_for(of("stuck"), "the first ten are said", count=10)
            first = journal_fields(stuck[0])
            check(first["MESSAGE_ID"] == "05059ab4e7634c4c848df5bd3bdd27cd", first)
            check(first["PRIORITY"] == "5" and first["TCPTWIN_KIND"].startswith("close_wait"), first)
            check(first["TCPTWIN_COMM"] and first["TCPTWIN_LOCAL"].startswith("127.0.0.1:"), first)
            service.wait_for(lambda found: total(found, "tcptwin_stuck_sockets",
                                                 state="close_wait") == 13, "all have been found")
            check(service.end() == 0, "it ends well")
            held = journal_fields(entries.wait_for(of("held_back"), "the rest is counted")[0])
            check(int(held["TCPTWIN_HELD_BACK"]) >= 3, held)
            check(held["TCPTWIN_HELD_BACK_EVENT"] == "stuck", held)
            check(len(entries.wait_for(of("stuck"), "")) == 10, "ten and no more")
            ended = journal_fields(entries.wait_for(of("ended"), "its last line")[0])
            check("0 divergences" in ended["MESSAGE"], ended)
    for end in keeps:
        end.close()


TESTS = (systemd_is_told, all_works_without_rights, rights_that_are_kept_reach_other_namespaces,
         sigusr1_writes_the_table, sighup_takes_a_good_configuration_and_refuses_a_bad_one,
         the_journal_gets_lines_with_fields)


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    for test in TESTS:
        if sys.argv[3:] and test.__name__ not in sys.argv[3:]:
            continue
        with Namespace("tcptwin-life") as namespace:
            test(namespace)
        print(f"{test.__name__}: ok", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
