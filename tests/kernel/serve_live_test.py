#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""serve_live_test.py SUPPORT TCPTWIN [TEST...]: `tcptwin serve` on the running kernel: its counters are the
connections that were made, its gauges are those of `ss`, and nobody can keep it from either. Exits
with 77 where the running kernel does not allow it."""
import collections
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, sys.argv[1])
import socket_states as states  # noqa: E402
from alerting import Prometheus, free_port  # noqa: E402
from live_program import cannot_trace, check, play_each, recording, skip, wait_until  # noqa: E402
from service import Service, UnixConnection, parsed, total  # noqa: E402

TCPTWIN = sys.argv[2]
# `ss` calls a half-open connection SYN-RECV.
STATES = {"LISTEN": "listen", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv", "ESTAB": "established",
          "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2", "CLOSE-WAIT": "close_wait",
          "CLOSING": "closing", "LAST-ACK": "last_ack", "TIME-WAIT": "time_wait"}


def by_state(metrics):
    counted = {state: total(metrics, "tcptwin_sockets", state=state) for state in STATES.values()}
    counted["syn_recv"] += total(metrics, "tcptwin_sockets", state="new_syn_recv")
    return counted


def by_ss(namespace):
    counted = dict.fromkeys(STATES.values(), 0)
    for line in namespace.run(["ss", "-Htan"]).stdout.splitlines():
        counted[STATES[line.split()[0]]] += 1
    return counted


def half_open_by_metrics(metrics):
    """By port; a port that is not among those of `ss` must be at 0."""
    counted = {re.search('port="([^"]*)"', series)[1]: value for series, value in metrics.items()
               if series.startswith("tcptwin_half_open{")}
    return {port: value for port, value in counted.items() if value > 0}


def half_open_by_ss(namespace):
    listed = namespace.run(["ss", "-Htn", "state", "syn-recv"]).stdout.splitlines()
    return dict(collections.Counter(line.split()[2].rsplit(":", 1)[1] for line in listed))


def counters_are_the_connections_made(namespace):
    """Each cause as often as a test made it happen."""
    with Service(TCPTWIN, "-N", namespace.name) as service:
        check(total(service.metrics(), "tcptwin_transitions_total") == 0, "it begins at 0")
        port = namespace.make(make_connections)
        service.wait_for(lambda metrics: total(metrics, "tcptwin_connections_closed_total") == 35,
                         "all connections have ended")
        expected = {
            ("tcptwin_connections_opened_total", "role", "active"): 12 + 5 + 3,
            ("tcptwin_connections_opened_total", "role", "passive"): 12 + 3,
            ("tcptwin_transitions_total", "cause", "synack_accepted"): 12 + 3,
            ("tcptwin_transitions_total", "cause", "handshake_ack_accepted"): 12 + 3,
            ("tcptwin_transitions_total", "cause", "time_wait_entered"): 12,
            ("tcptwin_transitions_total", "cause", "last_ack_received"): 12,
            ("tcptwin_transitions_total", "cause", "linger0_abort"): 3,
            ("tcptwin_connections_closed_total", "how", "fin"): 2 * 12,
            ("tcptwin_connections_closed_total", "how", "refused"): 5,
            ("tcptwin_connections_closed_total", "how", "rst_sent"): 3,
            ("tcptwin_connections_closed_total", "how", "rst_received"): 3,
            ("tcptwin_handshake_failures_total", "reason", "refused"): 5,
            ("tcptwin_listener_requests_total", "port", str(port)): 12 + 3,
            ("tcptwin_listener_handshakes_total", "port", str(port)): 12 + 3,
            ("tcptwin_unit_connections_closed_total", "how", "fin"): 2 * 12,
            ("tcptwin_unit_connections_closed_total", "unit", own_unit(service)): 2 * 12 + 5 + 6,
            ("tcptwin_handshake_duration_seconds_count", "role", "active"): 12 + 3,
            ("tcptwin_handshake_duration_seconds_count", "role", "passive"): 12 + 3,
        }
        def differing(metrics):
            counted = {key: total(metrics, key[0], **{key[1]: key[2]}) for key in expected}
            return {key: (counted[key], expected[key]) for key in expected
                    if counted[key] != expected[key]}
        with contextlib.suppress(AssertionError):
            service.wait_for(lambda metrics: not differing(metrics), "all has been counted")
        metrics = service.metrics()
        check(not differing(metrics), f"(counted, made): {differing(metrics)}")
        check(total(metrics, "tcptwin_divergences_total") == 0, "no divergence")
        check(total(metrics, "tcptwin_events_lost_total") == 0, "no loss")
        received = total(metrics, "tcptwin_records_received_total")
        check(received == total(metrics, "tcptwin_records_emitted_total") > 0, "none is missing")


def make_connections():
    """In the namespace: 12 orderly ones, 5 refused ones, 3 that are reset."""
    with states.listener("ipv4") as server:
        port = states.port_of(server)
        for _ in range(12):
            with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
                client.shutdown(socket.SHUT_WR)
                check(accepted.recv(1) == b"", "the client's FIN came")
                accepted.close()
                check(client.recv(1) == b"", "the server's FIN came")
        for _ in range(3):
            with states.connect(server, "ipv4") as client, server.accept()[0] as accepted:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, states.RESET_ON_CLOSE)
                client.close()
                with contextlib.suppress(ConnectionResetError):
                    accepted.recv(1)
    for _ in range(5):
        with contextlib.suppress(ConnectionRefusedError):
            states.connect_to("ipv4", port)
    return port


def own_unit(service):
    """The unit that all connections of this test belong to: the only one but `other` that has any."""
    counted = {re.search('unit="([^"]*)"', series)[1]
               for series, value in service.metrics().items()
               if series.startswith("tcptwin_unit_connections_closed_total") and value > 0}
    check(len(counted) == 1 and "other" not in counted, counted)
    return counted.pop()


def gauges_are_those_of_ss(namespace):
    """At rest, each state's gauge is the number of lines `ss` prints; what is older included."""
    keeps = []
    namespace.make(lambda: keeps.extend(held_sockets()))
    with Service(TCPTWIN, "-N", namespace.name) as service:
        namespace.make(lambda: keeps.extend(held_sockets()))
        def alike():
            shown, ss = by_state(service.metrics()), by_ss(namespace)
            return shown == ss and min(ss.values()) > 0 and half_open_are_alike()
        def half_open_are_alike():
            return half_open_by_metrics(service.metrics()) == half_open_by_ss(namespace)
        try:
            wait_until(alike, "gauges and ss agree", patience=20)
        except AssertionError as unmet:
            raise AssertionError(f"metrics {by_state(service.metrics())}\nss {by_ss(namespace)}\n"
                                 f"half-open {half_open_by_metrics(service.metrics())}\n"
                                 f"ss {half_open_by_ss(namespace)}") from unmet
        check(len(half_open_by_ss(namespace)) == 2 * len(states.FAMILIES), "a port for each listener")
        check(total(service.metrics(), "tcptwin_reconcile_adopted_total") > 0, "older ones are there")
    for end in keeps:
        end.close()


