# SPDX-License-Identifier: MIT
"""A load of short connections that end in all the ordinary ways, in a process of its own. It keeps
a record of every connection it made, so that a test can tell them from others."""
import socket
import threading
import time

from live_child import LiveChild, set_name
from socket_states import FAMILIES, RESET_ON_CLOSE, connect, listener, port_of

PAUSE_S = 0.005  # after each connection of a family: some hundreds a second in all
ENDINGS = ("client_first", "server_first", "reset")


class Churn:
    """While it lives, connections are made; `ports` are those it listens at. `end()` gives the
    ports of all its clients."""

    def __init__(self, name="churn", pause_s=PAUSE_S):
        self._child = LiveChild(name, lambda ready, await_end: _run(ready, await_end, pause_s))
        self.pid = self._child.pid
        self.ports = frozenset(self._child.said)

    def end(self):
        return frozenset(self._child.end())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._child.__exit__()


def _run(ready, await_end, pause_s):
    is_over = threading.Event()
    clients = []
    servers = {family: listener(family) for family in FAMILIES}
    threads = [threading.Thread(target=_serve, args=(server,), daemon=True)
               for server in servers.values()]
    threads += [threading.Thread(target=_connect_on_and_on,
                                 args=(server, family, is_over, clients, pause_s))
                for family, server in servers.items()]
    for thread in threads:
        thread.start()
    ready([port_of(server) for server in servers.values()])
    await_end()
    is_over.set()
    for thread in threads[len(servers):]:
        thread.join()
    return clients


def _connect_on_and_on(server, family, is_over, clients, pause_s):
    set_name("churn client")  # a thread's name is not its process's
    number = 0
    while not is_over.is_set():
        client = connect(server, family)
        clients.append(port_of(client))
        ending = number % len(ENDINGS)
        number += 1
        client.sendall(bytes([ending]))
        if ENDINGS[ending] == "server_first":
            client.recv(1)
        elif ENDINGS[ending] == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.close()
        if pause_s:
            time.sleep(pause_s)


def _serve(server):
    while True:
        accepted = server.accept()[0]
        try:
            if ENDINGS[accepted.recv(1)[0]] == "client_first":
                accepted.recv(1)
        except ConnectionResetError:
            pass
        accepted.close()
