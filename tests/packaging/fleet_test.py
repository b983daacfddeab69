#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fleet_test.py SUPPORT TCPTWIN [PART...]: what packaging/fleet offers. `files`: what one names is where the other
puts it. `join`: two hosts (network namespaces with a cable between them), what
`tcptwin life` prints on each, and both ends of each connection joined by the SQL that users get. Exits with 77
where something is missing."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, sys.argv[1])
from live_program import Namespace, Tcptwin, cannot_trace, check, play, skip  # noqa: E402
from socket_states import RESET_ON_CLOSE, await_end_of_stream  # noqa: E402

TCPTWIN = sys.argv[2]
ROOT = pathlib.Path(__file__).resolve().parents[2]
FLEET = ROOT / "packaging/fleet"
ADDRESSES = {"west": "10.93.0.1", "east": "10.93.0.2"}


# --- files ---------------------------------------------------------------------------------------------

def vector_leads_somewhere():
    config = yaml.safe_load((FLEET / "vector.yaml").read_text())
    known = set(config["sources"]) | set(config["transforms"])
    for part in [*config["transforms"].values(), *config["sinks"].values()]:
        check(set(part["inputs"]) <= known, part["inputs"])
    written = re.search(r"LOGS_DIRECTORY\}/(\S+?)\"", (FLEET / "tcptwin-life.service").read_text())[1]
    for name in ("vector.yaml", "config.alloy"):
        check(f"/var/log/tcptwin/{written}" in (FLEET / name).read_text(), name)


def files():
    vector_leads_somewhere()


# --- join ------------------------------------------------------------------------------------------------

def lay_cable(west, east):
    ends = {name: f"tw{name[0]}{os.getpid()}" for name in ADDRESSES}
    subprocess.run(["ip", "link", "add", ends["west"], "type", "veth", "peer", "name", ends["east"]], check=True)
    for namespace, name in ((west, "west"), (east, "east")):
        subprocess.run(["ip", "link", "set", ends[name], "netns", namespace.name, "name", "cable"], check=True)
        namespace.run(["ip", "addr", "add", f"{ADDRESSES[name]}/24", "dev", "cable"])
        namespace.run(["ip", "link", "set", "cable", "up"])


def connect(west, address):
    return west.make(lambda: socket.create_connection(address, timeout=10))


def make_connections(west, east):
    """From west to east: three that the client ends, two that the server ends, one that the client resets,
    one that is refused. At the first, 1,000 bytes go east and 50 west."""
    server = east.make(lambda: socket.create_server((ADDRESSES["east"], 0)))
    address = server.getsockname()
    for number in range(5):
        client, accepted = connect(west, address), server.accept()[0]
        if number == 0:
            client.sendall(bytes(1000))
            accepted.sendall(bytes(50))
            for end, size in ((accepted, 1000), (client, 50)):
                check(len(end.recv(size, socket.MSG_WAITALL)) == size, "all arrived")
        first, second = (client, accepted) if number < 3 else (accepted, client)
        first.shutdown(socket.SHUT_WR)
        await_end_of_stream(second)
        second.close()
        await_end_of_stream(first)
        first.close()
    client, accepted = connect(west, address), server.accept()[0]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.close()
    try:
        check(accepted.recv(1) == b"", "no data came")
    except ConnectionResetError:
        accepted.close()
    server.close()
    try:
        connect(west, address)
    except ConnectionRefusedError:
        return
    check(False, "nobody listens any more")


class Database:
    """The views of packaging/fleet over the lines of some hosts, by sqlite3 as a user runs it."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._path = str(self._folder / "fleet.db")

    def _run(self, script, *options):
        told = subprocess.run(["sqlite3", "-bail", "-json", *options, self._path], input=script,
                              capture_output=True, text=True, check=False)
        check(told.returncode == 0 and not told.stderr, told.stderr)
        return json.loads(told.stdout) if told.stdout.strip() else []

    def load(self, host, lines):
        file = self._folder / f"{host}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        parameters = {":host": host, ":file": file}
        options = [word for name, value in parameters.items()
                   for word in ("-cmd", f".parameter set {name} \"'{value}'\"")]
        self._run((FLEET / "load.sql").read_text(), *options)
        self._run((FLEET / "join.sql").read_text())

    def rows(self, query):
        return self._run(query)


def lives_of_both(west, east):
    """What `tcptwin life` printed on each; a refused connection has no end in the east."""
    with Tcptwin(TCPTWIN, "life", "--both-ends-apart", "-N", west.name) as in_west, \
            Tcptwin(TCPTWIN, "life", "--both-ends-apart", "-N", east.name) as in_east:
        for watching in (in_west, in_east):
            watching.wait_until_watching()
        make_connections(west, east)
        for watching, count in ((in_west, 7), (in_east, 6)):
            watching.wait_for(lambda line: line["type"] == "close", "each has ended", count)
            watching.interrupt()
        return in_west.lines, in_east.lines


def both_ends_are_joined():
    with Namespace("tcptwin-west") as west, Namespace("tcptwin-east") as east, \
            tempfile.TemporaryDirectory() as folder:
        lay_cable(west, east)
        lines = lives_of_both(west, east)
        database = Database(folder)
        for host, printed in zip(("west", "east"), lines):
            database.load(host, printed)
        rows = database.rows("SELECT * FROM both_ends ORDER BY client_id")
        single = database.rows("SELECT * FROM single_ends")
    check(len(rows) == 6, f"each connection once: {rows}")
    check(all(row["client_host"] == "west" and row["server_host"] == "east" for row in rows), rows)
    ways = [(row["client_how"], row["server_how"]) for row in rows]
    check(ways == [("fin", "fin")] * 5 + [("rst_sent", "rst_received")], ways)
    said = [(row["client_says"], row["server_says"]) for row in rows]
    check(said[:5] == [("local", "remote")] * 3 + [("remote", "local")] * 2, said)
    check((rows[0]["sent"], rows[0]["received"]) == (1000, 1000), rows[0])
    check([row["how"] for row in single] == ["refused"], single)
    return lines


def resets_of_nobody_are_found(lines):
    """The same lines, but for one connection: its client says that a RST came."""
    west, east = lines
    victim = next(line for line in west if line["type"] == "close" and line["how"] == "fin")
    changed = [{**line, "how": "rst_received", "why": "rst_received"} if line is victim else line for line in west]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(folder)
        database.load("west", west)
        database.load("east", east)
        rows = database.rows("SELECT * FROM resets_of_nobody")
        check(not rows, f"each RST was sent: {rows}")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(folder)
        database.load("west", changed)
        database.load("east", east)
        rows = database.rows("SELECT * FROM resets_of_nobody")
        check([row["client_how"] for row in rows] == ["rst_received"], rows)


def join():
    why = cannot_trace(TCPTWIN) or ("" if shutil.which("sqlite3") else "sqlite3 (package sqlite3) is missing")
    if why:
        return why

    def scene():
        lines = both_ends_are_joined()
        resets_of_nobody_are_found(lines)
    play(scene, "both ends are joined")
    return None


def main():
    parts = {"files": files, "join": join}
    missing = [why for name in sys.argv[3:] or parts if (why := parts[name]())]
    return skip("; ".join(missing)) if missing else 0


if __name__ == "__main__":
    sys.exit(main())
