#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""control_live_test.py SUPPORT TCPTWIN: commands that ask a running service over its control socket
tell what they tell by themselves, the right people are let in, and no client disturbs the service.
Exits with 77 where the running kernel does not allow it."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
from live_program import Tcptwin, cannot_trace, check, play_each, recording, skip, wait_until  # noqa: E402
from service import Service, total  # noqa: E402

TCPTWIN = sys.argv[2]
NOBODY = 65534
GROUP = 61234  # a number needs no entry in /etc/group


class Asked(Service):
    """A service of one namespace with a control socket in a folder that everybody may enter."""

    def __init__(self, namespace, *arguments, group=GROUP):
        super().__init__(TCPTWIN, "-N", namespace.name, "--control-group", str(group),
                         "--keep-rights", "namespaces", *arguments)
        os.chmod(self.folder, 0o755)
        self.control = os.path.join(self.folder, "control")
        self.command += ["--control-socket", self.control]
        # Where the build lies, only its owner may be able to look.
        self.program = os.path.join(self.folder, "tcptwin")
        os.symlink(TCPTWIN, self.program)

    def ask(self, *words, prefix=(), patience=60):
        return subprocess.run([*prefix, self.program, *words, "--service", self.control],
                              capture_output=True, text=True, timeout=patience, check=False,
                              stdin=subprocess.DEVNULL)

    def lines(self, *words, kind):
        got = self.ask(*words, "--json")
        check(got.returncode == 0, f"{words}: exit {got.returncode}: {got.stderr}")
        return [line for line in map(json.loads, got.stdout.splitlines()) if line["type"] == kind]

    def ended(self):
        return self.value("tcptwin_connections_closed_total")


