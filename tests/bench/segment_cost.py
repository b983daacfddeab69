#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""segment_cost.py TCPTWIN [SECONDS]: what --segments costs, as rows of docs/segments.md. Each kind of
traffic runs over loopback in a namespace of its own without tcptwin, with `trace`, and with
`trace --segments`, in turn, each ROUNDS times; the median counts. Then once more with the kernel's
statistics of BPF programs, for the time of one run. Needs root, bpftool, and a quiet machine."""
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from live_program import Namespace, Tcptwin  # noqa: E402

TCPTWIN = sys.argv[1]
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
ROUNDS = 3
PROGRAMS = ("segments_sent", "segments_received")
VARIANTS = {"without tcptwin": None, "trace": (), "trace --segments": ("--segments",)}


def take_all(connection):
    buffer = bytearray(1 << 20)
    while connection.recv_into(buffer):
        pass


def echo(connection):
    while True:
        asked = connection.recv(64)
        if not asked:
            return
        connection.sendall(asked)


def serve(listener, talk):
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            talk(connection)


def bulk(address):
    """Bytes a second of one connection."""
    piece, sent = bytes(1 << 20), 0
    with socket.create_connection(address) as client:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            client.sendall(piece)
            sent += len(piece)
    return sent / SECONDS / 1e9


def round_trips(address):
    """Questions and answers of 64 bytes a second, one after the other."""
    question, count = bytes(64), 0
    with socket.create_connection(address) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            client.sendall(question)
            client.recv(64)
            count += 1
    return count / SECONDS


def connections(address):
    """Connections a second that ask once."""
    count, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        with socket.create_connection(address) as client:
            client.sendall(bytes(64))
            client.recv(64)
        count += 1
    return count / SECONDS


TRAFFIC = {"bulk, GB/s": (take_all, bulk, "{:.2f}"),
           "round trips/s": (echo, round_trips, "{:.0f}"),
           "connections/s": (echo, connections, "{:.0f}")}


def statistics_of_programs():
    """name: (runs, nanoseconds), of the programs that are loaded now."""
    listed = json.loads(subprocess.run(["bpftool", "prog", "list", "--json"], check=True,
                                       capture_output=True).stdout)
    return {program["name"]: (program.get("run_cnt", 0), program.get("run_time_ns", 0))
            for program in listed if program.get("name") in PROGRAMS}


def watched(options, measure):
    if options is None:
        return measure()
    with Tcptwin(TCPTWIN, "trace", *options) as tcptwin:
        tcptwin.wait_until_watching()
        result = measure()
        tcptwin.interrupt()
    return result


def rates(measure):
    found = {name: [] for name in VARIANTS}
    for _ in range(ROUNDS):
        for name, options in VARIANTS.items():
            found[name].append(watched(options, measure))
    return {name: statistics.median(values) for name, values in found.items()}


def cost_of_a_run(measure):
    """name: (runs a second, nanoseconds each), with the kernel's statistics switched on."""
    switch = "/proc/sys/kernel/bpf_stats_enabled"
    with open(switch, encoding="ascii") as file:
        before = file.read()

    def set_to(value):
        with open(switch, "w", encoding="ascii") as file:
            file.write(value)

    def counted():
        set_to("1")
        try:
            measure()
            return statistics_of_programs()
        finally:
            set_to(before)
    return {name: (runs / SECONDS, time_ns / max(runs, 1))
            for name, (runs, time_ns) in watched(("--segments",), counted).items()}


def main():
    print(f"Linux {os.uname().release}, {os.cpu_count()} processors\n")
    print("| traffic | " + " | ".join(VARIANTS) + " | " +
          " | ".join(f"`{name}`" for name in PROGRAMS) + " |")
    print("| --- " * (len(VARIANTS) + len(PROGRAMS) + 1) + "|")
    with Namespace("cost") as namespace:
        for title, (talk, measure, form) in TRAFFIC.items():
            listener = namespace.make(lambda: socket.create_server(("127.0.0.1", 0), backlog=512))
            server = multiprocessing.Process(target=serve, args=(listener, talk), daemon=True)
            server.start()
            address = listener.getsockname()

            def inside(address=address, measure=measure):
                return namespace.make(lambda: measure(address))
            cells = [form.format(rate) for rate in rates(inside).values()]
            costs = cost_of_a_run(inside)
            cells += [f"{costs[name][0]:.0f} a second, {costs[name][1]:.0f} ns each"
                      for name in PROGRAMS]
            print(f"| {title} | " + " | ".join(cells) + " |", flush=True)
            server.terminate()
            server.join()
            listener.close()


if __name__ == "__main__":
    main()
