#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds as many established connections over loopback as each line of its input asks for, both ends in
this one process; answers with their number. For memory_goals.py, in a namespace of its own."""
import resource
import socket
import sys

CONNECTIONS_A_LISTENER = 20_000  # fewer than there are ports for a peer to choose of
SPARE = 1_000                    # descriptors


def listener(number):
    """At an address of its own: so all ports are free again for those who connect to it."""
    made = socket.socket()
    made.bind((f"127.1.{number >> 8}.{number & 255}", 8000))
    made.listen(16)
    return made


def main():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with open("/proc/sys/fs/nr_open", encoding="ascii") as file:
        limit = max(limit, int(file.read()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    listeners = []
    held = 0
    for line in sys.stdin:
        wanted = int(line)
        if 2 * wanted + SPARE > limit:
            sys.exit(f"{wanted} connections need more than the {limit} descriptors of fs.nr_open")
        while held < wanted:
            if held % CONNECTIONS_A_LISTENER == 0:
                listeners.append(listener(len(listeners) + 1))
            client = socket.create_connection(listeners[-1].getsockname())
            server, _ = listeners[-1].accept()
            client.detach()  # held by the kernel; an object for each would only take memory
            server.detach()
            held += 1
        print(held, flush=True)


if __name__ == "__main__":
    main()