def held_sockets():
    """Sockets in every state they can stay in; TIME_WAIT is left behind."""
    keeps = []
    for family in states.FAMILIES:
        server = states.listener(family)
        states.in_time_wait(server, family)
        keeps += [server, *states.pair(server, family), *states.half_closed(server, family),
                  states.in_last_ack(server, family), *states.in_fin_wait1(server, family),
                  *states.in_closing(server, family), states.wait_for_its_end(server, family),
                  *states.unanswered(family), states.half_open(server, family)]
    return keeps


def pages_and_addresses(namespace):
    """IPv4, IPv6 and the unix socket show the same pages; gzip for those who want it."""
    port = free_port()
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}", "--listen",
                 f"[::1]:{port}") as service:
        for host in ("127.0.0.1", "[::1]"):
            for path, text in (("/", "tcptwin"), ("/healthz", "ok"), ("/readyz", "ready"),
                               ("/metrics", "tcptwin_build_info")):
                got = subprocess.run(["curl", "-sS", "--fail", f"http://{host}:{port}{path}"],
                                     capture_output=True, text=True, check=False)
                check(text in got.stdout, f"{host}{path}: {got.stdout[:200]} {got.stderr}")
        packed = subprocess.run(["curl", "-sS", "--compressed", "-D", "-", 
                                 f"http://127.0.0.1:{port}/metrics"],
                                capture_output=True, text=True, check=True).stdout
        check("content-encoding: gzip" in packed.lower(), packed[:300])
        check("text/plain; version=0.0.4; charset=utf-8" in packed, packed[:300])
        check("tcptwin_sockets{" in packed, "it can be unpacked")
        check(service.get("/nothing")[0] == 404, "an unknown page is not found")


def promtool_has_no_complaint(namespace):
    if shutil.which("promtool") is None:
        return "promtool (Debian package prometheus) is missing"
    with Service(TCPTWIN, "-N", namespace.name) as service:
        namespace.make(make_connections)
        service.wait_for(lambda metrics: total(metrics, "tcptwin_connections_closed_total") > 20,
                         "connections were counted")
        text = service.get()[2]
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                             check=False)
    check(checked.returncode == 0 and not checked.stderr, checked.stderr.decode())
    return None


