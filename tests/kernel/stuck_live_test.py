#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stuck_live_test.py SUPPORT TCPTWIN: `tcptwin stuck` finds every sick connection in a network
namespace, with its process, at its threshold, and none of the healthy ones around it. Exits with
77 where the running kernel does not allow it."""
import dataclasses
import os
import socket
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import socket_states as states  # noqa: E402
from connection_churn import Churn  # noqa: E402
from live_child import LiveChild  # noqa: E402
from live_program import Namespace, Tcptwin, cannot_trace, check, skip  # noqa: E402

TCPTWIN = sys.argv[2]
FAMILIES = ("ipv4", "ipv6")
THRESHOLD_US = 4_000_000
THRESHOLDS = [word for option in ("syn-sent", "half-open", "close-wait", "fin-wait1", "fin-wait2",
                                  "other-end-gone") for word in (f"--{option}", "4s")]
LEAKS = 4       # connections that a leaking server loses
HALF_OPEN = 3   # at one listener
FOUND_STUCK = 3  # exit code
with open("/proc/self/comm", encoding="ascii") as own_name:
    OWN_NAME = own_name.read().strip()


@dataclasses.dataclass(frozen=True)
class Sick:
    """What `stuck` must say of one connection; of half-open ones, of their listener."""
    kind: str
    local: tuple
    remote: tuple
    pid: int
    name: str
    connections: int = 1
    has_holder: bool = True  # a process still holds it: who, can be told even afterwards

    @property
    def key(self):
        return self.kind, self.local, self.remote


def key_of(line):
    end = lambda which: (line[which]["addr"], line[which]["port"])
    return line["kind"], end("local"), end("remote")


class Situations:
    """Connections in every sick state, and who must be named for each."""

    def __init__(self, leaky, deaf, half_open):
        self.sick = []
        self.keeps = []
        self.tardy = self.accepted_late()  # first: it holds nothing of what comes after
        for family in FAMILIES:
            for _ in range(LEAKS):
                client = states.connect_to(family, leaky.said[family])
                check(client.recv(64), "no greeting")
                self.leak("close_wait", client, leaky)
                self.leak("close_wait_unaccepted",
                          states.connect_to(family, deaf.said[family]), deaf)
            self.half_open_at(half_open, family)
            self.of_our_own(family)

    def say(self, kind, end, **details):
        """`kind` is what `end` must be found to be; it is ours."""
        self.keeps.append(end)
        self.sick.append(Sick(kind, end.getsockname()[:2], end.getpeername()[:2], os.getpid(),
                              OWN_NAME, **details))

    def say_of_orphan(self, kind, local, remote):
        self.sick.append(Sick(kind, local, remote, os.getpid(), OWN_NAME, has_holder=False))

    def leak(self, kind, client, server):
        """The client has done its part, and the server does not do its own."""
        local, remote = client.getsockname()[:2], client.getpeername()[:2]
        self.sick.append(Sick(kind, remote, local, server.pid, server.name))
        client.close()

    def accepted_late(self):
        """By another process than the one that listened, and after the peers had closed."""
        servers = [states.listener(family) for family in FAMILIES]
        clients = [states.connect(server, family) for family, server in zip(FAMILIES, servers)]
        tuples = [(client.getpeername()[:2], client.getsockname()[:2]) for client in clients]
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            states.await_state(client, states.FIN_WAIT2)
            client.close()
        tardy = LiveChild("tardy", lambda *ends: accept_and_leak(servers, *ends))
        for server in servers:
            server.close()
        self.sick += [Sick("close_wait", *ends, tardy.pid, tardy.name) for ends in tuples]
        return tardy

    def half_open_at(self, server, family):
        port = server.said[family]
        address = states.LOOPBACK[family][1]
        for _ in range(HALF_OPEN):
            client = states.half_open_to(family, port)
            self.keeps.append(client)
            self.sick.append(Sick("syn_sent", client.getsockname()[:2], (address, port),
                                  os.getpid(), OWN_NAME))
        none = "0.0.0.0" if family == "ipv4" else "::"
        self.sick.append(Sick("half_open", (address, port), (none, 0), server.pid, server.name,
                              connections=HALF_OPEN))

    def of_our_own(self, family):
        server = states.listener(family)
        self.keeps.append(server)
        client, black_hole = states.unanswered(family)
        self.keeps += client, black_hole
        self.sick.append(Sick("syn_sent", client.getsockname()[:2], black_hole.getsockname()[:2],
                              os.getpid(), OWN_NAME))
        client, accepted = states.half_closed(server, family)
        self.say("fin_wait2", client)
        self.say("close_wait", accepted)
        client, accepted = states.in_fin_wait1(server, family)
        self.say("fin_wait1", client)
        self.keeps.append(accepted)
        client, accepted = states.in_fin_wait1(server, family)
        self.keeps.append(accepted)
        self.say_of_orphan("fin_wait1", client.getsockname()[:2], client.getpeername()[:2])
        client.close()
        client, accepted = states.in_closing(server, family)
        self.say("closing", client)
        self.say("fin_wait1", accepted)
        client = states.in_last_ack(server, family)
        self.say("fin_wait2", client)
        self.say_of_orphan("last_ack", client.getpeername()[:2], client.getsockname()[:2])
        accepted = states.linger_in_fin_wait2(server, family)
        self.say("close_wait", accepted)
        self.say_of_orphan("fin_wait2", accepted.getpeername()[:2], accepted.getsockname()[:2])
        self.say("other_end_gone", states.left_alone(server, family))


def leaky_server(ready, await_end):
    """It greets, and forgets to close."""
    servers = {family: states.listener(family) for family in FAMILIES}
    ready({family: states.port_of(server) for family, server in servers.items()})
    leaked = []
    for server in servers.values():
        for _ in range(LEAKS):
            leaked.append(server.accept()[0])
            leaked[-1].sendall(b"welcome")
    await_end()


def accept_and_leak(servers, ready, await_end):
    leaked = [server.accept() for server in servers]
    ready(len(leaked))
    await_end()


def deaf_server(ready, await_end):
    """It listens, and never accepts."""
    servers = {family: states.listener(family) for family in FAMILIES}
    ready({family: states.port_of(server) for family, server in servers.items()})
    await_end()


class Healthy:
    """What nobody may complain of: traffic, and connections that just wait."""

    def __init__(self):
        self.keeps = []
        for family in FAMILIES:
            server = states.listener(family)
            self.keeps += server, *states.pair(server, family), states.connect(server, family)


def is_finding(line):
    return line["type"] == "stuck"


def is_news(line):
    return is_finding(line) and not line["repeated"]


def nothing_is_found_where_all_is_well(namespace):
    done = subprocess.run([TCPTWIN, "stuck", "--once", "--exit-code", "--json", "-N",
                           namespace.name, *THRESHOLDS], capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr}")
    check('"type":"stuck"' not in done.stdout, done.stdout)


def all_is_found_at_its_threshold(namespace, servers):
    # A census a second, however slow a busy host makes it: each finding waits for the next one.
    with Tcptwin(TCPTWIN, "stuck", "-N", namespace.name, "--reconcile", "1s",
                 *THRESHOLDS) as tcptwin:
        tcptwin.wait_until_watching()
        situations = namespace.make(lambda: Situations(*servers))
        keys = {sick.key for sick in situations.sick}
        check(len(keys) == len(situations.sick), "the situations are not told apart")
        tcptwin.wait_for(is_news, "every finding", count=len(keys))
        # Twice the time, and whatever else is sick would have been found.
        tcptwin.wait_for(lambda line: is_finding(line) and line["repeated"] and
                         key_of(line) in keys, "every finding once more", count=len(keys))
        tcptwin.interrupt()
    findings = [line for line in tcptwin.lines if is_finding(line)]
    is_exactly(findings, situations.sick)
    for line in findings:
        age = line["age_us"]
        check(age is not None, f"its begin was seen, and its age is not known: {line}")
        if line["repeated"]:
            check(age >= 2 * THRESHOLD_US, f"repeated too early: {line}")
        else:
            check(THRESHOLD_US <= age < 2 * THRESHOLD_US, f"not at its threshold: {line}")
    return situations


def is_exactly(findings, all_sick):
    """These findings are about these connections, no others, each with its owner and advice."""
    expected = {sick.key: sick for sick in all_sick}
    news = [key_of(line) for line in findings if not line["repeated"]]
    check(len(news) == len(set(news)), f"said twice: {sorted(news)}")
    missing = [sick for sick in all_sick if sick.key not in news]
    check(not missing, f"not found: {missing}")
    others = [line for line in findings if key_of(line) not in expected]
    check(not others, f"nothing is wrong with: {others}")
    latest = {}
    for line in findings:
        sick = expected[key_of(line)]
        latest[sick.key] = line["connections"]
        owner = line["owner"]
        if sick.has_holder or not line.get("adopted"):
            check((owner["pid"], owner["comm"]) == (sick.pid, sick.name),
                  f"{owner} instead of {sick.name}/{sick.pid}: {line}")
        check(line["threshold_us"] == THRESHOLD_US, f"{line}")
        check(line["summary"] and line["advice"].endswith("."), f"no advice: {line}")
    for key, connections in latest.items():
        check(connections == expected[key].connections, f"{key}: {connections} connections")


def what_was_there_before_is_found_too(namespace, all_sick):
    """Adopted: `--once` ends when all has shown. That an end is gone cannot be known afterwards."""
    with Tcptwin(TCPTWIN, "stuck", "-N", namespace.name, "--once", "--exit-code",
                 *THRESHOLDS) as tcptwin:
        code = tcptwin.wait_for_end()
        check(code == FOUND_STUCK, f"exit {code}: {tcptwin.messages()}")
    findings = [line for line in tcptwin.lines if is_finding(line)]
    is_exactly(findings, [sick for sick in all_sick if sick.kind != "other_end_gone"])
    for line in findings:
        age = line["age_us"] if line["age_us"] is not None else line["age_at_least_us"]
        check(age >= THRESHOLD_US, f"too early: {line}")


def main():
    missing = cannot_trace(TCPTWIN)
    if missing:
        return skip(missing)
    with Namespace("tcptwin-stuck") as namespace, namespace.make(Churn) as churn:
        healthy = namespace.make(Healthy)
        nothing_is_found_where_all_is_well(namespace)
        with (namespace.make(lambda: LiveChild("leaky", leaky_server)) as leaky,
              namespace.make(lambda: LiveChild("deaf", deaf_server)) as deaf,
              namespace.make(lambda: LiveChild("patient", deaf_server)) as half_open):
            situations = all_is_found_at_its_threshold(namespace, (leaky, deaf, half_open))
            what_was_there_before_is_found_too(namespace, situations.sick)
            situations.tardy.end()
        clients = churn.end()
        check(healthy.keeps and clients, "there was healthy traffic")
    print(f"{len(situations.sick)} found; {len(clients)} connections came and went")
    return 0


sys.exit(main())
