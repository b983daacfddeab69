# SPDX-License-Identifier: MIT
"""Rounds of the same connections past a running `tcptwin serve`, with hostile HTTP clients at its door, at
that of another service, which costs the machine as much, or without; and how late its verdicts were in
each. For the test and the figures of the service."""
import collections
import contextlib
import os
import re
import socket

import socket_states as states
from hostile_http import HostileClients
from live_program import Tcptwin, check
from service import Service, total

DELAY = "tcptwin_verdict_delay_seconds"


def buckets(metrics):
    """Cumulative count by upper bound."""
    return collections.Counter({
        float(re.search('le="([^"]*)"', series)[1]): value
        for series, value in metrics.items() if series.startswith(f"{DELAY}_bucket")})


def bound_of_share(counted, share):
    """The least upper bound that this share of all stays within."""
    everything = counted[float("inf")]
    return min(bound for bound, count in counted.items() if count >= share * everything)


def median_bound(counted):
    return bound_of_share(counted, 0.5)


NOBODY, ELSEWHERE, HERE = "none", "at another service", "at this service"


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class DelayRounds:
    """`delays`, by where the hostile clients were, are those of all rounds so far, as buckets() gives them;
    `hostile_counts` is what the clients at this service did."""

    def __init__(self, tcptwin, namespace, connections):
        self._namespace, self._connections = namespace, connections
        self._ports = {HERE: _free_port(), ELSEWHERE: _free_port()}
        self._services = {
            where: Service(tcptwin, "-N", namespace.name, "--listen", f"127.0.0.1:{port}", "--owners",
                           "1000") for where, port in self._ports.items()}
        self._service = self._services[HERE]
        control = os.path.join(self._service.folder, "control")
        self._service.command += ["--control-socket", control]
        self._lives = Tcptwin(tcptwin, "life", "--service", control)
        self.delays = collections.defaultdict(collections.Counter)
        self.hostile_counts = collections.Counter()

    def __enter__(self):
        with contextlib.ExitStack() as entered:
            for program in (*self._services.values(), self._lives):
                entered.enter_context(program)
            self._entered = entered.pop_all()
        return self

    def __exit__(self, *unused):
        self._entered.close()

    def play(self, where):
        clients = contextlib.nullcontext() if where == NOBODY else HostileClients(self._ports[where])
        before = self._service.metrics()
        with clients:
            after = self._traffic()
        for name in ("tcptwin_events_lost_total", "tcptwin_divergences_total"):
            check(total(after, name) == total(before, name), f"no {name}")
        self.delays[where].update(buckets(after))
        self.delays[where].subtract(buckets(before))
        if where == HERE:
            self.hostile_counts.update(clients.counts)

    def _traffic(self):
        """Connections to one port, and then one to another, the marker: findings come in the kernel's
        order, so once the marker is counted, all that was before it must be. The metrics then; none
        is asked for until the marker's end is told, for that is what hostile clients do."""
        port, marker = self._namespace.make(self._connect_all)
        self._lives.wait_for(
            lambda line: line["type"] == "close" and marker in (line["local"]["port"],
                                                            line["remote"]["port"]),
            "the marker is told")
        metrics = self._service.wait_for(
            lambda found: total(found, "tcptwin_listener_handshakes_total", port=str(marker)) == 1,
            "the marker is counted")
        for name in ("tcptwin_listener_requests_total", "tcptwin_listener_handshakes_total"):
            counted = total(metrics, name, port=str(port))
            check(counted == self._connections, f"{name} {counted} at the marker")
        return metrics

    def _connect_all(self):
        with states.listener("ipv4") as server, states.listener("ipv4") as marker:
            for _ in range(self._connections):
                with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
                    client.shutdown(socket.SHUT_WR)
                    states.await_end_of_stream(accepted)
                    accepted.close()
                    states.await_end_of_stream(client)
            with states.connect(marker, "ipv4") as client, marker.accept()[0]:
                # A reset: no end that waits in TIME_WAIT.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, states.RESET_ON_CLOSE)
            return states.port_of(server), states.port_of(marker)
