#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With a number as its argument: holds as many established connections over loopback as each line of its input
asks for, both ends in this one process, at addresses that the number makes its own; answers with how many they are.
For memory_goals.py, in a namespace."""
import resource
import socket
import sys

CONNECTIONS_A_LISTENER = 20_000  # fewer than there are ports for a peer to choose of


def listener(process, number):
    """At an address of its own: so all ports are free again for those who connect to it."""
    made = socket.socket()
    made.bind((f"127.{process}.{number >> 8}.{number & 255}", 8000))
    made.listen(16)
    return made


def main():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    process = int(sys.argv[1])
    listeners = []
    held = 0
    for line in sys.stdin:
        wanted = int(line)
        while held < wanted:
            if held % CONNECTIONS_A_LISTENER == 0:
                listeners.append(listener(process, len(listeners) + 1))
            client = socket.create_connection(listeners[-1].getsockname())
            server, _ = listeners[-1].accept()
            client.detach()  # held by the kernel; an object for each would only take memory
            server.detach()
            held += 1
        print(held, flush=True)


if __name__ == "__main__":
    main()