def as_user(*groups):
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}"]
    return [*words, f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"]


class Pairs:
    """A listener in the namespace and connections to it, kept."""

    def __init__(self, namespace, port=8080):
        self.namespace = namespace
        self.port = port
        self.server = namespace.make(lambda: socket.create_server(("127.0.0.1", port)))
        self.kept = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for end in [self.server, *(end for pair in self.kept for end in pair)]:
            end.close()

    def open(self, data=b""):
        client = self.namespace.make(lambda: socket.create_connection(("127.0.0.1", self.port)))
        served, _ = self.server.accept()
        if data:
            client.sendall(data)
            check(served.recv(100) == data, "the data arrived")
        self.kept.append((client, served))
        return client, served

    def end(self, client, served, reads=True):
        client.shutdown(socket.SHUT_WR)
        if reads:
            check(served.recv(1) == b"", "the end arrived")
        served.close()
        client.close()
        self.kept.remove((client, served))

    def refuse(self):
        with contextlib.suppress(ConnectionRefusedError):
            self.namespace.make(lambda: socket.create_connection(("127.0.0.1", 9)))


def ends(line):
    return tuple((line[end]["addr"], line[end]["port"]) for end in ("local", "remote"))


# A snapshot of a service and one of our own do not show the same moment, nor the same history.
MOMENT = {"time", "mono_ns", "age_us", "age_at_least_us", "adopted", "owner", "owners", "conn", "role", "timer_us",
          "listener"}


def at_rest(line):
    """Without what only one of them can know; the other end has it as well."""
    rest = {key: value for key, value in line.items() if key not in MOMENT}
    return {**rest, "other_end": at_rest(line["other_end"])} if line.get("other_end") else rest


def snapshot_shows_the_same_sockets(namespace):
    with Pairs(namespace) as pairs, Asked(namespace) as service:
        for _ in range(3):
            pairs.open(b"hello")
        pairs.end(*pairs.open())
        half = pairs.open()
        half[0].shutdown(socket.SHUT_WR)
        check(half[1].recv(1) == b"", "half of it is closed")
        unread = pairs.open()
        unread[0].sendall(b"x" * 1000)
        own = [json.loads(line) for line in subprocess.run(
            [TCPTWIN, "snapshot", "--live", "--json", "-N", namespace.name], capture_output=True,
            text=True, check=True).stdout.splitlines()]
        own = {ends(line): line for line in own if line["type"] == "socket"}
        asked = {ends(line): line for line in service.lines("snapshot", kind="socket")}
        check(set(own) == set(asked), f"(own, asked): {set(own) ^ set(asked)}")
        check(len(own) == 12, f"all are there: {sorted(own)}")
        for end, line in own.items():
            # Of a TIME_WAIT the service knows what it was before.
            known = {key: value for key, value in at_rest(line).items()
                     if value is not None and (key, value) != ("cgroup", "0x0")}
            told_of = at_rest(asked[end])
            check(known == {key: told_of.get(key) for key in known}, f"{end}:\nown   {known}\nasked {told_of}")
        waiting = asked[ends_of(unread[1])]
        check(waiting["receive_queue"] == 1000, f"queues are those of now: {waiting}")
        check(waiting["holders"][0]["pid"] == os.getpid(), f"and holders: {waiting}")
        # What began after the service is known from its first SYN.
        known = asked[ends_of(half[0])]
        check(known.get("age_us") is not None, f"its age is exact: {known}")
        shown = service.ask("snapshot", "--state", "listen", "-s", "--no-header")
        check(shown.stdout.count("\n") == 1 and "watched since" in shown.stderr, shown)


def ends_of(sock):
    return (sock.getsockname(), sock.getpeername())


LIFE = ("conn", "role", "family", "netns", "closed_by", "how", "why", "bytes_in", "bytes_out", "iss", "irs",
        "retransmits", "mss", "options", "cgroup")


def told(line):
    result = {key: line.get(key) for key in LIFE}
    result["ends"] = ends(line)
    result["path"] = [state["state"] for state in line["path"]]
    return result


def life_tells_the_same_of_the_past_and_goes_on(namespace):
    with Pairs(namespace) as pairs, Asked(namespace) as service, \
            Tcptwin(TCPTWIN, "life", "--live", "-N", namespace.name, "--both-ends-apart") as own:
        own.wait_until_watching()
        for _ in range(5):
            pairs.end(*pairs.open(b"hello"))
            pairs.refuse()
        left = pairs.open()
        own.wait_for(lambda line: line["type"] == "close", "all ends", count=15)
        service.wait_for(lambda found: sum(
            value for name, value in found.items()
            if name.startswith("tcptwin_connections_closed_total")) == 15, "the service saw them")
        asked = service.lines("life", "--past", "--both-ends-apart", kind="close")
        key = lambda line: (line["conn"], str(line["ends"]))  # noqa: E731
        ours = sorted((told(line) for line in own.lines if line["type"] == "close"), key=key)
        theirs = sorted(map(told, asked), key=key)
        check(ours == theirs, f"own\n{ours}\nasked\n{theirs}")
        joined = service.lines("life", "--past", kind="close")
        check(len(joined) == 10, f"both ends share a line: {len(joined)}")
        check(len(service.lines("life", "--past", "--how", "refused", kind="close")) == 5, "filters")
        still = service.lines("life", "--past", "--open", kind="socket")
        check({ends(line) for line in still} == {ends_of(left[0]), ends_of(left[1])}, still)
        with Tcptwin(TCPTWIN, "life", "--service", service.control) as following:
            following.wait_for(lambda line: line["type"] == "close", "the past", count=10)
            pairs.end(*left)
            following.wait_for(lambda line: line["type"] == "close", "what ends now", count=11)
            service.process.send_signal(signal.SIGTERM)
            check(following.wait_for_end() == 1, "a service that ends is an error")
            check("was stopped" in following.messages(), following.messages())
            check(any(line["type"] == "summary" for line in following.lines), "and a summary")


def a_service_that_is_killed_is_said(namespace):
    with Asked(namespace) as service, \
            Tcptwin(TCPTWIN, "life", "--service", service.control) as following:
        following.wait_until_watching()
        service.process.kill()
        check(following.wait_for_end() == 1, "exit 1")
        check("closed the connection" in following.messages(), following.messages())
        got = service.ask("life")
        check(got.returncode == 1 and "no service answers" in got.stderr, got.stderr)


def stuck_is_listed_at_once_and_followed(namespace):
    with Pairs(namespace) as pairs, Asked(namespace, "--close-wait", "1s") as service:
        first = pairs.open()
        first[0].shutdown(socket.SHUT_WR)
        service.wait_for(lambda found: sum(
            value for name, value in found.items()
            if name.startswith("tcptwin_stuck_sockets")) == 1, "it is stuck")
        listed = service.lines("stuck", "--once", kind="stuck")
        check(len(listed) == 1 and listed[0]["kind"].startswith("close_wait"), listed)
        check(ends(listed[0]) == ends_of(first[1]), listed)
        check(service.ask("stuck", "--once", "--exit-code").returncode == 3, "for a health check")
        with Tcptwin(TCPTWIN, "stuck", "--service", service.control) as following:
            following.wait_for(lambda line: line["type"] == "stuck", "the first")
            second = pairs.open()
            second[0].shutdown(socket.SHUT_WR)
            following.wait_for(lambda line: line["type"] == "stuck"
                               and ends(line) == ends_of(second[1]), "the second")
            following.interrupt()
        refused = service.ask("stuck", "--close-wait", "5s")
        check(refused.returncode == 2 and "--close-wait" in refused.stderr, refused.stderr)


def top_counts_what_the_service_sees(namespace):
    with Pairs(namespace) as pairs, Asked(namespace) as service:
        for _ in range(3):
            pairs.open()
        got = service.ask("top", "--batch", "1", "--size", "100x24")
        check(got.returncode == 0, got.stderr)
        check(re.search(r"ESTABLISHED +6 ", got.stdout) and "7 sockets" in got.stdout, got.stdout)


def explain_tells_a_story(namespace):
    with Pairs(namespace) as pairs, Asked(namespace) as service:
        client, served = pairs.open(b"hello")
        here = "{}:{}-{}:{}".format(*client.getsockname(), *client.getpeername())
        got = service.ask("explain", here)
        check(got.returncode == 0, got.stderr)
        for word in ("active_open", "synack_accepted", "now         ESTABLISHED"):
            check(word in got.stdout, f"{word}:\n{got.stdout}")
        there = "{}:{}-{}:{}".format(*client.getpeername(), *client.getsockname())
        steps = service.lines("explain", there, kind="transition")
        check([step["to"] for step in steps] == ["new_syn_recv", "syn_recv", "established"], steps)
        identity = steps[0]["conn"]
        check(service.lines("explain", identity, kind="transition") == steps, "by its id as well")
        path = os.path.join(service.folder, "run.twin")
        with recording(TCPTWIN, namespace, path):
            pairs.end(client, served)
            wait_until(lambda: service.lines("explain", there, kind="close"), "it is over")
        got = service.ask("explain", there)
        for word in ("fin_received", "ended       closed by the peer"):
            check(word in got.stdout, f"{word}:\n{got.stdout}")
        replayed = subprocess.run([TCPTWIN, "explain", there, "--from", path],
                                  capture_output=True, text=True, check=False)
        check(replayed.returncode == 0, replayed.stderr)
        for word in ("older than the watching", "fin_received", "ended       closed by the peer"):
            check(word in replayed.stdout, f"{word}:\n{replayed.stdout}")
        unknown = service.ask("explain", "0xffffffff.1")
        check(unknown.returncode == 1 and "knows no connection" in unknown.stderr, unknown.stderr)


def who_may_ask(namespace):
    with Asked(namespace) as service:
        os.unlink(service.program)
        shutil.copy(TCPTWIN, service.program)
        mode = os.stat(service.control)
        check(mode.st_mode & 0o777 == 0o660 and mode.st_gid == GROUP, f"{mode}")
        member = service.ask("snapshot", prefix=as_user(GROUP))
        check(member.returncode == 0 and "watched since" in member.stderr, member.stderr)
        for words in (("snapshot",), ("life", "--past"), ("explain", "0x1"), ("top", "--batch", "1")):
            other = service.ask(*words, prefix=as_user())
            check(other.returncode == 77, f"exit {other.returncode}: {other.stderr}")
            check(f"group {GROUP}" in other.stderr and "usermod" in other.stderr, other.stderr)
        # Not asked by name: the reason is not that BPF is forbidden, but that no group lets them in.
        usual = subprocess.run([*as_user(), service.program, "snapshot"], capture_output=True, text=True,
                               check=False, env={**os.environ, "TCPTWIN_CONTROL_SOCKET": service.control})
        check(usual.returncode == 77 and "usermod" in usual.stderr, usual.stderr)
        # A mode that somebody changed does not open it.
        os.chmod(service.control, 0o666)
        other = service.ask("snapshot", prefix=as_user())
        check(other.returncode == 77 and f"members of the group {GROUP}" in other.stderr, other.stderr)
        wait_until(lambda: service.value("tcptwin_control_refused_total", reason="permission") >= 1,
                   "it is counted")
        nowhere = subprocess.run([*as_user(), service.program, "snapshot"], capture_output=True, text=True,
                                 check=False,
                                 env={**os.environ, "TCPTWIN_CONTROL_SOCKET": "/nonexistent/x"})
        check(nowhere.returncode == 77 and "tcptwin serve" in nowhere.stderr, nowhere.stderr)


HOSTILE = """
import socket, sys, time
path, build = sys.argv[1:]
kept = []
for i in range(1000):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    try:
        client.connect(path)
        client.sendall((b"tcptwin", b"x" * 100000, b"\\0\\n", b"GET / HTTP/1.1\\n",
                        b"tcptwin %s table\\n" % build.encode(),
                        b"tcptwin %s findings past follow kinds=steps,lives\\n" % build.encode())[i % 6])
    except OSError:
        pass
    kept.append(client)
print("all there", flush=True)
sys.stdin.read()
"""


def resident(service):
    return service.value("process_resident_memory_bytes")


def hostile_clients_do_not_disturb(namespace):
    """A thousand that send half a request, too much, nonsense, or ask and never read."""
    with Pairs(namespace) as pairs, Asked(namespace, "--history", "1M") as service:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as stranger:
            stranger.connect(service.control)
            stranger.sendall(b"tcptwin 0/0 table\n")
            build = re.search(rb"the service is tcptwin (\S+)", stranger.recv(4096)).group(1).decode()
        def are_counted(count):
            service.wait_for(lambda found: total(found, "tcptwin_connections_closed_total") == count,
                             f"{count} ends of connections are counted")
        pairs.end(*pairs.open())
        are_counted(2)
        before = resident(service)
        with subprocess.Popen([*as_user(GROUP), "/usr/bin/python3", "-c", HOSTILE, service.control, build],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hostile:
            check(hostile.stdout.readline() == "all there\n", "they are there")
            for _ in range(300):
                pairs.end(*pairs.open(b"x" * 100))
            are_counted(602)
            check(service.value("tcptwin_events_lost_total") == 0, "and nothing lost")
            # Root finds a place beside them.
            got = service.ask("life", "--past", "--count", "1")
            check(got.returncode == 0, got.stderr)
            for reason in ("busy", "malformed"):
                wait_until(lambda reason=reason: service.value("tcptwin_control_refused_total", reason=reason) > 0,
                           reason)
            check(service.value("tcptwin_control_clients") <= 72, "clients are bounded")
            check(resident(service) - before < 64 << 20,
                  f"memory stays flat: {before} {resident(service)}")
            hostile.stdin.close()
            hostile.wait(timeout=30)
        wait_until(lambda: service.value("tcptwin_control_clients") == 0, "they are forgotten")
        check(service.ask("snapshot").returncode == 0, "and it answers")


def what_the_history_dropped_is_said(namespace):
    with Pairs(namespace) as pairs, Asked(namespace, "--history", "1M") as service:
        made = 2500
        for _ in range(made):
            pairs.end(*pairs.open())
        service.wait_for(lambda found: sum(
            value for name, value in found.items()
            if name.startswith("tcptwin_connections_closed_total")) == 2 * made, "they were seen")
        got = service.ask("life", "--past", "--json", "--both-ends-apart")
        check(got.returncode == 0, got.stderr)
        told_now = got.stdout.count('"type":"close"')
        dropped = int(re.search(r"(\d+) connections that ended are not shown", got.stderr).group(1))
        check(told_now + dropped == 2 * made, f"{told_now} + {dropped}")


def a_wrong_setting_is_said(namespace):
    for arguments, words in ((("--control-socket", "here"), "absolute path"),
                             (("--history", "1K"), "--history"),
                             (("--control-socket", "/tmp/x", "--control-group", "no-such-group"),
                              "there is no group no-such-group")):
        got = subprocess.run([TCPTWIN, "serve", "-N", namespace.name, *arguments], capture_output=True,
                             text=True, timeout=60, check=False)
        check(got.returncode in (1, 2) and words in got.stderr, f"{arguments}: {got.stderr}")


TESTS = (snapshot_shows_the_same_sockets, life_tells_the_same_of_the_past_and_goes_on,
         a_service_that_is_killed_is_said, stuck_is_listed_at_once_and_followed,
         top_counts_what_the_service_sees, explain_tells_a_story, who_may_ask,
         hostile_clients_do_not_disturb, what_the_history_dropped_is_said, a_wrong_setting_is_said)


def main():
    why = cannot_trace(TCPTWIN)
    if not why and shutil.which("setpriv") is None:
        why = "setpriv (Debian package util-linux) is missing"
    if why:
        return skip(why)
    play_each(TESTS, sys.argv[3:], "twincontrol")
    return 0


if __name__ == "__main__":
    sys.exit(main())
