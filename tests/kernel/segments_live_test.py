#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""segments_live_test.py SUPPORT TCPTWIN: `tcptwin trace --segments` as a user runs it. Each segment
of a conversation once at each of its ends, whatever devices lie between: loopback, a veth pair, a
bridge that is the end's own, a bridge or a router between; IPv4, IPv6, and IPv4 on an IPv6
socket. And a recording of it all, replayed."""
import contextlib
import datetime
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from live_program import (Namespace, Tcptwin, cannot_trace, check, play, skip)  # noqa: E402

TCPTWIN = sys.argv[2]
PORT = 7801

CLIENT = ["> syn 0 syn_sent", "< syn ack 0/1 syn_sent", "> ack 1/1 established",
          "> fin ack 101/51 fin_wait1", "< ack 51/102 fin_wait1",
          "< fin ack 51/102 fin_wait2", "> ack 102/52 fin_wait2"]
SERVER = ["< syn 0 listen", "> syn ack 0/1 new_syn_recv", "< ack 1/1 new_syn_recv",
          "< fin ack 101/51 established", "> ack 51/102 close_wait",
          "> fin ack 51/102 last_ack", "< ack 102/52 last_ack"]


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def line_of(segment):
    """'> syn ack 0/1 new_syn_recv'"""
    numbers = str(segment["relative_seq"])
    if segment["relative_ack"] is not None:
        numbers += f"/{segment['relative_ack']}"
    arrow = ">" if segment["direction"] == "sent" else "<"
    flags = " ".join(flag for flag in segment["flags"] if flag != "psh")
    return f"{arrow} {flags} {numbers} {segment['state']}"


class Watch:
    """The lines of a running tcptwin, from a mark on."""

    def __init__(self, tcptwin):
        self.tcptwin = tcptwin
        self.mark = len(tcptwin.lines)

    def lines(self):
        return self.tcptwin.lines[self.mark:]

    def await_state(self, role, state):
        """Until an end has come to this state: then the peer may go on, and nothing is a race."""
        known = self.mark

        def is_it(line):
            return (line in self.tcptwin.lines[known:] and line["type"] == "transition"
                    and line["role"] == role and line["to"] == state)
        self.tcptwin.wait_for(is_it, f"the {role} end in {state}")

    def segments(self, namespace, port, is_client):
        side = "remote" if is_client else "local"
        return [line_of(line) for line in self.lines()
                if line["type"] == "segment" and line["netns"] == namespace.inode()
                and line[side]["port"] == port]


def conversation(watch, server_side, client_side, address, family=socket.AF_INET, port=PORT,
                 client_family=None):
    """100 bytes one way, 50 the other, and both ends close one after the other."""
    listener = server_side.make(lambda: socket.socket(family))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    listener.listen()
    client = client_side.make(lambda: socket.socket(client_family or family))
    client.connect((address, port))
    server, _ = listener.accept()
    client.sendall(b"x" * 100)
    check(len(server.recv(100, socket.MSG_WAITALL)) == 100, "the server got less")
    server.sendall(b"y" * 50)
    check(len(client.recv(50, socket.MSG_WAITALL)) == 50, "the client got less")
    client.shutdown(socket.SHUT_WR)
    check(server.recv(1) == b"", "the server got more")
    watch.await_state("active", "fin_wait2")
    server.close()
    check(client.recv(1) == b"", "the client got more")
    client.close()
    watch.await_state("active", "time_wait")
    watch.await_state("passive", "close")
    listener.close()


def expect(watch, namespace, port, is_client, expected, what):
    def is_complete(_):
        return len(watch.segments(namespace, port, is_client)) >= len(expected)
    if not is_complete(None):
        watch.tcptwin.wait_for(is_complete, f"the segments of {what}")
    seen = watch.segments(namespace, port, is_client)
    check(seen == expected, f"{what}: expected\n  " + "\n  ".join(expected) + "\nseen\n  " +
          "\n  ".join(seen))


def converse(tcptwin, what, server_side, client_side, address, **options):
    watch = Watch(tcptwin)
    conversation(watch, server_side, client_side, address, **options)
    port = options.get("port", PORT)
    expect(watch, client_side, port, True, CLIENT, f"{what}, client")
    expect(watch, server_side, port, False, SERVER, f"{what}, server")


def veth(one, other, network, one_name="wire", other_name="wire"):
    """A cable between two namespaces; its ends are .1 and .2."""
    ip("link", "add", one_name, "netns", one.name, "type", "veth", "peer", "name", other_name,
       "netns", other.name)
    for end, name, host in ((one, one_name, 1), (other, other_name, 2)):
        if network:
            ip("-n", end.name, "address", "add", f"{network}.{host}/24", "dev", name)
            ip("-n", end.name, "address", "add", f"fd00:{network.split('.')[2]}::{host}/64",
               "dev", name, "nodad")
        ip("-n", end.name, "link", "set", name, "up")


def loopback(tcptwin, stack):
    host = stack.enter_context(Namespace("lo"))
    converse(tcptwin, "loopback", host, host, "127.0.0.1")
    converse(tcptwin, "loopback, IPv6", host, host, "::1", family=socket.AF_INET6, port=7802)
    converse(tcptwin, "loopback, IPv4 on an IPv6 socket", host, host, "127.0.0.1",
             family=socket.AF_INET6, client_family=socket.AF_INET, port=7803)


def cable(tcptwin, stack):
    server, client = (stack.enter_context(Namespace(name)) for name in ("srv", "cli"))
    veth(server, client, "10.71.1")
    converse(tcptwin, "veth", server, client, "10.71.1.1")
    converse(tcptwin, "veth, IPv6", server, client, "fd00:1::1", family=socket.AF_INET6)
    converse(tcptwin, "veth, IPv4 on an IPv6 socket", server, client, "10.71.1.1",
             family=socket.AF_INET6, client_family=socket.AF_INET, port=7803)


def expect_nothing_of(namespace, watch):
    """It lies between, and is no end of anything."""
    foreign = [line_of(line) for line in watch.lines()
               if line["type"] == "segment" and line["netns"] == namespace.inode()]
    check(not foreign, f"segments that only pass: {foreign}")


def bridges(tcptwin, stack):
    """Each end has its address on a bridge of its own, and a third bridge lies between them."""
    server, client, switch = (stack.enter_context(Namespace(name)) for name in ("srv", "cli", "sw"))
    ip("-n", switch.name, "link", "add", "br0", "type", "bridge")
    ip("-n", switch.name, "link", "set", "br0", "up")
    for host, end in ((1, server), (2, client)):
        veth(end, switch, None, "port", f"port{host}")
        ip("-n", switch.name, "link", "set", f"port{host}", "master", "br0")
        ip("-n", end.name, "link", "add", "br0", "type", "bridge")
        ip("-n", end.name, "link", "set", "port", "master", "br0")
        ip("-n", end.name, "address", "add", f"10.71.2.{host}/24", "dev", "br0")
        ip("-n", end.name, "address", "add", f"fd00:2::{host}/64", "dev", "br0", "nodad")
        ip("-n", end.name, "link", "set", "br0", "up")
    watch = Watch(tcptwin)
    converse(tcptwin, "bridges", server, client, "10.71.2.1")
    converse(tcptwin, "bridges, IPv6", server, client, "fd00:2::1", family=socket.AF_INET6)
    expect_nothing_of(switch, watch)


def router(tcptwin, stack):
    server, client, between = (stack.enter_context(Namespace(n)) for n in ("srv", "cli", "rt"))
    veth(between, server, "10.71.3", "left", "wire")
    veth(between, client, "10.71.4", "right", "wire")
    subprocess.run(between.inside(["sysctl", "-qw", "net.ipv4.ip_forward=1"]), check=True)
    ip("-n", server.name, "route", "add", "default", "via", "10.71.3.1")
    ip("-n", client.name, "route", "add", "default", "via", "10.71.4.1")
    watch = Watch(tcptwin)
    converse(tcptwin, "router", server, client, "10.71.3.2")
    expect_nothing_of(between, watch)


def nobody_is_accused_for_a_raw_socket(tcptwin, stack):
    """In the name of an established socket, but past TCP: a SYN, and data behind a FIN. Both are shown
    as sent, and neither is a divergence."""
    server, client = (stack.enter_context(Namespace(name)) for name in ("srv", "cli"))
    veth(server, client, "10.71.5")
    listener = server.make(lambda: socket.create_server(("10.71.5.1", PORT)))
    talking = client.make(lambda: socket.create_connection(("10.71.5.1", PORT)))
    accepted, _ = listener.accept()
    watch = Watch(tcptwin)
    raw = client.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP))
    for flags, seq, payload in ((2, 0, b""), (0x11, 5000, b""), (0x10, 5001, b"late")):
        header = struct.pack("!HHIIBBHHH", talking.getsockname()[1], PORT, seq, 0, 5 << 4, flags, 0,
                             0, 0)
        raw.sendto(header + payload, ("10.71.5.1", 0))
    for shown, flags in (("control", ["syn"]), ("control", ["fin", "ack"]), ("beyond_fin", ["ack"])):
        tcptwin.wait_for(lambda line, shown=shown, flags=flags: line["type"] == "segment"
                         and line in watch.lines() and line["direction"] == "sent"
                         and line["flags"] == flags and line["shown"] == shown,
                         f"what a raw socket sent: {flags}")
    for end in (raw, talking, accepted, listener):
        end.close()


def of_one_process():
    """-p: what comes in names no socket, and is shown all the same."""
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(Namespace("one"))
        tcptwin = stack.enter_context(Tcptwin(TCPTWIN, "trace", "--segments", "-p",
                                              str(os.getpid()), "-N", str(host.inode())))
        tcptwin.wait_until_watching()
        converse(tcptwin, "one process", host, host, "127.0.0.1")
        tcptwin.interrupt()


def play_all(tcptwin):
    for scene in (loopback, cable, bridges, router, nobody_is_accused_for_a_raw_socket):
        def play_one(scene=scene):
            with contextlib.ExitStack() as stack:
                scene(tcptwin, stack)
        play(play_one, scene.__name__)


def everything_is_replayed(folder, output):
    replayed = subprocess.run([TCPTWIN, "replay", f"{folder}/all.twin", "--json"],
                              capture_output=True, text=True, timeout=60, check=True).stdout
    check(replayed == output, "the replay differs")
    check('"type":"segment"' in replayed, "the recording has no segments")
    narrowed = subprocess.run([TCPTWIN, "replay", f"{folder}/all.twin", "--csv", "--no-header"],
                              capture_output=True, text=True, timeout=60, check=True).stdout
    check(narrowed.count("\n") == output.count('"type":"transition"'), "CSV has other lines")


def blocks_of(data):
    """(type, body) of each block; both lengths of a block must agree."""
    place = 0
    while place < len(data):
        kind, length = struct.unpack_from("=II", data, place)
        check(length % 4 == 0 and length >= 12, f"a block of {length} bytes at {place}")
        check(struct.unpack_from("=I", data, place + length - 4)[0] == length,
              f"the block at {place} has two lengths")
        yield kind, data[place + 8:place + length - 4]
        place += length


def options_of(body, place):
    found = {}
    while place < len(body):
        code, length = struct.unpack_from("=HH", body, place)
        if code == 0:
            check(place + 4 == len(body), "something follows the end of the options")
            break
        found[code] = body[place + 4:place + 4 + length]
        place += 4 + (length + 3) // 4 * 4
    return found


def check_headers(packet, original, segment):
    """The IP and TCP headers are those of the JSON line, and their lengths and checksum right."""
    version = packet[0] >> 4
    size = 20 if version == 4 else 40
    sent = segment["direction"] == "sent"
    ends = [segment["local"], segment["remote"]] if sent else [segment["remote"], segment["local"]]
    if version == 4:
        words = struct.unpack("!10H", packet[:20])
        total = sum(words)
        check((total & 0xffff) + (total >> 16) == 0xffff, "the IPv4 checksum is wrong")
        check(words[1] == original, "the IPv4 length is wrong")
        addresses = [socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16)]
    else:
        check(struct.unpack_from("!H", packet, 4)[0] + 40 == original, "the IPv6 length is wrong")
        addresses = [socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24)]
    check(addresses == [end["addr"] for end in ends], f"addresses {addresses}")
    tcp = packet[size:]
    source, target, seq = struct.unpack_from("!HHI", tcp)
    check([source, target] == [end["port"] for end in ends], f"ports {source}, {target}")
    check(seq == segment["seq"], "the sequence number is another")
    check(len(tcp) == tcp[12] >> 4 << 2, "the TCP header is cut, or has data behind it")
    check(original == size + len(tcp) + segment["payload_bytes"], "the original length is wrong")


def everything_is_exported(folder, output):
    """--pcapng: a packet for each segment line, in the same order, by a reader of our own."""
    target = f"{folder}/all.pcapng"
    subprocess.run([TCPTWIN, "replay", f"{folder}/all.twin", "--pcapng", target],
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=True)
    segments = [line for line in map(json.loads, output.splitlines()) if line["type"] == "segment"]
    interfaces, packets = [], []
    with open(target, "rb") as file:
        blocks = list(blocks_of(file.read()))
    check(blocks[0][0] == 0x0a0d0d0a, "it does not begin with a section")
    for kind, body in blocks[1:]:
        if kind == 1:
            check(struct.unpack_from("=H", body)[0] == 101, "the link type is not raw IP")
            options = options_of(body, 8)
            check(options[9] == b"\x09", "the times are not nanoseconds")
            interfaces.append(options[2].decode())
        else:
            packets.append((struct.unpack_from("=IIIII", body), body))
    check(len(packets) == len(segments), f"{len(packets)} packets of {len(segments)} segments")
    for ((interface, high, low, captured, original), body), segment in zip(packets, segments):
        options = options_of(body, 20 + (captured + 3) // 4 * 4)
        comment = options[1].decode()
        stamp = datetime.datetime.fromisoformat(segment["time"][:19] + "+00:00")
        nanoseconds = int(stamp.timestamp()) * 10**9 + int(segment["time"][20:29])
        check(high << 32 | low == nanoseconds, "the time is another")
        check(interfaces[interface] == f"netns {segment['netns']}", "another namespace")
        check(options[2] == struct.pack("=I", 2 if segment["direction"] == "sent" else 1),
              "the direction is another")
        check(segment["direction"] in comment, f"comment: {comment}")
        if segment["conn"]:
            check(f"conn {segment['conn']}" in comment, f"comment: {comment}")
        check_headers(body[20:20 + captured], original, segment)
    comments = [options_of(body, 20 + (head[3] + 3) // 4 * 4)[1].decode() for head, body in packets]
    for line in ("SYN_SENT -> ESTABLISHED: synack_accepted, conformant",
                 "ESTABLISHED -> CLOSE_WAIT: fin_received, conformant",
                 "CLOSE -> SYN_SENT: active_open, conformant"):
        check(any(line in comment for comment in comments), f"no comment says {line}")
    refused = subprocess.run([TCPTWIN, "replay", target, "--pcapng", target], check=False,
                             capture_output=True, timeout=60)
    check(refused.returncode == 1, "a pcapng file is no recording")
    check(os.path.getsize(target) > 0, "what cannot be replayed must not cost the file")


def main():
    why = cannot_trace(TCPTWIN)
    if why:
        return skip(why)
    with tempfile.TemporaryDirectory() as folder:
        with Tcptwin(TCPTWIN, "trace", "--segments", "-P", "7801-7803", "--record",
                     f"{folder}/all.twin") as tcptwin:
            tcptwin.wait_until_watching()
            play_all(tcptwin)
            summary = tcptwin.interrupt()
            output = tcptwin.output()
        check(not any(summary["divergences"].values()), f"divergences: {summary['divergences']}")
        check(summary["segments_crossing"] > 0, "no bridge was ever crossed")
        check(summary["segments_passing"] > 0, "the router passed nothing on")
        everything_is_replayed(folder, output)
        everything_is_exported(folder, output)
    play(of_one_process, "one process")
    return 0


if __name__ == "__main__":
    sys.exit(main())
