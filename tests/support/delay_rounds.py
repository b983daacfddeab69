# SPDX-License-Identifier: MIT
"""Rounds of the same connections past a running `tcptwin serve`, with hostile HTTP clients at its door or
without, and how late its verdicts were in each. For the test and the figures of the service."""
import collections
import contextlib
import re
import socket

import socket_states as states
from hostile_http import HostileClients
from live_program import check
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


class DelayRounds:
    """`quiet` and `hostile` are the delays of all rounds of a kind so far, as buckets() gives them."""

    def __init__(self, tcptwin, namespace, connections):
        self._namespace, self._connections = namespace, connections
        with socket.create_server(("127.0.0.1", 0)) as found:
            self._port = found.getsockname()[1]
        self._service = Service(tcptwin, "-N", namespace.name, "--listen", f"127.0.0.1:{self._port}",
                                "--owners", "1000")
        self.quiet, self.hostile = collections.Counter(), collections.Counter()
        self.hostile_counts = collections.Counter()

    def __enter__(self):
        self._service.__enter__()
        return self

    def __exit__(self, *unused):
        self._service.__exit__()

    def play(self, is_hostile):
        clients = HostileClients(self._port) if is_hostile else contextlib.nullcontext()
        with clients:
            before = self._service.metrics()
            after = self._traffic()
        for name in ("tcptwin_events_lost_total", "tcptwin_divergences_total"):
            check(total(after, name) == total(before, name), f"no {name}")
        counted = self.hostile if is_hostile else self.quiet
        counted.update(buckets(after))
        counted.subtract(buckets(before))
        if is_hostile:
            self.hostile_counts.update(clients.counts)

    def _traffic(self):
        """Connections to one port, and then one to another, the marker: findings come in the kernel's
        order, so once the marker is counted, all that was before it must be. The metrics then."""
        port, marker = self._namespace.make(self._connect_all)
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
            with states.connect(marker, "ipv4"), marker.accept()[0]:
                pass
            return states.port_of(server), states.port_of(marker)
