# SPDX-License-Identifier: MIT
"""Clients that want to keep a `tcptwin serve` from its work, in a process of their own: requests that
never end, headers without end, answers nobody reads, and scrapes as fast as they come. For the tests
and the figures of the service."""
import collections
import contextlib
import http.client
import socket
import threading

from live_child import LiveChild

SLOW = 1000  # connections that never finish their request, at any time
HUGE = b"X: " + b"x" * 8000 + b"\r\n"
PIECES_OF_HUGE = 1000
NOT_READING = 20
SCRAPERS = 4


class HostileClients:
    """While it lives, they are at it; at its end `counts` tells how often each kind had its way."""

    def __init__(self, port):
        self._port = port
        self.counts = {}

    def __enter__(self):
        self._child = LiveChild("hostile", lambda ready, await_end: _run(self._port, ready, await_end))
        return self

    def __exit__(self, *unused):
        self.counts = self._child.end()


def _run(port, ready, await_end):
    is_over = threading.Event()
    counts = collections.Counter()
    kinds = [_slow_headers, _huge_headers, _unread_answers] + [_endless_scrapes] * SCRAPERS
    begun = [threading.Event() for _ in kinds]
    threads = [threading.Thread(target=kind, args=(port, is_over, counts, event), daemon=True)
               for kind, event in zip(kinds, begun)]
    for thread in threads:
        thread.start()
    for event in begun:
        event.wait()
    ready()
    await_end()
    is_over.set()
    for thread in threads:
        thread.join()
    return dict(counts)


def _connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def _slow_headers(port, is_over, counts, begun):
    """Each adds a byte to its header at its turn; who is thrown out comes again."""
    clients = []
    place = 0
    while not is_over.is_set():
        try:
            if len(clients) < SLOW:
                clients.append(_connect(port))
                clients[-1].sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
                counts["slow"] += 1
            else:
                begun.set()
                place = (place + 1) % SLOW
                clients[place].sendall(b"x")
                is_over.wait(0.001)
        except OSError:
            counts["slow thrown out"] += 1
            clients.pop(place if len(clients) == SLOW else -1).close()
    for client in clients:
        client.close()


def _huge_headers(port, is_over, counts, begun):
    while not is_over.is_set():
        with contextlib.suppress(OSError), _connect(port) as client:
            counts["huge"] += 1
            client.sendall(b"GET /metrics HTTP/1.1\r\n")
            for _ in range(PIECES_OF_HUGE):
                client.sendall(HUGE)
        begun.set()


def _unread_answers(port, is_over, counts, begun):
    """Asks for pages until nothing can be written any more, and reads none."""
    clients = []
    while not is_over.is_set():
        with contextlib.suppress(OSError):
            client = _connect(port)
            client.setblocking(False)
            clients.append(client)
            counts["unread"] += 1
            client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        if len(clients) >= NOT_READING:
            clients.pop(0).close()
            begun.set()
        is_over.wait(0.05)
    for client in clients:
        client.close()


def _endless_scrapes(port, is_over, counts, begun):
    while not is_over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            while not is_over.is_set():
                connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
                counts["scraped"] += connection.getresponse().read() != b""
                begun.set()
        counts["scrapes cut off"] += not is_over.is_set()
        begun.set()
