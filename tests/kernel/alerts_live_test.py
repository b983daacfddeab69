#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""alerts_live_test.py SUPPORT TCPTWIN DASHBOARDS: a real Prometheus scrapes live services side by side, each with the connections of a
network namespace of its own. In each there is another trouble, which must raise its alert and no other, and show
on its panel of the overview; where there is none, nothing fires. Exits with 77 where something is missing."""
import contextlib
import http.server
import ipaddress
import itertools
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, sys.argv[1])
import socket_states as states  # noqa: E402
from alerting import Prometheus, free_port  # noqa: E402
from dashboard_queries import panels_of  # noqa: E402
from live_program import Namespace, cannot_trace, check, play, recording, skip, wait_until  # noqa: E402
from planted_divergence import plant  # noqa: E402
from service import Service  # noqa: E402

TCPTWIN, DASHBOARDS = sys.argv[2:4]
PATIENCE_S = 60.0
FLOODED, FORGED = "10.98.0.1", ipaddress.ip_address("10.99.0.0")


# --- traffic ---------------------------------------------------------------------------------------------

def one_connection(server):
    """From its SYN to TIME_WAIT, which is the client's."""
    client, accepted = states.half_closed(server, "ipv4")
    accepted.close()
    states.await_end_of_stream(client)
    client.close()


def orderly(server):
    one_connection(server)


def storm(server):
    """An orderly connection and one that the client resets."""
    one_connection(server)
    client, accepted = states.pair(server, "ipv4")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, states.RESET_ON_CLOSE)
    client.close()
    with contextlib.suppress(ConnectionResetError):
        accepted.recv(1)
    accepted.close()


class Traffic:
    """`act(server)` again and again, so many times a second, in a namespace, until it is left."""

    def __init__(self, namespace, act, per_second, server=None):
        self._is_over = threading.Event()
        self._server = server or namespace.make(lambda: states.listener("ipv4"))
        self._thread = threading.Thread(target=lambda: namespace.make(lambda: self._run(act, 1 / per_second)))
        self.failure = None

    def _run(self, act, pause):
        try:
            while not self._is_over.wait(pause):
                act(self._server)
        except Exception as failure:  # said by whoever leaves it
            self.failure = failure

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._is_over.set()
        self._thread.join()
        self._server.close()
        check(self.failure is None, f"traffic: {self.failure!r}")


def leak(namespace):
    """A process that does not close what its peers have closed."""
    def make():
        server = states.listener("ipv4")
        return [server, *itertools.chain.from_iterable(states.half_closed(server, "ipv4") for _ in range(12))]
    return namespace.make(make)


# --- a flood of SYNs with forged addresses ----------------------------------------------------------------

def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn(source, port, number):
    """An IPv4 packet; the kernel fills in the header's length and checksum."""
    ends = source.packed + socket.inet_aton(FLOODED)
    tcp = struct.pack(">HHIIBBHHH", 1024 + number % 60000, port, number, 0, 5 << 4, 0x02, 64240, 0, 0)
    sum_of = checksum(ends + struct.pack(">BBH", 0, socket.IPPROTO_TCP, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", sum_of) + tcp[18:]
    return struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0) + ends + tcp


def lead_answers_nowhere(namespace):
    """The flooded address, and a cable on which what goes to the forged ones is never heard of again."""
    for command in ("ip link add sink type veth peer name abyss", "ip link set sink arp off", "ip link set sink up",
                    "ip link set abyss up", f"ip addr add {FLOODED}/32 dev sink", f"ip route add {FORGED}/16 dev sink"):
        done = namespace.run(command.split())
        check(done.returncode == 0, f"{command}: {done.stderr}")


@contextlib.contextmanager
def flood(namespace):
    """20 SYNs at a time, none of which comes from where it says."""
    lead_answers_nowhere(namespace)

    def listen():
        server = socket.socket()
        server.bind((FLOODED, 0))
        server.listen(4096)
        return server, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    server, raw = namespace.make(listen)
    numbers = itertools.count(1)

    def send(_server):
        for _ in range(20):
            number = next(numbers)
            raw.sendto(syn(FORGED + number % 60000 + 1, states.port_of(server), number), (FLOODED, 0))
    with raw, Traffic(namespace, send, 10, server):
        yield


# --- loss, and a planted divergence -----------------------------------------------------------------------

def overflow(service):
    """The service stands still while connections come and go, more than its ring buffer has room for."""
    def act(server):
        service.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(100):
                one_connection(server)
        finally:
            service.process.send_signal(signal.SIGCONT)
    return act


class Page:
    """An HTTP server with one page, which can be changed: what `replay --metrics` prints of a recording."""

    def __init__(self, text):
        page = self
        self.text = text

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(page.text.encode())

            def log_message(self, *unused):
                pass
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *unused):
        self._server.shutdown()
        self._server.server_close()


