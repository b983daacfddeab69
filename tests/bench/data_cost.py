#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""data_cost.py TCPTWIN [SECONDS]: what data on open connections pays while `serve` watches. Bulk (iperf3) and 64-byte
questions and answers run over loopback in a namespace of their own, by turns with and without tcptwin,
ROUNDS times each way. Other work on the machine disturbs rates, so the processor time that the machine
spent for a byte or a round trip is given as well: medians of the pairs, their least and greatest. Prints a
table, then one line of JSON. Needs root, iperf3, and no other tracer."""
import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from live_program import Namespace, check, wait_until  # noqa: E402

TCPTWIN = sys.argv[1]
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # iperf3 takes whole ones
ROUNDS = 7
SIZE = 64


def bulk(namespace):
    """Bytes that arrived, and the processor time of both ends."""
    done = namespace.run(["iperf3", "--client", "127.0.0.1", "--time", str(SECONDS), "--json"],
                         patience=SECONDS + 30)
    check(done.returncode == 0, f"iperf3: {done.stdout} {done.stderr}")
    end = json.loads(done.stdout)["end"]
    percent = end["cpu_utilization_percent"]
    spent = (percent["host_total"] + percent["remote_total"]) / 100 * end["sum_sent"]["seconds"]
    return end["sum_received"]["bytes"], end["sum_received"]["seconds"], spent


def receive_all(connection):
    received = 0
    while received < SIZE:
        part = connection.recv(SIZE - received)
        if not part:
            return False
        received += len(part)
    return True


def echo(listener):
    connection, _ = listener.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while receive_all(connection):
            connection.sendall(bytes(SIZE))


def round_trips(namespace):
    """How many, and the processor time of both ends."""
    with namespace.make(lambda: socket.create_server(("127.0.0.1", 0))) as listener:
        server = multiprocessing.Process(target=echo, args=(listener,), daemon=True)
        server.start()
        before, count, begin = sum(os.times()[:4]), 0, time.monotonic()
        with namespace.make(lambda: socket.create_connection(listener.getsockname())) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < begin + SECONDS:
                client.sendall(bytes(SIZE))
                check(receive_all(client), "the connection was kept")
                count += 1
        lasted = time.monotonic() - begin
        server.join()  # its time is among our children's from then on
        return count, lasted, sum(os.times()[:4]) - before


@contextlib.contextmanager
def service():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "http")
        with subprocess.Popen([TCPTWIN, "serve", "--listen", f"unix:{path}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: os.path.exists(path) or process.poll() is not None, "it serves")
                check(process.poll() is None, "tcptwin serve ended at once")
                yield
            finally:
                process.terminate()
                process.wait(30)


def measured(traffic, namespace, watched):
    """Units a second, and nanoseconds of processor time a unit."""
    with service() if watched else contextlib.nullcontext():
        units, lasted, spent = traffic(namespace)
    return units / lasted, spent / units * 1e9


def spread(ratios):
    return {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}


def compare(traffic, namespace):
    pairs = []
    for number in range(ROUNDS):
        order = (False, True) if number % 2 == 0 else (True, False)
        pairs.append({watched: measured(traffic, namespace, watched) for watched in order})
    return {"rate_without": statistics.median(pair[False][0] for pair in pairs),
            "cpu_ns_without": statistics.median(pair[False][1] for pair in pairs),
            "rate": spread([pair[True][0] / pair[False][0] for pair in pairs]),
            "cpu": spread([pair[True][1] / pair[False][1] for pair in pairs])}


def cell(ratio):
    return f"{ratio['median']:.3f} ({ratio['least']:.3f} to {ratio['greatest']:.3f})"


def main():
    result = {"kernel": os.uname().release, "processors": os.cpu_count(), "pairs": ROUNDS}
    print(f"Linux {result['kernel']}, {result['processors']} processors, {ROUNDS} pairs\n")
    print("| traffic | without, a second | processor time without | rate with/without "
          "| processor time with/without |\n| --- | --- | --- | --- | --- |")
    with Namespace("data") as namespace:
        namespace.start(["iperf3", "--server"], stdout=subprocess.DEVNULL)
        wait_until(lambda: ":5201" in namespace.run(["ss", "-Hltn"]).stdout, "iperf3 listens")
        for title, traffic, unit in (("bulk, iperf3", bulk, "byte"),
                                     (f"{SIZE}-byte round trips", round_trips, "round trip")):
            row = result[title] = compare(traffic, namespace)
            print(f"| {title} | {row['rate_without']:.4g} {unit}s | {row['cpu_ns_without']:.3g} ns a {unit} | "
                  f"{cell(row['rate'])} | {cell(row['cpu'])} |", flush=True)
    print(f"\n{json.dumps(result)}")


if __name__ == "__main__":
    main()
