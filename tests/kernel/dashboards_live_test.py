#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dashboards_live_test.py SUPPORT TCPTWIN DASHBOARDS [TEST...]: every query of every dashboard, its variables
included, asked of a real Prometheus that scrapes a live `tcptwin serve`; each must return data. Exits with 77
where the running kernel does not allow it."""
import contextlib
import math
import re
import shutil
import socket
import sys
import threading

sys.path.insert(0, sys.argv[1])
import socket_states as states  # noqa: E402
from alerting import Prometheus, free_port  # noqa: E402
from dashboard_queries import of_panels_and_variables, panels_of  # noqa: E402
from live_program import cannot_trace, check, play_each, skip, wait_until  # noqa: E402
from service import Service, total  # noqa: E402

TCPTWIN, DASHBOARDS = sys.argv[2:4]
PATIENCE_S = 90


# What the traffic of this test does wrong is seen there, above 0; and what it does not do is 0 there.
TROUBLED = {"Stuck now", "Handshakes failing", "Cut off", "Half-open now", "What goes wrong: connections cut off or refused, by how",
            "Stuck sockets, by state", "Whose is it", "Why connections ended, and what to do", "Half-open connections, by port",
            "Handshakes that failed, by how it showed"}
CALM = {"Divergences", "Events lost"}


def has_data(prometheus, query):
    return any(not math.isnan(value) for value in prometheus.ask(query))


def has_values(prometheus, query):
    metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
    return bool(prometheus.values_of(label, metric))


def one_of_each(server):
    """Connections that end in each of the usual ways, and a handshake that fails."""
    port = states.port_of(server)
    for side in ("client", "server"):
        with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
            first, second = (client, accepted) if side == "client" else (accepted, client)
            first.shutdown(socket.SHUT_WR)
            check(second.recv(1) == b"", "the FIN came")
            second.close()
            first.close()
    with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, states.RESET_ON_CLOSE)
        client.close()
        with contextlib.suppress(ConnectionResetError):
            accepted.recv(1)
    with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
        client.sendall(b"never read")
        states.await_readable(accepted)
        accepted.close()
    with contextlib.suppress(ConnectionRefusedError):
        states.connect_to("ipv4", port + 1 if port < 65535 else port - 1)


@contextlib.contextmanager
def traffic(namespace):
    """One of each, again and again; and sockets that stay in every state they can stay in."""
    enough = threading.Event()

    def keep_going():
        with states.listener("ipv4") as server:
            while not enough.wait(0.05):
                one_of_each(server)

    def held():
        server = states.listener("ipv4")
        return [server, *states.half_closed(server, "ipv4"), *states.unanswered("ipv4"), states.half_open(server, "ipv4")]
    keeps = namespace.make(held)
    # Threads have their own network namespace: this one enters it by itself.
    going = threading.Thread(target=namespace.make, args=(keep_going,))
    going.start()
    try:
        yield
    finally:
        enough.set()
        going.join()
        for end in keeps:
            end.close()


def every_query_returns_data(namespace):
    if shutil.which("prometheus") is None:
        return "prometheus (Debian package prometheus) is missing"
    of_panels, of_variables = of_panels_and_variables(DASHBOARDS)
    check(len(of_panels) > 50 and len(of_variables) >= 10, "the dashboards were read")
    port = free_port()
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}") as service, \
            Prometheus({"tcptwin": port}) as prometheus:
        wait_until(lambda: has_data(prometheus, "up == 1"), "Prometheus has scraped it")
        with traffic(namespace):
            service.wait_for(lambda metrics: total(metrics, "tcptwin_stuck_found_total") > 0, "something is stuck")
            for kind, has in ((of_panels, has_data), (of_variables, has_values)):
                for where, query in kind:
                    wait_until(lambda: has(prometheus, query), f"data for {where}: {query}", PATIENCE_S)
            of_overview = panels_of(DASHBOARDS, "overview")
            for panel in TROUBLED:
                wait_until(lambda: max(prometheus.ask(of_overview[panel]), default=0) > 0, f"trouble on '{panel}'")
            for panel in CALM:
                check(prometheus.ask(of_overview[panel]) == [0], f"'{panel}' is calm: {prometheus.ask(of_overview[panel])}")
    print(f"{len(of_panels)} queries of panels and {len(of_variables)} of variables returned data", flush=True)
    return None


def a_wrong_query_is_found(namespace):
    """The check itself: a metric that does not exist has no data, and a query that does not parse is refused."""
    if shutil.which("prometheus") is None:
        return "prometheus (Debian package prometheus) is missing"
    port = free_port()
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}"), \
            Prometheus({"tcptwin": port}) as prometheus:
        wait_until(lambda: has_data(prometheus, "up == 1"), "Prometheus has scraped it")
        check(has_data(prometheus, "tcptwin_sockets") and not has_data(prometheus, "tcptwin_socket"), "a misspelt metric")
        check(not has_values(prometheus, "label_values(tcptwin_sockets, port)"), "a label it does not have")
        try:
            has_data(prometheus, "sum(")
        except AssertionError:
            return None
        raise AssertionError("a query that does not parse was taken")


TESTS = (every_query_returns_data, a_wrong_query_is_found)


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    missing = play_each(TESTS, sys.argv[4:], "tcptwin-dashboards")
    return skip("; ".join(missing)) if missing else 0


if __name__ == "__main__":
    sys.exit(main())
