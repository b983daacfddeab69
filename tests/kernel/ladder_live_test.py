#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ladder_live_test.py SUPPORT TCPTWIN: `tcptwin ladder` as a user runs it: both ends on one host, a
SYN, data and a FIN that the device drops, a refused connection; and a recording of it, drawn."""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

sys.path.insert(0, sys.argv[1])
from live_program import (Namespace, Tcptwin, cannot_trace, check, play, recording,  # noqa: E402
                          skip, wait_until)

TCPTWIN = sys.argv[2]
PORT = 7811
CHUNKS, CHUNK = 37, 1400


def device(namespace, loses):
    """Whether loopback drops everything: behind the place where a segment counts as sent."""
    words = ["add", "dev", "lo", "root", "blackhole"] if loses else ["del", "dev", "lo", "root"]
    subprocess.run(["tc", "-n", namespace.name, "qdisc", *words], check=True)


def await_drop(namespace):
    def has_dropped():
        told = subprocess.run(["tc", "-s", "-n", namespace.name, "qdisc", "show", "dev", "lo"],
                              capture_output=True, text=True, check=True).stdout
        return "dropped" in told and "dropped 0" not in told
    wait_until(has_dropped, "the device drops a segment")


def lossy_connection(namespace):
    """Its first SYN, its second segment of data and its first FIN get lost. The answer flows."""
    listener = namespace.make(lambda: socket.create_server(("127.0.0.1", PORT)))
    client = namespace.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    with listener, client:
        device(namespace, loses=True)
        connecting = threading.Thread(target=client.connect, args=(("127.0.0.1", PORT),))
        connecting.start()
        await_drop(namespace)
        device(namespace, loses=False)
        connecting.join()
        served = listener.accept()[0]
        with served:
            client.sendall(b"x" * 700)
            check(served.recv(1000) == b"x" * 700, "the data arrives")
            device(namespace, loses=True)
            client.sendall(b"y" * 300)
            await_drop(namespace)
            device(namespace, loses=False)
            check(served.recv(1000) == b"y" * 300, "it is sent again")
            served.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(CHUNKS):
                served.sendall(b"z" * CHUNK)
            received = 0
            while received < CHUNKS * CHUNK:
                received += len(client.recv(65536))
            device(namespace, loses=True)
            client.shutdown(socket.SHUT_WR)
            await_drop(namespace)
            device(namespace, loses=False)
            check(served.recv(10) == b"", "the FIN arrives")
        client.recv(10)


def refused_connection(namespace):
    client = namespace.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    with client:
        try:
            client.connect(("127.0.0.1", PORT + 1))
        except ConnectionRefusedError:
            return
    raise AssertionError("nobody listened, and it connected")


def segments(ladder):
    return [event for event in ladder["events"] if event["event"] == "segment"]


def check_lossy(ladder):
    check(ladder["left"]["was_seen"] and ladder["right"]["was_seen"], "both ends")
    check(ladder["right"]["port"] == PORT, "who listened is right")
    for flags in (["syn"], ["fin", "ack"]):
        sent = [event for event in segments(ladder)
                if event["flags"] == flags and event["end"] == "left"
                and event["direction"] == "sent"]
        fates = [(event["fate"], event["repeated"]) for event in sent]
        check(fates[0] == ("lost", False), f"the first {flags}: {fates}")
        check(fates[-1] == ("arrived", True), f"the last {flags}: {fates}")
    check_data(ladder)
    twins = [event["counterpart"] for event in segments(ladder) if event["fate"] == "arrived"]
    check(all(ladder["events"][twin]["fate"] == "arrival" for twin in twins), "two halves of one")


def data_of(ladder, end):
    return [event for event in segments(ladder) if event["end"] == end
            and event["direction"] == "sent" and event["shown"] == "data"]


def check_data(ladder):
    asked = data_of(ladder, "left")
    first, *others = [(event["relative_seq"], event["payload_bytes"], event["fate"],
                       event["repeated"]) for event in asked]
    check(first == (1, 700, "arrived", False), f"{first}")
    check(others[0] == (701, 300, "lost", False), f"{others}")
    check(others[-1] == (701, 300, "arrived", True), f"{others}")
    answered = data_of(ladder, "right")
    check(all(event["fate"] == "arrived" and not event["repeated"] for event in answered),
          f"{answered}")
    total = sum(event["payload_bytes"] for event in answered)
    check(total == CHUNKS * CHUNK, f"{total} bytes of data")
    check(answered[-1]["relative_seq"] + answered[-1]["payload_bytes"] == total + 1, f"{answered}")
    unseen = [event for event in segments(ladder)
              if event["unseen_bytes_before"] + event["unseen_bytes_acknowledged"] > 0]
    check(not unseen, f"every segment is there: {unseen}")


def check_refused(ladder):
    check(ladder["right"]["was_seen"] and ladder["right"]["conn"] is None, "a closed port")
    flags = [event["flags"] for event in segments(ladder) if event["direction"] == "sent"]
    check(flags == [["syn"], ["rst", "ack"]], f"{flags}")


def live():
    with Namespace("twinladder") as namespace:
        with Tcptwin(TCPTWIN, "ladder", "-N", namespace.name) as tcptwin:
            tcptwin.wait_until_watching()
            lossy_connection(namespace)
            refused_connection(namespace)

            def is_ladder_of(port):
                return lambda line: line["type"] == "ladder" and line["right"]["port"] == port
            check_lossy(tcptwin.wait_for(is_ladder_of(PORT), "the lossy one")[0])
            check_refused(tcptwin.wait_for(is_ladder_of(PORT + 1), "the refused one")[0])
            tcptwin.interrupt()


def drawn(*arguments):
    return subprocess.run([TCPTWIN, "ladder", *arguments], capture_output=True, text=True,
                          timeout=60, check=False)


def replayed():
    with tempfile.TemporaryDirectory() as folder, Namespace("twinladder") as namespace:
        path = os.path.join(folder, "lossy.twin")
        with recording(TCPTWIN, namespace, path, "--all-segments"):
            lossy_connection(namespace)
            refused_connection(namespace)
        for width in ("80", "120"):
            text = drawn("--from", path, "--ascii", "--width", width).stdout
            check("(lost)" in text and "(sent again)" in text, text)
            check("data seq 701 ack 1" in text, text)
            check("data segments," in text and "bytes of data" not in text, text)
            check("seq 0 ack 1" in text, text)
            check(max(map(len, text.splitlines())) <= int(width), text)
            check(text.isascii(), "ASCII alone")
        picture = drawn("--from", path, "--svg", "-").stdout
        check(xml.etree.ElementTree.fromstring(picture).tag.endswith("svg"), picture)
        listed = drawn("--from", path, "--json", "-P", str(PORT + 1)).stdout
        check('"type":"ladder"' in listed, listed)
        nobody = drawn("127.0.0.1:1-127.0.0.1:2", "--from", path)
        check(nobody.returncode == 1 and "is not in the recording" in nobody.stderr, nobody.stderr)
        few = os.path.join(folder, "few.twin")
        with recording(TCPTWIN, namespace, few, "--segments"):
            lossy_connection(namespace)
        text = drawn("--from", few, "--ascii").stdout
        check("1,000 bytes of data" in text and "data seq" not in text, text)
        plain = os.path.join(folder, "plain.twin")
        with recording(TCPTWIN, namespace, plain):
            refused_connection(namespace)
        text = drawn("--from", plain, "--ascii").stdout
        check("No segments were recorded" in text and "--" not in text, text)


def main():
    reason = cannot_trace(TCPTWIN)
    if reason:
        return skip(reason)
    play(live, "live")
    play(replayed, "replayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