def metrics_of(path):
    return subprocess.run([TCPTWIN, "replay", path, "--metrics"], capture_output=True, text=True, check=True).stdout


def record_connections(folder):
    """What a recording of some connections shows, and what it shows with a divergence planted in it."""
    whole, planted = os.path.join(folder, "whole.twin"), os.path.join(folder, "planted.twin")
    with Namespace("tcptwin-recorded") as namespace:
        with recording(TCPTWIN, namespace, whole):
            def make():
                with states.listener("ipv4") as server:
                    for _ in range(5):
                        one_connection(server)
            namespace.make(make)
    plant(TCPTWIN, whole, planted)
    return metrics_of(whole), metrics_of(planted)


# --- the scene ----------------------------------------------------------------------------------------------

TROUBLES = {
    "leak": {("leak", "TcptwinCloseWaitLeak", "warning")},
    "flood": {("flood", "TcptwinSynFlood", "critical")},
    "storm": {("storm", "TcptwinResetStorm", "warning")},
    "loss": {("loss", "TcptwinEventsLost", "warning"), ("loss", "TcptwinEventsLost", "critical")},
    "replay": {("replay", "TcptwinDivergence", "critical")},
}
# Above 0 where there is this trouble.
PANELS = {"leak": "Stuck now", "flood": "Half-open now", "storm": "Cut off", "loss": "Events lost", "replay": "Divergences"}
# 0 where there is none. A handshake may be half open just then, and a host may hide events (docs/loss.md).
CALM = ("Stuck now", "Cut off", "Divergences")
ALWAYS = ("--keep-rights", "namespaces", "--close-wait", "1s", "--buffer-size", "4M")
OPTIONS = {"loss": ("--keep-rights", "namespaces", "--buffer-size", "64K")}


def is_acceptable(alert):
    """Warnings: a flood is also a pile of half-open connections that come to nothing; a host may hide events
    (docs/loss.md), and be busy."""
    instance, name, severity = alert
    also = {"TcptwinHalfOpenPileUp", "TcptwinHandshakesFail"} if instance == "flood" else set()
    return severity == "warning" and name in also | {"TcptwinEventsLost", "TcptwinLate"}


def only_the_expected(prometheus, expected):
    others = {alert for alert in prometheus.ever - expected if not is_acceptable(alert)}
    check(not others, f"nobody expects {others}; fired: {prometheus.ever}")


def troubles_show(prometheus):
    for instance, panel in PANELS.items():
        query = panels_of(DASHBOARDS, "overview", instance)[panel]
        wait_until(lambda: max(prometheus.ask(query), default=0) > 0, f"{instance}: trouble on '{panel}'")
    for panel in CALM:
        query = panels_of(DASHBOARDS, "overview", "fine")[panel]
        check(max(prometheus.ask(query), default=0) == 0, f"fine: trouble on '{panel}'")


def troubles_raise_their_alerts():
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        whole, planted = record_connections(folder)
        page = stack.enter_context(Page(whole))
        namespaces, services, ports = {}, {}, {"replay": page.port}
        for name in ("fine", "leak", "flood", "storm", "loss"):
            namespaces[name] = stack.enter_context(Namespace(f"tcptwin-{name}"))
            ports[name] = free_port()
            services[name] = stack.enter_context(Service(
                TCPTWIN, "-N", namespaces[name].name, "--listen", f"127.0.0.1:{ports[name]}", *OPTIONS.get(name, ALWAYS)))
        prometheus = stack.enter_context(Prometheus(ports))
        wait_until(lambda: prometheus.ask("sum(up)") == [len(ports)], "all are scraped")
        traffic = contextlib.ExitStack()
        with traffic:
            for end in leak(namespaces["leak"]):
                traffic.callback(end.close)
            traffic.enter_context(Traffic(namespaces["fine"], orderly, 10))
            traffic.enter_context(Traffic(namespaces["storm"], storm, 40))
            traffic.enter_context(Traffic(namespaces["loss"], overflow(services["loss"]), 5))
            traffic.enter_context(flood(namespaces["flood"]))
            wait_until(lambda: prometheus.ask('sum(tcptwin_divergences_total{instance="replay"})') == [0], "none yet")
            page.text = planted
            expected = set().union(*TROUBLES.values())
            prometheus.wait_for_alerts(expected, PATIENCE_S)
            only_the_expected(prometheus, expected)
            troubles_show(prometheus)
        check(services["fine"].end() == 0, "it ends when it is told to")
        down = ("fine", "TcptwinDown", "critical")
        prometheus.wait_for_alerts({down}, PATIENCE_S)
        only_the_expected(prometheus, expected | {down})


def main():
    why = cannot_trace(TCPTWIN)
    if not why and shutil.which("prometheus") is None:
        why = "prometheus (Debian package prometheus) is missing"
    if why:
        return skip(why)
    play(troubles_raise_their_alerts, "troubles raise their alerts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