def prometheus_knows_the_right_numbers(namespace):
    """A real Prometheus scrapes it, and a query returns what a test did."""
    if shutil.which("prometheus") is None:
        return "prometheus (Debian package prometheus) is missing"
    port = free_port()
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}"), \
            Prometheus({"tcptwin": port}) as prometheus:
        ask = prometheus.ask
        wait_until(lambda: ask("up") == [1], "Prometheus has scraped it")
        namespace.make(make_connections)
        wait_until(lambda: ask('sum by (how) (tcptwin_connections_closed_total{how="fin"})') == [24],
                   "Prometheus counts the orderly ends")
        # Because the series was there at 0 before, an increase is seen.
        wait_until(lambda: ask('sum(delta(tcptwin_connections_closed_total'
                               '{how="refused"}[1m])) > bool 0') == [1], "Prometheus sees the increase")
        check(ask("sum(tcptwin_divergences_total)") == [0], "and no divergence")
    return None


def it_ends_within_a_second(namespace):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Service(TCPTWIN, "-N", namespace.name) as service:
            idle = UnixConnection(service.path)
            idle.connect()
            began = time.monotonic()
            check(service.end(number) == 0, f"it ends well: {service.messages()}")
            check(time.monotonic() - began < 10, "and soon")
            idle.close()


def hostile_clients_do_not_disturb(namespace):
    """A thousand connections that never finish a request, and one with endless headers: scrapes are
    answered, and no event is lost or late."""
    port = free_port()
    with Service(TCPTWIN, "-N", namespace.name, "--listen", f"127.0.0.1:{port}") as service:
        hostile = []
        for _ in range(1000):
            client = socket.create_connection(("127.0.0.1", port), timeout=10)
            with contextlib.suppress(OSError):
                client.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
            hostile.append(client)
        endless = socket.create_connection(("127.0.0.1", port), timeout=10)
        with contextlib.suppress(OSError):
            for _ in range(1000):
                endless.sendall(b"X: " + b"x" * 1000 + b"\r\n")
        namespace.make(make_connections)
        metrics = service.wait_for(
            lambda found: total(found, "tcptwin_connections_closed_total", how="fin") == 24,
            "the connections were counted")
        check(total(metrics, "tcptwin_events_lost_total") == 0, "nothing was lost")
        got = subprocess.run(["curl", "-sS", "--fail", f"http://127.0.0.1:{port}/healthz"],
                             capture_output=True, text=True, check=False)
        check(got.stdout == "ok\n", f"healthz over TCP: {got.stdout} {got.stderr}")
        for client in [*hostile, endless]:
            client.close()
        check(service.process.poll() is None, "it still runs")


def a_taken_port_is_said_before_anything_is_attached(_namespace):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        got = subprocess.run([TCPTWIN, "serve", "--listen", f"127.0.0.1:{port}"],
                             capture_output=True, text=True, timeout=30, check=False)
    check(got.returncode == 1, f"exit {got.returncode}")
    check(f"127.0.0.1:{port}" in got.stderr and "programs attached" not in got.stderr, got.stderr)


def replay_counts_what_the_service_counted(namespace):
    """`replay --metrics` of a recording shows the same counters."""
    with Service(TCPTWIN, "-N", namespace.name) as service:
        path = os.path.join(service.folder, "run.twin")
        with recording(TCPTWIN, namespace, path):
            namespace.make(make_connections)
            live = service.wait_for(
                lambda found: total(found, "tcptwin_connections_closed_total") == 35,
                "the connections were counted")
        replayed = subprocess.run([TCPTWIN, "replay", path, "--metrics"], capture_output=True,
                                  text=True, check=True).stdout
    replayed = parsed(replayed)
    same = ("tcptwin_transitions_total", "tcptwin_connections_closed_total",
            "tcptwin_connections_opened_total", "tcptwin_handshake_failures_total",
            "tcptwin_sockets", "tcptwin_deviations_total")
    differing = {series: (value, replayed.get(series)) for series, value in live.items()
                 if series.split("{")[0] in same and replayed.get(series) != value}
    check(not differing, f"(live, replayed): {differing}")
    refused = subprocess.run([TCPTWIN, "replay", "x", "--metrics", "--count", "1"],
                             capture_output=True, text=True, check=False)
    check(refused.returncode == 2 and "--count" in refused.stderr, refused.stderr)


TESTS = (counters_are_the_connections_made, gauges_are_those_of_ss, pages_and_addresses,
         promtool_has_no_complaint, prometheus_knows_the_right_numbers, it_ends_within_a_second, hostile_clients_do_not_disturb,
         a_taken_port_is_said_before_anything_is_attached, replay_counts_what_the_service_counted)


def main():
    why = cannot_trace(TCPTWIN)
    if not why and shutil.which("curl") is None:
        why = "curl (Debian package curl) is missing"
    if why:
        return skip(why)
    missing = play_each(TESTS, sys.argv[3:], "tcptwin-serve")
    return skip("; ".join(missing)) if missing else 0


if __name__ == "__main__":
    sys.exit(main())
